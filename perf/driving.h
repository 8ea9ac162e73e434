/* What runs outside, once for all peers, C and C++. Included at the end of a peer's file, which has defined:
 *
 *     coroutine, coroutine_entry   types; the entries `count`, `count_4` and `once`, and with HAS_STACK those of bodies.h
 *     create(entry)        a new coroutine, not started; NULL where there is no memory
 *     resume(co, value)    returns what it yields, and in the end what its body returned
 *     destroy(co)          of one that has ended
 *     drop(co)             of one that is suspended
 *     HAS_LIVES            where it can be made and can end
 *     HAS_FIRST            where it has an entry `first`, which is to be dropped at its first yield; else that is `once`
 *     HAS_FRESH            where there are create_on(), release() and abandon(), as on_stacks.h says
 *     HAS_CHAINS           where there is create_chain(depth): one that will await another, and so on, the innermost counting
 *     HAS_MANY             where there may be many; the peer's populate() is then to be made of fill()
 *     HAS_PREFETCH         where there is prefetch(co)
 */
#ifndef SEGUE_PERF_DRIVING_H
#define SEGUE_PERF_DRIVING_H

#include <err.h>
#include <stdlib.h>

#include "counting.h"
#include "peers.h"

static inline coroutine *checked(coroutine *co)
{
	if (!co)
		err(EXIT_FAILURE, "can't make a coroutine");
	return co;
}

static coroutine *started(coroutine *co)
{
	if (resume(checked(co), NULL) != one_up(NULL))
		errx(EXIT_FAILURE, "a coroutine yields a wrong first value");
	return co;
}

static void drop_counter(void *co)
{
	drop((coroutine *)co);
}

/* ---- Round trips ------------------------------------------------------------------------------------------------ */

static void *start_count(size_t unused)
{
	(void)unused;
	return started(create(count));
}

static NOINLINE uintptr_t run_trips(void *on, uintptr_t rounds)
{
	coroutine *co = (coroutine *)on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds; i++)
		value = resume(co, value);
	return (uintptr_t)value;
}

static void *start_count_4(size_t unused)
{
	(void)unused;
	return started(create(count_4));
}

static NOINLINE uintptr_t run_trips_4(void *on, uintptr_t rounds)
{
	coroutine *co = (coroutine *)on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds / 4; i++) {
		value = resume(co, value);
		value = resume(co, value);
		value = resume(co, value);
		value = resume(co, value);
	}
	for (uintptr_t i = 0; i < rounds % 4; i++)
		value = resume(co, value);
	return (uintptr_t)value;
}

static NOINLINE void *resume_in_helper(coroutine *co, void *value)
{
	return keep(resume(co, value));
}

static NOINLINE uintptr_t run_trips_in_helper(void *on, uintptr_t rounds)
{
	coroutine *co = (coroutine *)on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds; i++)
		value = resume_in_helper(co, value);
	return (uintptr_t)value;
}

#ifdef HAS_STACK
static void *start_count_in_helper(size_t unused)
{
	(void)unused;
	return started(create(count_in_helper));
}

static void *start_count_deep(size_t unused)
{
	(void)unused;
	return started(create(count_deep));
}

static NOINLINE void *resume_deep(coroutine *co, void *value, int frames)
{
	return keep(frames > 1 ? resume_deep(co, value, frames - 1) : resume(co, value));
}

static NOINLINE uintptr_t run_trips_deep(void *on, uintptr_t rounds)
{
	coroutine *co = (coroutine *)on;
	void *value = NULL;

	for (uintptr_t i = 0; i < rounds; i++)
		value = resume_deep(co, value, 3);
	return (uintptr_t)value;
}
#endif

/* ---- Chains: the same round trips ------------------------------------------------------------------------------- */

#ifdef HAS_CHAINS
static void *start_chain(size_t depth)
{
	return started(create_chain(depth));
}
#endif

/* ---- Whole lives ------------------------------------------------------------------------------------------------ */

#ifdef HAS_LIVES
#ifndef HAS_FIRST
#define first once
#endif

static NOINLINE uintptr_t run_lives(void *on, uintptr_t rounds)
{
	uintptr_t total = 0;

	(void)on;
	for (uintptr_t i = 0; i < rounds; i++) {
		coroutine *co = checked(create(once));
		total += (uintptr_t)resume(co, resume(co, NULL));
		destroy(co);
	}
	return total;
}

