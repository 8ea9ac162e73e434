/* Loses coroutines and exceptions, and uses some on two threads, for tests/debug.sh to read what SEGUE_DEBUG says of each. */
#include <pthread.h>

#include "segue.h"

SEGUE_EXCEPTION(Broken, segue_Exception);

static SEGUE_ASYNC(forgotten)
{
	return segue_value(NULL);
}

static segue_result raise_at_close(void *with_message)
{
	(void)segue_yield(NULL);
	return with_message ? segue_raise(&segue_ValueError, "a message") : segue_raise(&Broken, "data");
}

static segue_result ignore_close(void *arg)
{
	while (segue_yield(arg).raised != &Broken)
		;
	return segue_value(NULL);
}

static void lose(segue_coroutine *co)
{
	segue_send(co, NULL);
	segue_unref(co);
}

/* ---- Two threads at once ---------------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

/* One that uses itself is no such case. */
static segue_result stay(void *unused)
{
	segue_yield(NULL);
	segue_send(segue_current(), unused);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return segue_yield(NULL);
}

static segue_result await_it(void *inner)
{
	return segue_await(inner);
}

static void *send_to(void *co)
{
	segue_send(co, NULL);
	return NULL;
}

/* Uses a chain's members, and drops its root, while another thread runs it. */
static void use_on_two_threads(void)
{
	segue_coroutine *inner = segue_coroutine_new(stay, NULL);
	segue_coroutine *outer = segue_coroutine_new(await_it, inner);
	pthread_t thread;

	segue_send(outer, NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, send_to, outer);
	pthread_barrier_wait(&barrier);
	segue_send(inner, NULL);
	segue_throw(outer, &Broken, NULL);
	segue_unref(outer);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
}

int main(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	segue_unref(forgotten());
	segue_unref((segue_coroutine_new)(ignore_close, NULL));
	lose(segue_coroutine_new(raise_at_close, &attr));
	lose(segue_generator_new(ignore_close, NULL));
	lose((segue_coroutine_new)(raise_at_close, NULL));
	attr.name = "named";
	segue_set_origin_tracking_depth(2);
	segue_unref(segue_coroutine_new_with(ignore_close, NULL, &attr));
	segue_set_origin_tracking_depth(0);
	use_on_two_threads();
	return 0;
}
