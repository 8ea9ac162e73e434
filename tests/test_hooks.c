/* The hooks for what would be lost, and the values that nobody takes. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

static int released;
static void *last_released;

static void release(void *value)
{
	released++;
	last_released = value;
}

static const segue_type Broken = { "Broken", &segue_Exception, release, { NULL } };
static const segue_type Finished = { "Finished", &segue_StopIteration, release, { NULL } };
static const segue_type Leaving = { "Leaving", &segue_GeneratorExit, release, { NULL } };
static char thrown, other;

/* ---- What the hooks were told --------------------------------------------------------------------------------------- */

static struct heard {
	int times;
	segue_coroutine *co;
	segue_result what;
	enum segue_state state;
	const char *name;
	int released, disposed; /* by then */
} never, unraised;
static int disposed;

static void listen(struct heard *h, segue_coroutine *co, segue_result what)
{
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	*h = (struct heard){ h->times + 1, co, what, segue_state(co), info.cr_code.name, released, disposed };
}

static void hear_never_awaited(segue_coroutine *co)
{
	listen(&never, co, segue_value(NULL));
}

static void hear_unraisable(segue_coroutine *co, segue_result what)
{
	listen(&unraised, co, what);
}

static int listening(void **state)
{
	(void)state;
	memset(&never, 0, sizeof never);
	memset(&unraised, 0, sizeof unraised);
	released = disposed = 0;
	last_released = NULL;
	segue_set_never_awaited_hook(hear_never_awaited);
	segue_set_unraisable_hook(hear_unraisable);
	return 0;
}

static void dispose(void *arg)
{
	(void)arg;
	disposed++;
}

/* ---- Bodies --------------------------------------------------------------------------------------------------------- */

/* What it does when something is raised at its yield. */
enum answer { PASSES, RETURNS, RAISES, RAISES_EXIT, IGNORES_ONCE, IGNORES, LETS_STOP_OUT };

static segue_result answer(void *how)
{
	segue_result r = segue_yield(NULL);

	switch ((enum answer)(intptr_t)how) {
	case PASSES:
		return r;
	case RETURNS:
		return segue_value(&other);
	case RAISES:
		return segue_raise(&Broken, &other);
	case RAISES_EXIT:
		return segue_raise(&Leaving, &other);
	case LETS_STOP_OUT:
		return segue_raise(&Finished, &other);
	case IGNORES_ONCE:
		segue_yield(NULL);
		return segue_value(NULL);
	default:
		for (;;)
			segue_yield(NULL);
	}
}

static segue_coroutine *suspended(enum answer how)
{
	segue_coroutine *co = segue_coroutine_new(answer, (void *)(intptr_t)how);

	segue_send(co, NULL);
	return co;
}

static segue_result await_it(void *x)
{
	return segue_await(segue_object_ref(x));
}

static segue_coroutine *awaiting(segue_coroutine *inner)
{
	segue_coroutine *co = segue_coroutine_new(await_it, inner);

	segue_send(co, NULL);
	return co;
}

/* ---- Never awaited -------------------------------------------------------------------------------------------------- */

static void a_hook_is_returned_by_who_sets_another(void **state)
{
	(void)state;
	segue_set_never_awaited_hook(NULL);
	segue_set_unraisable_hook(NULL);
	assert_ptr_equal(segue_set_never_awaited_hook(hear_never_awaited), NULL);
	assert_ptr_equal(segue_set_never_awaited_hook(NULL), hear_never_awaited);
	assert_ptr_equal(segue_set_unraisable_hook(hear_unraisable), NULL);
	assert_ptr_equal(segue_set_unraisable_hook(NULL), hear_unraisable);
	segue_unref(segue_coroutine_new(answer, NULL));
	segue_unref(suspended(RAISES));
	assert_int_equal(never.times + unraised.times, 0);
	assert_int_equal(released, 1);
}

static void a_coroutine_that_never_ran_is_heard_of_before_it_goes(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	(void)state;
	attr.name = "forgotten";
	attr.dispose = dispose;
	co = segue_coroutine_new_with(answer, NULL, &attr);
	segue_ref(co);
	segue_unref(co);
	assert_int_equal(never.times, 0);
	segue_unref(co);
	assert_int_equal(never.times, 1);
	assert_ptr_equal(never.co, co);
	assert_int_equal(never.state, SEGUE_CREATED);
	assert_string_equal(never.name, "forgotten");
	assert_int_equal(never.disposed, 0);
	assert_int_equal(disposed, 1);
}

static segue_result await_refused(void *heard)
{
	segue_result r = segue_await(segue_coroutine_new(answer, NULL));

	*(int *)heard = never.times; /* a generator can't await it: it has gone by now */
	return r;
}

static void one_that_an_await_refuses_is_heard_of_before_that_returns(void **state)
{
	int heard = 0;

	(void)state;
	assert_ptr_equal(segue_run(segue_generator_new(await_refused, &heard)).raised, &segue_TypeError);
	assert_int_equal(heard, 1);
}

