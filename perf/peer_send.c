/* segue's coroutines, as functions of the library. */
#include <segue.h>

typedef segue_coroutine coroutine;

#define ENTRY(name, body)                                     \
	static segue_result name(void *arg)                   \
	{                                                     \
		return segue_value(body(NULL, arg));          \
	}

static inline coroutine *create(segue_body *entry)
{
	return segue_coroutine_new(entry, NULL);
}

/* A raised result would show as a wrong count. */
static inline void *resume(coroutine *co, void *value)
{
	return segue_send(co, value).value;
}

static inline void *yield(coroutine *self, void *value)
{
	(void)self;
	return segue_yield(value).value;
}

static inline void destroy(coroutine *co)
{
	segue_unref(co);
}

static inline void drop(coroutine *co)
{
	segue_unref(co);
}

#include "bodies.h"

const struct peer peer_send = {
	.library = "segue",
	.prefix = "",
	.round_trip = "send+yield",
	.about = "segue_send() and segue_yield(); made by segue_coroutine_new(), ends by returning, then segue_unref()",
	.benchmarks = benchmarks,
	.ours = true,
};
