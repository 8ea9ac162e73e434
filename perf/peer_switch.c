/* segue's bare context: what a scheduler of one's own would be built on. */
#include <segue/context.h>

#include "stacks.h"

typedef struct coroutine {
	segue_context own, resumer;
} coroutine;

typedef segue_context_entry coroutine_entry;

#define ENTRY(name, body)                                                               \
	static void name(void *self, void *value)                                       \
	{                                                                               \
		coroutine *co = self;                                                   \
		value = body(co, value);                                                \
		segue_context_switch(&co->own, &co->resumer, value);                    \
		__builtin_unreachable();                                                \
	}

static inline coroutine *create_on(void *top, coroutine_entry *entry)
{
	coroutine *co = (coroutine *)top - 1;

	segue_context_make(&co->own, stack_low(top), STACK_SIZE - sizeof *co, entry, co);
	return co;
}

static inline void *top_of(coroutine *co)
{
	return co + 1;
}

static inline void *resume(coroutine *co, void *value)
{
	return segue_context_switch(&co->resumer, &co->own, value);
}

static inline void *yield(coroutine *self, void *value)
{
	return segue_context_switch(&self->own, &self->resumer, value);
}

static inline void abandon(coroutine *co)
{
	(void)co;
}

#include "on_stacks.h"
#include "bodies.h"
#include "driving.h"

const struct peer peer_switch = {
	.library = "segue",
	.prefix = "bare-",
	.round_trip = "switch",
	.about = "segue_context_switch() each way; made by segue_context_make(), ends with a switch for good",
	.works = works,
	.ours = true,
};
