/* What coroutines are to have that are made from now on. */
#include "coroutine.h"

uint32_t segue__wanted;

uint32_t segue__want(uint32_t mask, uint32_t bits)
{
	uint32_t before = __atomic_load_n(&segue__wanted, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(&segue__wanted, &before, (before & ~mask) | bits, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return before & mask;
}
