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

static inline coroutine *create_on(void *top, coroutine_entry *entry)
{
	coroutine *co = (coroutine *)top - 1;

	co->handle = co_create(entry, co, stack_low(top), STACK_SIZE - sizeof *co);
	return co->handle ? co : NULL;
}

static inline void *top_of(coroutine *co)
{
	return co + 1;
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

/* The end of one has deleted the library's part. */
static inline void abandon(coroutine *co)
{
	co_delete(co->handle);
}

#include "on_stacks.h"
#include "bodies.h"
#include "driving.h"

const struct peer peer_pcl = {
	.library = "libpcl",
	.prefix = "pcl-",
	.round_trip = "round-trip",
	.about = "co_call() and co_resume(); made by co_create(), ends by returning, which deletes it",
	.works = works,
};
#endif
