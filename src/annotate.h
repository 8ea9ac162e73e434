/* Every hook for Valgrind and the sanitizers, so that no other file has an #ifdef for one. */
#ifndef SEGUE_SRC_ANNOTATE_H
#define SEGUE_SRC_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if HAVE_CONFIG_H
#include "config.h"
#endif

#if HAVE_VALGRIND_MEMCHECK_H

#include <valgrind/memcheck.h>

static inline bool segue__on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}

/* Tells that [low, low + size) is a stack, so that a switch is not taken for a huge frame. Returns its number. */
static inline uint32_t segue__annotate_stack(void *low, size_t size)
{
	(void)low, (void)size; /* on an architecture that Valgrind does not know its macros are empty */
	return (uint32_t)VALGRIND_STACK_REGISTER(low, (char *)low + size);
}

static inline void segue__annotate_no_stack(uint32_t number)
{
	(void)number;
	VALGRIND_STACK_DEREGISTER(number);
}

/* A stack's memory while it is pooled: nobody's; while it is used, or put to use below where the stack ends: there, with nothing in
   it yet. */
static inline void segue__annotate_pooled(void *low, size_t size)
{
	(void)low, (void)size;
	VALGRIND_MAKE_MEM_NOACCESS(low, size);
}

static inline void segue__annotate_taken(void *low, size_t size)
{
	(void)low, (void)size;
	VALGRIND_MAKE_MEM_UNDEFINED(low, size);
}

/* What was copied from wherever: it counts as written. */
static inline void segue__annotate_known(void *low, size_t size)
{
	(void)low, (void)size;
	VALGRIND_MAKE_MEM_DEFINED(low, size);
}

/* Whether errors are to be heard of on this thread. */
static inline void segue__annotate_errors(bool on)
{
	if (on)
		VALGRIND_ENABLE_ERROR_REPORTING;
	else
		VALGRIND_DISABLE_ERROR_REPORTING;
}

#else

static inline bool segue__on_valgrind(void)
{
	return false;
}

static inline uint32_t segue__annotate_stack(void *low, size_t size)
{
	(void)low, (void)size;
	return 0;
}

static inline void segue__annotate_no_stack(uint32_t number)
{
	(void)number;
}

static inline void segue__annotate_pooled(void *low, size_t size)
{
	(void)low, (void)size;
}

static inline void segue__annotate_taken(void *low, size_t size)
{
	(void)low, (void)size;
}

static inline void segue__annotate_known(void *low, size_t size)
{
	(void)low, (void)size;
}

static inline void segue__annotate_errors(bool on)
{
	(void)on;
}

#endif
#endif
