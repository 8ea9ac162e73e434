/* A body that overflows its stack. */
#ifndef SEGUE_TESTS_DESCEND_H
#define SEGUE_TESTS_DESCEND_H

#include <stdint.h>
#include "segue.h"

static __attribute__((noinline)) int descend(volatile int *deeper)
{
	volatile int here[64];

	here[0] = *deeper;
	return here[0] ? descend(here) + here[0] : 0;
}

static segue_result overflow(void *unused)
{
	volatile int deeper = 1;

	(void)unused;
	return segue_value((void *)(intptr_t)descend(&deeper));
}

#endif
