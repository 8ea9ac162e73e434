/* Backtraces cross stacks: from inside a coroutine through whoever resumed it and on, by the unwinder and, where the ABI has one,
   by the chain of frame pointers. Each function on the way has a section of its own, by which its addresses are known. */
#include <unwind.h>

#include "../arch/arch.h"
#include "cmocka_headers.h"
#include "segue.h"
#include "segue/context.h"

enum { MOST = 64 };

#define PLACE(name)                                                                                     \
	extern const char __start_unwind_##name[], __stop_unwind_##name[];                              \
	static const struct place name##_place = { #name, __start_unwind_##name, __stop_unwind_##name }
#define IN(name) __attribute__((noinline, section("unwind_" #name)))

struct place {
	const char *name, *start, *stop;
};
PLACE(leaf);
PLACE(body);
PLACE(outer_body);
PLACE(await_it);
PLACE(await_that);
PLACE(resume);
PLACE(resume_elsewhere);
PLACE(close_it);
PLACE(drop_it);
PLACE(bottom);
PLACE(bare);
PLACE(there);

static struct trace {
	const char *pc[MOST];
	int count;
} unwound, chained;
static volatile int after; /* keeps a call from being the last thing of its function */

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *arg)
{
	struct trace *t = arg;

	if (t->count == MOST)
		return _URC_END_OF_STACK;
	t->pc[t->count++] = (const char *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static void *bottom_frame; /* of the test: what is below need not have frame pointers */

/* A return address may carry its signature in the bits that no address has. */
static void *unsigned_address(void *pc)
{
	return (void *)((uintptr_t)pc & (UINTPTR_MAX >> (sizeof pc == 8 ? 16 : 0)));
}

/* Follows {fp, ip} records, as a profiler does. */
static void follow_frame_pointers(struct trace *t, void *frame)
{
	t->count = 0;
	while (frame && frame != bottom_frame && t->count < MOST) {
		void **record = (void **)((char *)frame - SEGUE_ARCH_RECORD);
		t->pc[t->count++] = unsigned_address(record[1]);
		frame = record[0];
	}
}

IN(leaf) static void take_traces(void)
{
	unwound.count = 0;
	_Unwind_Backtrace(collect, &unwound);
	if (SEGUE_ARCH_FRAME_CHAIN)
		follow_frame_pointers(&chained, __builtin_frame_address(0));
}

/* The places appear in this order; what is a frame of the library's or the ABI's in between does not matter. */
static void check_order(const struct trace *t, const struct place *const *places)
{
	int i = 0;

	for (; *places; places++, i++) {
		while (i < t->count && !(t->pc[i] >= (*places)->start && t->pc[i] <= (*places)->stop))
			i++;
		if (i == t->count)
			fail_msg("no frame in %s, after those before it", (*places)->name);
	}
}

static void check_traces(const struct place *const *places)
{
	assert_true(unwound.count < MOST);
	check_order(&unwound, places);
	if (!SEGUE_ARCH_FRAME_CHAIN)
		return;
	assert_true(chained.count < MOST);
	check_order(&chained, places + 1); /* a record says where its function returns to: the leaf itself has none */
}

IN(body) static segue_result body(void *arg)
{
	for (;;) {
		take_traces();
		if (segue_yield(arg).raised)
			return segue_value(arg);
	}
}

IN(there) static void *trace_there(void *arg)
{
	take_traces();
	return arg;
}

IN(resume) static segue_result resume(segue_coroutine *co)
{
	segue_result r = segue_send(co, NULL);

	after = r.raised != NULL;
	return r;
}

IN(resume_elsewhere) static segue_result resume_elsewhere(segue_coroutine *co)
{
	segue_result r = segue_throw(co, &segue_GeneratorExit, NULL);

	after = r.raised != NULL;
	return r;
}

IN(close_it) static void close_it(segue_coroutine *co)
{
	after = segue_close(co).raised != NULL;
}

IN(drop_it) static void drop_it(segue_coroutine *co)
{
	segue_unref(co);
	after = 0;
}

IN(outer_body) static segue_result outer_body(void *inner)
{
	segue_result r = resume(inner);

	after = r.raised != NULL;
	return segue_value(NULL);
}

IN(await_it) static segue_result await_it(void *inner)
{
	segue_result r = segue_await(inner);

	after = r.raised != NULL;
	return r;
}

IN(await_that) static segue_result await_that(void *inner)
{
	segue_result r = segue_await(inner);

	after = r.raised == NULL;
	return r;
}

static segue_coroutine *chain(segue_body *innermost)
{
	return segue_coroutine_new(await_that, segue_coroutine_new(await_it, segue_coroutine_new(innermost, &unwound)));
}

IN(bottom) static void at_the_first_send_and_at_later_ones(void **state)
{
	const struct place *const places[] = { &leaf_place, &body_place, &resume_place, &bottom_place, NULL };
	segue_coroutine *co = segue_coroutine_new(body, &unwound);

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(resume(co).value, &unwound);
		check_traces(places);
	}
	segue_unref(co);
}

IN(leaf) static segue_result trace_what_is_thrown(void *arg)
{
	while (!segue_yield(arg).raised)
		;
	take_traces();
	return segue_value(NULL);
}

IN(bottom) static void it_leads_to_whoever_resumed_it_last(void **state)
{
	const struct place *places[] = { &leaf_place, &leaf_place, &resume_elsewhere_place, &bottom_place, NULL };
	segue_coroutine *co[3];

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	for (int i = 0; i < 3; i++) {
		co[i] = segue_coroutine_new(trace_what_is_thrown, NULL);
		resume(co[i]);
	}
	resume_elsewhere(co[0]);
	check_traces(places);
	places[2] = &close_it_place;
	close_it(co[1]);
	check_traces(places);
	places[2] = &drop_it_place;
	drop_it(co[2]);
	check_traces(places);
	segue_unref(co[0]);
	segue_unref(co[1]);
}

IN(bottom) static void through_coroutines_that_wait_for_others(void **state)
{
	const struct place *const places[] = { &leaf_place,       &body_place,   &resume_place, &outer_body_place,
					       &resume_place, &bottom_place, NULL };
	segue_coroutine *inner = segue_coroutine_new(body, NULL);

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	for (int i = 0; i < 2; i++) {
		segue_coroutine *outer = segue_coroutine_new(outer_body, inner);
		resume(outer);
		check_traces(places);
		segue_unref(outer);
	}
	segue_unref(inner);
}

IN(bottom) static void from_an_await_chains_leaf_to_its_root_and_its_sender(void **state)
{
	const struct place *places[] = { &leaf_place, &body_place, &await_it_place, &await_that_place, &resume_place, &bottom_place, NULL };
	segue_coroutine *co = chain(body);

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(resume(co).value, &unwound);
		check_traces(places);
	}
	segue_unref(co);
	places[1] = &leaf_place;
	places[4] = &resume_elsewhere_place;
	co = chain(trace_what_is_thrown);
	resume(co);
	resume_elsewhere(co);
	check_traces(places);
	segue_unref(co);
	places[4] = &close_it_place;
	co = chain(trace_what_is_thrown);
	resume(co);
	close_it(co);
	check_traces(places);
	segue_unref(co);
}