static void of_others_nothing_is_heard(void **state)
{
	segue_coroutine *co = segue_coroutine_new(answer, NULL);

	(void)state;
	segue_close(co);
	segue_unref(co);
	co = segue_coroutine_new(answer, NULL);
	segue_throw(co, &Broken, &thrown);
	segue_unref(co);
	segue_unref(suspended(PASSES));
	segue_unref(segue_generator_new(answer, NULL));
	segue_unref(segue_types_coroutine(segue_generator_new(answer, NULL)));
	co = segue_coroutine_new(answer, NULL);
	segue_send(co, &other); /* refused: it is still to be awaited */
	assert_int_equal(never.times, 0);
	segue_unref(co);
	assert_int_equal(never.times, 1);
	assert_int_equal(unraised.times, 0);
}

/* ---- Unraisable ----------------------------------------------------------------------------------------------------- */

static void what_a_dropped_one_raises_is_heard_and_then_released(void **state)
{
	segue_coroutine *co = suspended(RAISES);

	(void)state;
	segue_unref(co);
	assert_int_equal(unraised.times, 1);
	assert_ptr_equal(unraised.co, co);
	assert_ptr_equal(unraised.what.raised, &Broken);
	assert_ptr_equal(unraised.what.value, &other);
	assert_int_equal(unraised.state, SEGUE_CLOSED);
	assert_int_equal(unraised.released, 0);
	assert_string_equal(unraised.name, "answer");
	assert_int_equal(released, 1);
	assert_ptr_equal(last_released, &other);
	segue_unref(suspended(LETS_STOP_OUT));
	assert_int_equal(unraised.times, 2);
	assert_string_equal(segue_message(unraised.what), "coroutine raised StopIteration");
	assert_int_equal(never.times, 0);
}

static segue_result await_at_close(void *inner)
{
	segue_yield(NULL);
	return segue_await(inner);
}

static void one_that_ignores_its_close_is_heard_of_and_what_it_awaits_is_dropped_after(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(answer, (void *)(intptr_t)RAISES);
	segue_coroutine *outer = segue_coroutine_new(await_at_close, inner);

	(void)state;
	segue_send(outer, NULL);
	segue_ref(inner);
	segue_unref(outer);
	assert_int_equal(unraised.times, 1);
	assert_ptr_equal(unraised.co, outer);
	assert_int_equal(segue_state(inner), SEGUE_SUSPENDED);
	segue_unref(inner);
	assert_int_equal(unraised.times, 2);
	assert_ptr_equal(unraised.co, inner);
	assert_ptr_equal(unraised.what.value, &other);

	inner = segue_coroutine_new(answer, (void *)(intptr_t)RAISES);
	segue_send(outer = segue_coroutine_new(await_at_close, inner), NULL);
	segue_unref(outer);
	assert_int_equal(unraised.times, 4);
	assert_ptr_equal(unraised.co, inner);

	memset(&unraised, 0, sizeof unraised);
	segue_unref(suspended(IGNORES));
	assert_int_equal(unraised.times, 1);
	assert_string_equal(segue_message(unraised.what), "coroutine ignored GeneratorExit");
	assert_int_equal(unraised.state, SEGUE_SUSPENDED);
	segue_unref(suspended(IGNORES_ONCE));
	assert_int_equal(unraised.times, 2);
}

static void a_close_that_ends_is_not_heard_of(void **state)
{
	(void)state;
	segue_unref(suspended(PASSES));
	segue_unref(suspended(RETURNS));
	assert_int_equal(released, 0);
	segue_unref(suspended(RAISES_EXIT));
	assert_int_equal(released, 1);
	segue_coroutine *co = suspended(RAISES);
	assert_ptr_equal(segue_close(co).raised, &Broken); /* its caller has it */
	segue_unref(co);
	assert_int_equal(released, 1);
	assert_int_equal(unraised.times, 0);
}

static segue_result drop_oneself(void *how)
{
	segue_unref(segue_current());
	return answer(how);
}

static void one_that_dropped_itself_is_heard_of_too(void **state)
{
	(void)state;
	assert_null(segue_send(segue_coroutine_new(drop_oneself, (void *)(intptr_t)RAISES), NULL).raised);
	assert_int_equal(unraised.times, 1);
	assert_ptr_equal(unraised.what.raised, &Broken);
	assert_int_equal(unraised.released, 0);
	assert_int_equal(released, 1);
}

/* ---- Values that nobody takes ---------------------------------------------------------------------------------------- */

