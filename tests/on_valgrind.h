/* What tests ask of Valgrind. */
#ifndef SEGUE_TESTS_ON_VALGRIND_H
#define SEGUE_TESTS_ON_VALGRIND_H

#include <stdint.h>

#if HAVE_CONFIG_H
#include "config.h"
#endif
#if HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#else
#undef HAVE_VALGRIND_MEMCHECK_H
#define HAVE_VALGRIND_MEMCHECK_H 0
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_MAKE_MEM_UNDEFINED(p, n) segue_off_valgrind(p, n)
#define VALGRIND_MAKE_MEM_DEFINED(p, n) segue_off_valgrind(p, n)
#define VALGRIND_CHECK_MEM_IS_ADDRESSABLE(p, n) segue_off_valgrind(p, n)
#define VALGRIND_DISABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_COUNT_ERRORS 0u
#define VALGRIND_STACK_REGISTER(low, high) segue_off_valgrind(low, (uintptr_t)(high))

static inline unsigned segue_off_valgrind(const volatile void *p, uintptr_t n)
{
	(void)p, (void)n;
	return 0;
}
#endif

#endif