static NOINLINE uintptr_t run_firsts(void *on, uintptr_t rounds)
{
	uintptr_t total = 0;

	(void)on;
	for (uintptr_t i = 0; i < rounds; i++) {
		coroutine *co = checked(create(first));
		total += (uintptr_t)resume(co, NULL);
		drop(co);
	}
	return total;
}
#endif

#ifdef HAS_FRESH
static inline void *fresh_stack(void)
{
	void *top = stack_map();

	if (!top)
		err(EXIT_FAILURE, "can't map a stack");
	return top;
}

static NOINLINE uintptr_t run_fresh_lives(void *on, uintptr_t rounds)
{
	uintptr_t total = 0;

	(void)on;
	for (uintptr_t i = 0; i < rounds; i++) {
		void *top = fresh_stack();
		coroutine *co = checked(create_on(top, once));
		total += (uintptr_t)resume(co, resume(co, NULL));
		release(co);
		stack_unmap(top);
	}
	return total;
}

static NOINLINE uintptr_t run_fresh_firsts(void *on, uintptr_t rounds)
{
	uintptr_t total = 0;

	(void)on;
	for (uintptr_t i = 0; i < rounds; i++) {
		void *top = fresh_stack();
		coroutine *co = checked(create_on(top, first));
		total += (uintptr_t)resume(co, NULL);
		abandon(co);
		stack_unmap(top);
	}
	return total;
}
#endif

/* ---- Many at once ----------------------------------------------------------------------------------------------- */

#ifdef HAS_MANY
/* make_one: create(), or another that does the same on other memory. */
static size_t fill(void **all, size_t n, coroutine *(*make_one)(coroutine_entry *))
{
	for (size_t i = 0; i < n; i++) {
		coroutine *co = make_one(count);
		if (!co)
			return i;
		all[i] = started(co);
	}
	return n;
}

static NOINLINE uintptr_t run_robin(void *on, uintptr_t rounds)
{
	struct robin *robin = (struct robin *)on;
	void *value = NULL;
	size_t at = robin->at;

	for (uintptr_t i = 0; i < rounds; i++) {
		value = resume((coroutine *)robin->order[at], value);
		if (++at == robin->count)
			at = 0;
	}
	robin->at = at;
	return (uintptr_t)value;
}
#endif

#ifdef HAS_PREFETCH
static NOINLINE uintptr_t run_robin_ahead(void *on, uintptr_t rounds)
{
	struct robin *robin = (struct robin *)on;
	void *value = NULL;
	size_t at = robin->at;

	for (uintptr_t i = 0; i < rounds; i++) {
		prefetch((coroutine *)robin->order[at + AHEAD]);
		value = resume((coroutine *)robin->order[at], value);
		if (++at == robin->count)
			at = 0;
	}
	robin->at = at;
	return (uintptr_t)value;
}
#endif

/* ---- The table, by kind ----------------------------------------------------------------------------------------- */

#define CANNOT { NULL, NULL, NULL, 0 }

static const struct work works[KINDS] = {
	{ start_count, run_trips, drop_counter, 1 },
	{ start_count_4, run_trips_4, drop_counter, 1 },
	{ start_count, run_trips_in_helper, drop_counter, 1 },
#ifdef HAS_STACK
	{ start_count_in_helper, run_trips, drop_counter, 1 },
	{ start_count_in_helper, run_trips_in_helper, drop_counter, 1 },
	{ start_count_deep, run_trips_deep, drop_counter, 1 },
#else
	CANNOT, CANNOT, CANNOT,
#endif
#ifdef HAS_LIVES
	{ NULL, run_lives, NULL, 2 },
	{ NULL, run_firsts, NULL, 1 },
#else
	CANNOT, CANNOT,
#endif
#ifdef HAS_FRESH
	{ NULL, run_fresh_lives, NULL, 2 },
	{ NULL, run_fresh_firsts, NULL, 1 },
#else
	CANNOT, CANNOT,
#endif
#ifdef HAS_CHAINS
	{ start_chain, run_trips, drop_counter, 1 },
#else
	CANNOT,
#endif
#ifdef HAS_MANY
	{ NULL, run_robin, NULL, 1 },
#else
	CANNOT,
#endif
#ifdef HAS_PREFETCH
	{ NULL, run_robin_ahead, NULL, 1 },
#else
	CANNOT,
#endif
};

#endif
