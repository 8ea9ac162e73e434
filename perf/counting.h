/* What bodies and drivers share: values that count. */
#ifndef SEGUE_PERF_COUNTING_H
#define SEGUE_PERF_COUNTING_H

#include <stdint.h>

#define NOINLINE __attribute__((noinline))

static inline void *one_up(void *value)
{
	return (void *)((uintptr_t)value + 1);
}

/* What a helper has to do after its call, so that the call is none in tail position and the helper returns. */
static inline void *keep(void *value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

#endif