static void throws_that_are_refused(void **state)
{
	segue_coroutine *co = segue_coroutine_new(answer, NULL);

	(void)state;
	segue_throw(NULL, &Broken, &thrown);
	assert_int_equal(released, 1);
	assert_ptr_equal(last_released, &thrown);
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).raised, &Broken); /* unstarted: it comes back */
	assert_int_equal(released, 1);
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).raised, &segue_RuntimeError);
	assert_int_equal(released, 2);
	segue_throw(co, NULL, &thrown);
	assert_int_equal(released, 2);
	segue_unref(co);
	co = segue_generator_new(answer, (void *)(intptr_t)RETURNS);
	segue_run(segue_ref(co));
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).value, &thrown);
	assert_int_equal(released, 2);
	segue_unref(co);
}

static segue_result throw_into(void *whom)
{
	return segue_throw(whom ? whom : segue_current(), &Broken, &thrown);
}

static segue_result await_thrown_into(void *inner)
{
	segue_result r = segue_await(segue_ref(inner));

	return r.raised == &segue_ValueError ? segue_value(&other) : r;
}

static segue_coroutine *outermost;

static segue_result throw_into_outermost(void *unused)
{
	(void)unused;
	segue_yield(NULL);
	return segue_value(segue_throw(outermost, &Broken, &thrown).value);
}

static void throws_at_what_runs(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(throw_into_outermost, NULL);

	(void)state;
	assert_string_equal(segue_message(segue_run(segue_coroutine_new(throw_into, NULL))), "coroutine already executing");
	assert_int_equal(released, 1);
	/* Its inner one, sent to directly, throws into it: what arrives at its await is ValueError instead */
	outermost = segue_coroutine_new(await_thrown_into, inner);
	segue_send(outermost, NULL);
	assert_ptr_equal(segue_send(inner, NULL).value, &other);
	assert_int_equal(released, 2);
	segue_unref(outermost);
	segue_unref(inner);
}

static void throws_that_something_else_replaces(void **state)
{
	segue_coroutine *inner = suspended(PASSES), *co = suspended(PASSES);

	(void)state;
	/* A StopIteration, at a coroutine's yield and out of a body */
	assert_ptr_equal(segue_throw(co, &Finished, &thrown).raised, &segue_RuntimeError);
	assert_int_equal(released, 1);
	segue_unref(co);
	co = suspended(LETS_STOP_OUT);
	assert_ptr_equal(segue_send(co, NULL).raised, &segue_RuntimeError);
	assert_int_equal(released, 2);
	assert_ptr_equal(last_released, &other);
	segue_unref(co);
	/* What is inside has ended meanwhile */
	segue_unref(inner);
	inner = segue_coroutine_new(answer, NULL);
	co = awaiting(inner);
	segue_send(inner, NULL);
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).raised, &segue_RuntimeError);
	assert_int_equal(released, 3);
	segue_unref(co);
	segue_unref(inner);
	/* An exit, where closing what is inside raises */
	inner = segue_coroutine_new(answer, (void *)(intptr_t)RAISES);
	co = awaiting(inner);
	assert_ptr_equal(segue_throw(co, &Leaving, &thrown).value, &other);
	assert_int_equal(released, 4);
	assert_ptr_equal(last_released, &thrown);
	segue_unref(co);
	segue_unref(inner);
}

static void an_exit_that_comes_out_of_a_close(void **state)
{
	segue_coroutine *co = suspended(RAISES_EXIT);
	segue_result r = segue_close(co);

	(void)state;
	assert_true(!r.raised && !r.value);
	assert_int_equal(released, 1);
	assert_ptr_equal(last_released, &other);
	segue_unref(co);
}

static void what_is_delivered_is_the_bodys_and_then_the_resumers(void **state)
{
	segue_coroutine *co = suspended(PASSES);

	(void)state;
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).value, &thrown);
	segue_unref(co);
	co = suspended(RETURNS);
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).value, &other);
	segue_unref(co);
	assert_int_equal(released, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_hook_is_returned_by_who_sets_another, listening),
		cmocka_unit_test_setup(a_coroutine_that_never_ran_is_heard_of_before_it_goes, listening),
		cmocka_unit_test_setup(one_that_an_await_refuses_is_heard_of_before_that_returns, listening),
		cmocka_unit_test_setup(of_others_nothing_is_heard, listening),
		cmocka_unit_test_setup(what_a_dropped_one_raises_is_heard_and_then_released, listening),
		cmocka_unit_test_setup(one_that_ignores_its_close_is_heard_of_and_what_it_awaits_is_dropped_after, listening),
		cmocka_unit_test_setup(a_close_that_ends_is_not_heard_of, listening),
		cmocka_unit_test_setup(one_that_dropped_itself_is_heard_of_too, listening),
		cmocka_unit_test_setup(throws_that_are_refused, listening),
		cmocka_unit_test_setup(throws_at_what_runs, listening),
		cmocka_unit_test_setup(throws_that_something_else_replaces, listening),
		cmocka_unit_test_setup(an_exit_that_comes_out_of_a_close, listening),
		cmocka_unit_test_setup(what_is_delivered_is_the_bodys_and_then_the_resumers, listening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
