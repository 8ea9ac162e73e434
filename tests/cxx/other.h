/* What other.cpp has, compiled otherwise: segue_send() and segue_yield() inlined, or in a library of its own. */
#include <segue.hpp>

#pragma GCC visibility push(default)
segue::generator<int> numbers_of_other(int end);
int yield_in_other(int value);
void throw_in_other();
int send_in_other(const segue::coroutine<int, int> &co, int value);
#pragma GCC visibility pop
