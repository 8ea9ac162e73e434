/* What runs inside coroutines that have a stack, once for all peers. Included by a peer's file before driving.h, after it has defined:
 *
 *     coroutine                       a type
 *     ENTRY(name, body)               a macro: the function that the peer starts, called `name`; it ends with what
 *                                     body(self, first value) returns. A macro, since each library wants another type
 *     yield(self, value)              returns what the next resumption brings
 *
 * The first resumption brings NULL, since there is no yield yet that could return a value. Who is resumed counts one up. So a
 * value that is lost on either way makes a wrong count.
 */
#ifndef SEGUE_PERF_BODIES_H
#define SEGUE_PERF_BODIES_H

#include "counting.h"

#define HAS_STACK

static inline void *count_body(coroutine *self, void *value)
{
	for (;;)
		value = yield(self, one_up(value));
	return value; /* for the compiler's sake */
}

static inline void *count_4_body(coroutine *self, void *value)
{
	for (;;) {
		value = yield(self, one_up(value));
		value = yield(self, one_up(value));
		value = yield(self, one_up(value));
		value = yield(self, one_up(value));
	}
	return value;
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

static NOINLINE void *yield_deep(coroutine *self, void *value, int frames)
{
	return keep(frames > 1 ? yield_deep(self, value, frames - 1) : yield(self, one_up(value)));
}

static inline void *count_deep_body(coroutine *self, void *value)
{
	for (;;)
		value = yield_deep(self, value, 5);
	return value;
}

static inline void *once_body(coroutine *self, void *value)
{
	return one_up(yield(self, one_up(value)));
}

ENTRY(count, count_body)
ENTRY(count_4, count_4_body)
ENTRY(count_in_helper, count_in_helper_body)
ENTRY(count_deep, count_deep_body)
ENTRY(once, once_body)

#endif
