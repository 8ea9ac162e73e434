/* libpcl: the Portable Coroutine Library. */
#include "config.h"
#ifdef HAVE_PCL
#include <pcl.h>

#include "stacks.h"

typedef struct coroutine {
	coroutine_t handle;
	void *value; /* on its way */
} coroutine;

typedef void coroutine_entry(void *self);

#define ENTRY(name, body)                              \
	static void name(void *self)                   \
	{                                              \
		coroutine *co = self;                  \
		co->value = body(co, co->value);       \
	}

static inline coroutine *create(coroutine_entry *entry)
{
	void *top = stack_take();
	coroutine *co;

	if (!top)
		return NULL;
	co = (coroutine *)top - 1;
	co->handle = co_create(entry, co, stack_low(top), STACK_SIZE - sizeof *co);
	return co->handle ? co : NULL;
}

static inline void *resume(coroutine *co, void *value)
{
	co->value = value;
	co_call(co->handle);
	return co->value;
}

static inline void *yield(coroutine *self, void *value)
{
	self->value = value;
	co_resume();
	return self->value;
}

/* Its end has deleted the library's part. */
static inline void destroy(coroutine *co)
{
	stack_give(co + 1);
}

static inline void drop(coroutine *co)
{
	co_delete(co->handle);
	stack_give(co + 1);
}

#include "bodies.h"

const struct peer peer_pcl = {
	.library = "libpcl",
	.prefix = "pcl-",
	.round_trip = "round-trip",
	.about = "co_call() and co_resume(); made by co_create(), ends by returning, which deletes it",
	.benchmarks = benchmarks,
};
#endif
