/* A floor: what is suspended is a state machine written by hand, in memory from the heap. It has no stack, and can't yield in a helper. */
#include <stdlib.h>

#include "counting.h"

typedef struct coroutine coroutine;
typedef void *coroutine_entry(coroutine *self, void *value);

struct coroutine {
	coroutine_entry *step;
	int state;
};

static inline coroutine *create(coroutine_entry *step)
{
	coroutine *co = malloc(sizeof *co);

	if (co)
		*co = (coroutine){ step, 0 };
	return keep(co);
}

static inline void *resume(coroutine *co, void *value)
{
	return co->step(co, value);
}

static inline void destroy(coroutine *co)
{
	free(co);
}

static inline void drop(coroutine *co)
{
	free(co);
}

static void *suspend(coroutine *self, int state, void *value)
{
	self->state = state;
	return one_up(keep(value));
}

static void *count(coroutine *self, void *value)
{
	return suspend(self, 1, value);
}

static void *count_4(coroutine *self, void *value)
{
	switch (self->state) {
	case 0: return suspend(self, 1, value);
	case 1: return suspend(self, 2, value);
	case 2: return suspend(self, 3, value);
	default: return suspend(self, 0, value);
	}
}

static void *once(coroutine *self, void *value)
{
	switch (self->state) {
	case 0: return suspend(self, 1, value);
	default: return suspend(self, 2, value);
	}
}

#define HAS_LIVES
#define HAS_MANY
#include "driving.h"

static size_t populate(void **all, size_t count)
{
	return fill(all, count, create);
}

const struct peer peer_machine = {
	.library = "state machine",
	.prefix = "machine-",
	.round_trip = "round-trip",
	.about = "a switch statement, called by pointer; made by malloc(), ends with free()",
	.works = works,
	.populate = populate,
};
