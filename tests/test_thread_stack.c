/* segue_call_on_thread_stack(): where its function runs, and as what. tests/test_unwind.c has the backtraces. */
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

enum { LARGE = 256 * 1024 }; /* bytes of frame: more than any stack here but the thread's */

static struct {
	uintptr_t frame, bottom; /* of what was called; of the test */
	segue_coroutine *caller, *current;
	segue_result yielded, awaited, sent;
	void *returned;
	int calls, intact;
} seen;

static void note_bottom(void *frame)
{
	memset(&seen, 0, sizeof seen);
	seen.bottom = (uintptr_t)frame;
}

static int is_on_threads_stack(void)
{
	return seen.frame < seen.bottom && seen.bottom - seen.frame < 4 * LARGE;
}

static __attribute__((noinline)) void *large_frame(void *arg)
{
	volatile unsigned char frame[LARGE];

	for (size_t i = 0; i < sizeof frame; i += 1024)
		frame[i] = (unsigned char)i;
	seen.frame = (uintptr_t)frame;
	seen.current = segue_current();
	seen.calls++;
	return frame[1024] ? NULL : arg;
}

static segue_result call_large(void *arg)
{
	for (;;) {
		seen.returned = segue_call_on_thread_stack(large_frame, arg);
		seen.caller = segue_current();
		(void)SEGUE_TRY(segue_yield(arg));
	}
}

static segue_coroutine *on_least_stack(segue_body *body, void *arg)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack_size = SEGUE_STACK_MIN;
	return segue_coroutine_new_with(body, arg, &attr);
}

static void outside_it_is_a_plain_call(void **state)
{
	int x;

	(void)state;
	note_bottom(__builtin_frame_address(0));
	assert_ptr_equal(segue_call_on_thread_stack(large_frame, &x), &x);
	assert_int_equal(seen.calls, 1);
	assert_true(is_on_threads_stack());
}

static void a_large_frame_from_the_least_stack(void **state)
{
	segue_coroutine *co = on_least_stack(call_large, &seen);

	(void)state;
	note_bottom(__builtin_frame_address(0));
	for (int i = 1; i <= 3; i++) {
		assert_ptr_equal(segue_send(co, NULL).value, &seen);
		assert_int_equal(seen.calls, i);
		assert_true(is_on_threads_stack());
		assert_ptr_equal(seen.returned, &seen);
		assert_null(seen.current);
		assert_ptr_equal(seen.caller, co);
	}
	segue_unref(co);
}

/* ---- From further in -------------------------------------------------------------------------------------------- */

static segue_result send_once(void *inner)
{
	segue_send(inner, NULL);
	return segue_value(NULL);
}

static segue_result await_it(void *inner)
{
	return segue_value(SEGUE_TRY(segue_await(inner)));
}

static segue_result run_awaiting(void *outer)
{
	segue_send(outer, NULL);
	return segue_value(NULL);
}

static void from_nested_ones_it_is_the_threads(void **state)
{
	segue_coroutine *inner = on_least_stack(call_large, NULL);
	segue_coroutine *middle = on_least_stack(await_it, segue_ref(inner));
	segue_coroutine *outer = on_least_stack(run_awaiting, middle);
	segue_coroutine *outermost = on_least_stack(send_once, outer);

	(void)state;
	note_bottom(__builtin_frame_address(0));
	assert_ptr_equal(segue_send(outermost, NULL).raised, &segue_StopIteration);
	assert_int_equal(seen.calls, 1);
	assert_true(is_on_threads_stack());
	assert_ptr_equal(seen.caller, inner);
	assert_int_equal(segue_state(middle), SEGUE_SUSPENDED);
	segue_unref(outermost);
	segue_unref(outer);
	segue_unref(middle);
	segue_unref(inner);
}

/* What it calls drives another, that calls too: each call's frames lie below those before. */
static void *drive_another(void *frames)
{
	segue_coroutine *another = on_least_stack(call_large, NULL);
	volatile unsigned char mine[1024];

	for (size_t i = 0; i < sizeof mine; i++)
		mine[i] = (unsigned char)i;
	segue_send(another, NULL);
	seen.intact = 1;
	for (size_t i = 0; i < sizeof mine; i++)
		seen.intact &= mine[i] == (unsigned char)i;
	*(uintptr_t *)frames = (uintptr_t)mine;
	segue_unref(another);
	return NULL;
}

static segue_result call_driver(void *frames)
{
	segue_call_on_thread_stack(drive_another, frames);
	seen.caller = segue_current();
	return segue_value(NULL);
}

static void what_it_drives_may_call_too(void **state)
{
	uintptr_t outer_frame = 0;
	segue_coroutine *co = on_least_stack(call_driver, &outer_frame);

	(void)state;
	note_bottom(__builtin_frame_address(0));
	segue_send(co, NULL);
	assert_int_equal(seen.calls, 1);
	assert_true(is_on_threads_stack());
	assert_true(seen.frame < outer_frame);
	assert_true(seen.intact);
	assert_ptr_equal(seen.caller, co);
	segue_unref(co);
}

/* ---- It is outside any coroutine --------------------------------------------------------------------------------- */

static void *try_all(void *co)
{
	seen.yielded = segue_yield(NULL);
	seen.awaited = segue_await(segue_ref(co));
	seen.sent = segue_send(co, NULL);
	segue_unref(co);
	return NULL;
}

static segue_result call_try_all(void *co)
{
	segue_call_on_thread_stack(try_all, *(segue_coroutine **)co);
	return segue_yield("goes on");
}

static void it_neither_yields_nor_awaits_nor_resumes_its_caller(void **state)
{
	segue_coroutine *co;

	(void)state;
	note_bottom(__builtin_frame_address(0));
	co = on_least_stack(call_try_all, &co);
	segue_ref(co); /* that is what it drops */
	assert_string_equal(segue_send(co, NULL).value, "goes on");
	assert_string_equal(segue_message(seen.yielded), "yield outside a coroutine");
	assert_string_equal(segue_message(seen.awaited), "await outside a coroutine");
	assert_string_equal(segue_message(seen.sent), "coroutine already executing");
	assert_int_equal(segue_state(co), SEGUE_SUSPENDED);
	segue_unref(co);
}

static void the_last_reference_may_go_in_it(void **state)
{
	segue_coroutine *co;

	(void)state;
	note_bottom(__builtin_frame_address(0));
	co = on_least_stack(call_try_all, &co);
	assert_string_equal(segue_send(co, NULL).value, "goes on");
	assert_string_equal(segue_message(seen.sent), "coroutine already executing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_it_is_a_plain_call),
		cmocka_unit_test(a_large_frame_from_the_least_stack),
		cmocka_unit_test(from_nested_ones_it_is_the_threads),
		cmocka_unit_test(what_it_drives_may_call_too),
		cmocka_unit_test(it_neither_yields_nor_awaits_nor_resumes_its_caller),
		cmocka_unit_test(the_last_reference_may_go_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
