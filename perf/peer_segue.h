/* segue's coroutines, as functions of the library or inlined: whichever header a peer's file has included before. */
typedef segue_coroutine coroutine;
typedef segue_body coroutine_entry;

#define ENTRY(name, body)                                     \
	static segue_result name(void *arg)                   \
	{                                                     \
		return segue_value(body(NULL, arg));          \
	}

static inline coroutine *create(coroutine_entry *entry)
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

#define HAS_LIVES
#include "bodies.h"
#include "driving.h"