static segue_coroutine *own;

IN(body) static segue_result drop_own(void *arg)
{
	segue_unref(own);
	while (!segue_yield(arg).raised)
		;
	take_traces();
	return segue_value(NULL);
}

/* It is closed as it leaves, from below the frames of who resumed it. */
IN(bottom) static void from_one_that_was_dropped_as_it_ran(void **state)
{
	const struct place *const places[] = { &leaf_place, &body_place, &resume_place, &bottom_place, NULL };

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	own = segue_coroutine_new(drop_own, NULL);
	unwound.count = chained.count = 0;
	resume(own);
	check_traces(places);
}

IN(body) static segue_result call_on_thread_stack(void *arg)
{
	segue_call_on_thread_stack(trace_there, arg);
	return segue_yield(arg);
}

/* It is called by the coroutine, wherever its frames lie. */
IN(bottom) static void from_the_threads_stack_to_the_coroutine_that_called(void **state)
{
	const struct place *const places[] = { &leaf_place,       &there_place,  &body_place,   &resume_place,
					       &outer_body_place, &resume_place, &bottom_place, NULL };
	segue_coroutine *inner = segue_coroutine_new(call_on_thread_stack, NULL);
	segue_coroutine *outer = segue_coroutine_new(outer_body, inner);

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	resume(outer);
	check_traces(places);
	segue_unref(outer);
	segue_unref(inner);
}

static segue_context outside, inside;
static unsigned char stack[16384];

IN(bare) static void bare(void *arg, void *value)
{
	take_traces();
	segue_context_switch(&inside, &outside, value ? value : arg);
}

IN(bottom) static void a_bare_context_is_the_end(void **state)
{
	const struct place *const places[] = { &leaf_place, &bare_place, NULL };

	(void)state;
	bottom_frame = __builtin_frame_address(0);
	segue_context_make(&inside, stack, sizeof stack, bare, NULL);
	segue_context_switch(&outside, &inside, NULL);
	check_traces(places);
	assert_in_range(unwound.count, 2, 4);
	if (SEGUE_ARCH_FRAME_CHAIN)
		assert_in_range(chained.count, 1, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_first_send_and_at_later_ones),
		cmocka_unit_test(it_leads_to_whoever_resumed_it_last),
		cmocka_unit_test(through_coroutines_that_wait_for_others),
		cmocka_unit_test(from_an_await_chains_leaf_to_its_root_and_its_sender),
		cmocka_unit_test(from_one_that_was_dropped_as_it_ran),
		cmocka_unit_test(from_the_threads_stack_to_the_coroutine_that_called),
		cmocka_unit_test(a_bare_context_is_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
