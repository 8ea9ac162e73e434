/* The target's register probe, for the tests. */
#include "arch.h"
#include SEGUE_ARCH_PROBE
