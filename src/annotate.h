/* Every hook for Valgrind and the sanitizers, so that no other file has an #ifdef for one. */
#ifndef SEGUE_SRC_ANNOTATE_H
#define SEGUE_SRC_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if HAVE_CONFIG_H
#include "config.h"
#endif

#include "coroutine.h"

/* ---- Sanitizers, if the program has one: annotate.c. A coroutine is watched then, and its gate says GATE_WATCHED -------------- */

static inline bool segue__is_watching(void)
{
	return __atomic_load_n(&segue__wanted, __ATOMIC_RELAXED) & WANT_WATCH;
}

/* A new one, while there is nothing on its stack but the first frame; and one that goes, before its stack is given back. */
HIDDEN void segue__watch(segue_coroutine *co);
HIDDEN void segue__unwatch(segue_coroutine *co);

/* The switch, of those that are watched: from `leaves` to `reaches`, coroutines or NULL, the thread's own stack; for good if the one that
   leaves has ended. What starts on `reaches` says so first, where it is no body. */
HIDDEN segue_pair segue__switch_watched(segue_context *from, segue_context *to, segue_result r, segue_coroutine *leaves,
					segue_coroutine *reaches);
HIDDEN void segue__arrive_watched(void);
/* The same, for good. */
HIDDEN _Noreturn void segue__leave_for_good(segue_context *from, segue_context *to, segue_result r, segue_coroutine *reaches);

/* ThreadSanitizer's fiber of a stack goes: with the stack, at the latest. */
HIDDEN void segue__drop_fiber(segue_coroutine *co);

/* Memory that is put to use, whatever was there before; that the library wrote, for users or for the system to read. */
HIDDEN void segue__make_usable(void *low, size_t size);
HIDDEN void segue__make_defined(const void *low, size_t size);
static inline void segue__annotate_usable(void *low, size_t size)
{
	if (unlikely(segue__is_watching()))
		segue__make_usable(low, size);
}

static inline void segue__annotate_defined(const void *low, size_t size)
{
	if (unlikely(segue__is_watching()))
		segue__make_defined(low, size);
}

/* What is searched for pointers to what is no leak. No thread is there while another forks: a child would wait for it for ever. */
HIDDEN void segue__annotate_root(void *low, size_t size);
HIDDEN void segue__annotate_no_root(void *low, size_t size);
HIDDEN void segue__lock_roots(void);
HIDDEN void segue__unlock_roots(void);

/* The next call is of a user's function, with so many words as parameters. */
HIDDEN void segue__annotate_parameters(size_t n);
static inline void segue__annotate_call(size_t parameters)
{
	if (unlikely(segue__is_watching()))
		segue__annotate_parameters(parameters);
}

/* That function returned nothing: what it left where results are is none. */
HIDDEN void segue__annotate_no_result(void);
static inline void segue__annotate_returned(void)
{
	if (unlikely(segue__is_watching()))
		segue__annotate_no_result();
}

/* What comes before a release is before what follows the acquire: an order that atomics make, which none can see. */
HIDDEN void segue__annotate_acquire(void *at);
HIDDEN void segue__annotate_release(void *at);

/* ---- Valgrind ---------------------------------------------------------------------------------------------------- */

#if HAVE_VALGRIND_MEMCHECK_H
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(number) ((void)0)
#define VALGRIND_MAKE_MEM_NOACCESS(low, size) ((void)0)
#define VALGRIND_MAKE_MEM_UNDEFINED(low, size) ((void)0)
#define VALGRIND_MAKE_MEM_DEFINED(low, size) ((void)0)
#define VALGRIND_ENABLE_ERROR_REPORTING ((void)0)
#define VALGRIND_DISABLE_ERROR_REPORTING ((void)0)
#endif

static inline bool segue__on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}

/* Tells that [low, low + size) is a stack, so that a switch is not taken for a huge frame. Returns its number. */
static inline uint32_t segue__annotate_stack(void *low, size_t size)
{
	segue__annotate_root(low, size);
	return (uint32_t)VALGRIND_STACK_REGISTER(low, (char *)low + size);
}

static inline void segue__annotate_no_stack(void *low, size_t size, uint32_t number)
{
	(void)number; /* on an architecture that Valgrind does not know its macros are empty */
	segue__annotate_no_root(low, size);
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
	segue__annotate_usable(low, size);
	VALGRIND_MAKE_MEM_UNDEFINED(low, size);
}

/* What was copied from wherever: it counts as written. */
static inline void segue__annotate_known(void *low, size_t size)
{
	segue__annotate_defined(low, size);
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

#endif
