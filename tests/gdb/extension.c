/* Coroutines in every state, and then a SIGQUIT: for extension.sh. */
#include <signal.h>
#include <stdlib.h>

#include "extension.h"

static volatile int after; /* keeps a call from being the last thing of its function */

static segue_result ext_never(void *arg)
{
	return segue_value(arg);
}

static __attribute__((noinline)) segue_result ext_deeper(int depth)
{
	volatile int deeper_local = 2718;
	segue_result r = depth ? ext_deeper(depth - 1) : segue_yield(NULL);

	after = deeper_local;
	return r;
}

static segue_result ext_counts(void *arg)
{
	segue_result r = ext_deeper(1);

	after = r.raised != arg;
	return r;
}

static segue_result ext_awaits(void *x)
{
	segue_result r = segue_await(segue_object_ref(x));

	after = r.raised != x;
	return r;
}

static segue_result ext_sends(void *co)
{
	segue_result r = segue_send(co, NULL);

	after = r.raised != co;
	return segue_value(NULL);
}

static segue_result ext_stops(void *arg)
{
	raise(SIGQUIT);
	after = 1;
	return segue_value(arg);
}

static segue_result next(void *self)
{
	return segue_value(self);
}

static const segue_ops iterator_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Iterator"), NULL, NULL, NULL, next, NULL, NULL, NULL };

/* Each is known by its number, since the first slots of a slab are taken in turn: those on other memory come last. */
int main(void)
{
	const segue_ops *iterator = &iterator_ops;
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *never = segue_coroutine_new(ext_never, NULL);
	segue_coroutine *counts = segue_generator_new(ext_counts, NULL);
	segue_coroutine *leaf = segue_coroutine_new(ext_counts, NULL);
	segue_coroutine *outer = segue_coroutine_new(ext_awaits, leaf);
	segue_coroutine *ended = segue_coroutine_new(ext_never, NULL);
	segue_coroutine *inlined = segue_coroutine_new(ext_inlined, NULL);
	segue_coroutine *stops = segue_coroutine_new(ext_stops, NULL);
	segue_coroutine *sends = segue_coroutine_new(ext_sends, stops);
	segue_coroutine *placed;

	signal(SIGQUIT, SIG_DFL); /* a shell ignores it for what it runs in the background */
	attr.name = "on other memory";
	attr.kind = SEGUE_KIND_GENERATOR;
	attr.stack = malloc(SEGUE_STACK_DEFAULT);
	placed = segue_coroutine_new_with(ext_awaits, &iterator, &attr);
	segue_send(counts, NULL);
	segue_send(outer, NULL);
	segue_send(ended, NULL);
	segue_send(inlined, NULL);
	segue_send(placed, NULL);
	segue_send(sends, NULL);
	segue_close(never);
	return after;
}
