// C++20 coroutines whose frames are pooled.
#define POOLED
#include "peer_cpp20.cpp"
