/* The work, once for all peers. Included at the end of a peer's file, which defines before:
 *
 *     coroutine                       a type
 *     ENTRY(name, body)               a macro: the function that the peer starts, called `name`; it ends with what
 *                                     body(self, first value) returns. A macro, since each library wants another type
 *     create(entry)                   a new coroutine, not started; NULL where there is no memory
 *     resume(co, value), yield(self, value)   each returns the other's value; resume() what the body returned, in the end
 *     destroy(co)                     of one that has ended
 *     drop(co)                        of one that is suspended
 *
 * The first resume brings NULL, since there is no yield yet that could return a value. Who is resumed counts one up. So a
 * value that is lost on either way makes a wrong count.
 */
#ifndef SEGUE_PERF_BODIES_H
#define SEGUE_PERF_BODIES_H

#include <err.h>
#include <stdlib.h>

#include "peers.h"

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

/* ---- Inside the coroutine --------------------------------------------------------------------------------------- */

static inline void *count_body(coroutine *self, void *value)
{
	for (;;)
		value = yield(self, one_up(value));
	return value; /* for the compiler's sake */
}

static NOINLINE void *yield_in_helper(coroutine *self, void *value)
{
	return keep(yield(self, one_up(value)));
}

static inline void *count_in_helper_body(coroutine *self, void *value)
{
	for (;;)
		value = yield_in_helper(self, value);
	return value;
}

static inline void *once_body(coroutine *self, void *value)
{
	return one_up(yield(self, one_up(value)));
}

ENTRY(count, count_body)
ENTRY(count_in_helper, count_in_helper_body)
ENTRY(once, once_body)

/* ---- Outside ---------------------------------------------------------------------------------------------------- */

static coroutine *started(coroutine *co)
{
	if (!co)
		err(EXIT_FAILURE, "can't make a coroutine");
	if (resume(co, NULL) != one_up(NULL))
		errx(EXIT_FAILURE, "a coroutine yields a wrong first value");
	return co;
}

static void *start_count(void)
{
	return started(create(count));
}

static void *start_count_in_helper(void)
{
	return started(create(count_in_helper));
}

static void drop_counter(void *co)
{
	drop(co);
}

static NOINLINE uintptr_t run_trips(void *on, uintptr_t rounds)
{
	coroutine *co = on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds; i++)
		value = resume(co, value);
	return (uintptr_t)value;
}

static NOINLINE void *resume_in_helper(coroutine *co, void *value)
{
	return keep(resume(co, value));
}

static NOINLINE uintptr_t run_trips_in_helper(void *on, uintptr_t rounds)
{
	coroutine *co = on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds; i++)
		value = resume_in_helper(co, value);
	return (uintptr_t)value;
}

static NOINLINE uintptr_t run_lives(void *on, uintptr_t rounds)
{
	uintptr_t total = 0;

	(void)on;
	for (uintptr_t i = 0; i < rounds; i++) {
		coroutine *co = create(once);
		if (!co)
			err(EXIT_FAILURE, "can't make a coroutine");
		total += (uintptr_t)resume(co, resume(co, NULL));
		destroy(co);
	}
	return total;
}

/* ---- The table -------------------------------------------------------------------------------------------------- */

static const struct benchmark benchmarks[] = {
	{ NULL, "", "a value in, the next one out; one call site on each side", start_count, run_trips, drop_counter, 1 },
	{ NULL, "-BF", "the same, resumed in a helper that returns", start_count, run_trips_in_helper, drop_counter, 1 },
	{ NULL, "-BG", "the same, yielding in a helper that returns", start_count_in_helper, run_trips, drop_counter, 1 },
	{ NULL, "-BH", "the same, both in helpers", start_count_in_helper, run_trips_in_helper, drop_counter, 1 },
	{ "create+run+destroy", "", "made, run to its only yield, resumed to its end, destroyed; on pooled stacks", NULL,
	  run_lives, NULL, 2 },
	{ NULL, NULL, NULL, NULL, NULL, NULL, 0 },
};

#endif
