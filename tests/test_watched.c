/* Whether a sanitizer hears of every change of the stack: this program has the functions of one that only looks. The sanitizers
   themselves: tests/sanitizers.sh. */
#include <stdlib.h>
#include <string.h>

#include "chains.h"
#include "cmocka_headers.h"
#include "operations.h"
#include "segue.h"

/* ---- The sanitizer ------------------------------------------------------------------------------------------------ */

void __sanitizer_start_switch_fiber(void **fake_stack, const void *stack, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **left, size_t *left_size);
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_set_fiber_name(void *fiber, const char *name);
void __lsan_register_root_region(const void *low, size_t size);
void __lsan_unregister_root_region(const void *low, size_t size);

struct stack {
	const char *low;
	size_t size;
};

static struct {
	struct stack now, next;  /* where the program is, and is going to */
	bool switching;
	bool visits;             /* a stack that has been given up, to end what is kept for it, without going there */
	const void *saved;       /* by the last start: what the finish there is to bring, the next time */
	long switches, wrong;
	char *fiber;             /* an allocated byte: what stack it is for */
	int fibers;
	long roots;
	bool started;
} heard;

static char own_fiber;

static void start(void)
{
	char here;

	if (heard.started)
		return;
	heard.started = true;
	heard.fiber = &own_fiber;
	heard.now = (struct stack){ (char *)((uintptr_t)&here - (1 << 20)), 2 << 20 }; /* the thread's own, as far as it matters */
}

static bool is_on(const struct stack *s)
{
	const char *here = __builtin_frame_address(0);

	return here >= s->low && here < s->low + s->size;
}

void __sanitizer_start_switch_fiber(void **fake_stack, const void *stack, size_t size)
{
	start();
	heard.wrong += heard.switching || (heard.visits ? fake_stack != NULL : !is_on(&heard.now));
	heard.switching = true;
	heard.next = (struct stack){ stack, size };
	if (fake_stack)
		*fake_stack = (void *)heard.now.low; /* a stack is left, and later reached again, with the same in hand */
}

void __sanitizer_finish_switch_fiber(void *fake_stack, const void **left, size_t *left_size)
{
	bool there = is_on(&heard.next);

	heard.wrong += !heard.switching || (fake_stack && fake_stack != heard.next.low) || (!there && (!fake_stack || heard.visits));
	heard.visits = !there;
	heard.switching = false;
	*left = heard.now.low;
	*left_size = heard.now.size;
	heard.now = heard.next;
	heard.switches++;
}

void *__tsan_get_current_fiber(void)
{
	start();
	return heard.fiber;
}

void *__tsan_create_fiber(unsigned flags)
{
	(void)flags;
	heard.fibers++;
	return malloc(1);
}

void __tsan_destroy_fiber(void *fiber)
{
	heard.wrong += fiber == heard.fiber;
	heard.fibers--;
	free(fiber);
}

void __tsan_switch_to_fiber(void *fiber, unsigned flags)
{
	heard.wrong += flags != 0 || !fiber;
	heard.fiber = fiber;
}

void __tsan_set_fiber_name(void *fiber, const char *name)
{
	heard.wrong += fiber == heard.fiber || !*name;
}

/* Their sum: each that goes came before. */
void __lsan_register_root_region(const void *low, size_t size)
{
	heard.roots += (long)((uintptr_t)low + size);
}

void __lsan_unregister_root_region(const void *low, size_t size)
{
	heard.roots -= (long)((uintptr_t)low + size);
}

/* ---- The tests ---------------------------------------------------------------------------------------------------- */

struct random {
	struct choices choices;
	uint64_t state;
};

static unsigned random_choice(struct choices *c, unsigned n)
{
	uint64_t *x = &((struct random *)c)->state;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (unsigned)(*x >> 33) % n;
}

static void assert_fibers_go(void)
{
	segue_stack_trim(); /* they stay with the stacks */
	assert_int_equal(heard.fibers, 0);
}

static void every_switch_is_heard_of(void **state)
{
	struct random random = { { random_choice, false }, 3131 };
	const struct outcome *o = operate_at_random(&random.choices, 30000);

	(void)state;
	assert_null(o->failure);
	assert_int_equal(heard.wrong, 0);
	assert_true(heard.switches > 3000);
	assert_false(heard.switching);
	assert_ptr_equal(heard.fiber, &own_fiber);
	assert_fibers_go();
}

static segue_result yield_twice(void *arg)
{
	(void)SEGUE_TRY(segue_yield(arg));
	return segue_yield(arg);
}

static segue_result await_it(void *inner)
{
	return segue_await(inner);
}

static void *come_and_go(void *arg)
{
	segue_coroutine *co = segue_coroutine_new(yield_twice, arg);

	(void)segue_send(co, NULL);
	segue_unref(co);
	return arg;
}

static segue_result call(void *arg)
{
	return segue_value(segue_call_on_thread_stack(come_and_go, arg));
}

static void along_chains_and_on_the_threads_stack(void **state)
{
	segue_coroutine *co = segue_coroutine_new(await_it, segue_coroutine_new(await_it, segue_coroutine_new(yield_twice, NULL)));
	char c;

	(void)state;
	while (!segue_send(co, NULL).raised)
		;
	segue_unref(co);
	co = segue_coroutine_new(await_it, segue_coroutine_new(yield_twice, NULL));
	(void)segue_send(co, NULL);
	segue_unref(co);
	assert_ptr_equal(segue_run(segue_coroutine_new(call, &c)).value, &c);
	assert_int_equal(heard.wrong, 0);
	assert_ptr_equal(heard.fiber, &own_fiber);
	assert_fibers_go();
}

static void what_is_left_is_a_root_no_more(void **state)
{
	static char memory[SEGUE_STACK_DEFAULT];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	long before;

	(void)state;
	attr.stack = memory;
	attr.name = "in place";
	come_and_go(NULL);
	before = heard.roots;
	co = segue_coroutine_new_with(yield_twice, NULL, &attr);
	assert_int_not_equal(heard.roots, before);
	(void)segue_send(co, NULL);
	segue_unref(co);
	assert_int_equal(heard.roots, before);
}

static segue_coroutine *dropped;

static segue_result drop_oneself(void *arg)
{
	segue_unref(dropped);
	return segue_yield(arg);
}

static segue_result ignore_close(void *arg)
{
	for (;;)
		(void)segue_yield(arg);
	return segue_value(arg);
}

static void of_those_that_are_dropped(void **state)
{
	(void)state;
	dropped = segue_coroutine_new(drop_oneself, NULL);
	(void)segue_send(dropped, NULL);
	dropped = segue_coroutine_new(ignore_close, NULL);
	(void)segue_send(dropped, NULL);
	segue_unref(dropped);
	segue_unref(segue_coroutine_new(ignore_close, NULL));
	assert_int_equal(heard.wrong, 0);
	assert_ptr_equal(heard.fiber, &own_fiber);
	assert_fibers_go();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_switch_is_heard_of),
		cmocka_unit_test(along_chains_and_on_the_threads_stack),
		cmocka_unit_test(of_those_that_are_dropped),
		cmocka_unit_test(what_is_left_is_a_root_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
