/* For peers that bring no stacks, after they have defined:
 *
 *     create_on(top, entry)   a new coroutine on that stack; NULL where there is no memory
 *     top_of(co)              that stack again
 *     abandon(co)             what has to be done before the stack of a suspended one is taken away
 *
 * One that has ended has nothing but its stack.
 */
#ifndef SEGUE_PERF_ON_STACKS_H
#define SEGUE_PERF_ON_STACKS_H

#include "stacks.h"

#define HAS_LIVES
#define HAS_FRESH

static inline coroutine *create(coroutine_entry *entry)
{
	void *top = stack_take();

	return top ? create_on(top, entry) : NULL;
}

static inline void release(coroutine *co)
{
	(void)co;
}

static inline void destroy(coroutine *co)
{
	stack_give(top_of(co));
}

static inline void drop(coroutine *co)
{
	abandon(co);
	stack_give(top_of(co));
}

#endif
