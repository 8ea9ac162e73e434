/* The floor of floors: a function called by pointer, which keeps nothing. */
#include "counting.h"

typedef struct coroutine coroutine;
typedef void *coroutine_entry(coroutine *self, void *value);

struct coroutine {
	coroutine_entry *call;
};

static void *count(coroutine *self, void *value)
{
	(void)self;
	return one_up(value);
}

#define count_4 count

static inline coroutine *create(coroutine_entry *call)
{
	static coroutine co;

	co.call = call;
	return keep(&co);
}

static inline void *resume(coroutine *co, void *value)
{
	return co->call(co, value);
}

static inline void drop(coroutine *co)
{
	(void)co;
}

#include "driving.h"

const struct peer peer_call = {
	.library = "indirect call",
	.prefix = "call-",
	.round_trip = "round-trip",
	.about = "a function called by pointer, with nothing kept between the calls",
	.works = works,
};
