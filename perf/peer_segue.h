/* segue's coroutines, as functions of the library or inlined: whichever header a peer's file has included before. */
#include "stacks.h"

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

/* Memory of the caller's: not pooled, and no guard but the caller's. */
static inline coroutine *create_on(void *top, coroutine_entry *entry)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack = stack_low(top);
	attr.stack_size = STACK_SIZE;
	return segue_coroutine_new_with(entry, NULL, &attr);
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

static inline void release(coroutine *co)
{
	segue_unref(co);
}

static inline void abandon(coroutine *co)
{
	segue_unref(co);
}

#include "bodies.h"

/* As once, but for the exception: dropped while it is suspended, it gets GeneratorExit and ends by that. */
#define HAS_FIRST
static segue_result first(void *arg)
{
	return segue_value(one_up(SEGUE_TRY(segue_yield(one_up(arg)))));
}

#define HAS_CHAINS
static inline coroutine *create_chain(size_t depth);

static segue_result link_of_chain(void *depth)
{
	return segue_await(create_chain((size_t)depth - 1));
}

static segue_result innermost(void *unused)
{
	void *value = NULL;

	(void)unused;
	for (;;)
		value = SEGUE_TRY(segue_yield(one_up(value)));
}

static inline coroutine *create_chain(size_t depth)
{
	return segue_coroutine_new(depth ? link_of_chain : innermost, (void *)depth);
}

static inline void prefetch(const coroutine *co)
{
	segue_prefetch(co);
}

#define HAS_LIVES
#define HAS_FRESH
#define HAS_MANY
#define HAS_PREFETCH
#include "driving.h"

static size_t populate(void **all, size_t count)
{
	return fill(all, count, create);
}
