/* segue_inspect(), segue_state() and segue_traceback(): what is seen of a coroutine in each state, from outside and from inside. */
#include <stdint.h>
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

SEGUE_EXCEPTION(Broken, segue_Exception);

static segue_info look(const segue_coroutine *co)
{
	segue_info info;

	memset(&info, 0xa5, sizeof info);
	segue_inspect(co, &info, sizeof info);
	return info;
}

static void check(const segue_coroutine *co, enum segue_state state, const void *awaits)
{
	segue_info info = look(co);

	assert_int_equal(segue_state(co), state);
	assert_ptr_equal(info.cr_await, awaits);
	assert_int_equal(info.cr_running, state == SEGUE_RUNNING);
	assert_int_equal(info.cr_suspended, state == SEGUE_SUSPENDED);
	assert_int_equal(info.cr_frame != NULL, state != SEGUE_CLOSED);
	if (state == SEGUE_SUSPENDED) {
		assert_in_range((uintptr_t)info.cr_frame->sp - (uintptr_t)info.stack, 0, info.stack_size - 1);
		assert_non_null(info.cr_frame->ip);
	}
	assert_true(info.gi_yieldfrom == info.cr_await && info.gi_running == info.cr_running && info.gi_frame == info.cr_frame);
	assert_true(info.gi_suspended == info.cr_suspended && info.gi_code.entry == info.cr_code.entry);
}

/* What a body sees; it asserts nothing. */
static struct seen {
	segue_coroutine *who;
	enum segue_state state;
	segue_info info;
} seen[4];

static void see(void)
{
	for (size_t i = 0; i < sizeof seen / sizeof *seen && seen[i].who; i++) {
		seen[i].state = segue_state(seen[i].who);
		seen[i].info = look(seen[i].who);
	}
}

static void check_all_running(int n)
{
	for (int i = 0; i < n; i++) {
		assert_int_equal(seen[i].state, SEGUE_RUNNING);
		assert_true(seen[i].info.cr_running && !seen[i].info.cr_suspended && !seen[i].info.cr_await && seen[i].info.cr_frame);
	}
}

static segue_result yield_twice(void *arg)
{
	see();
	SEGUE_TRY(segue_yield(arg));
	see();
	SEGUE_TRY(segue_yield(arg));
	return segue_value(arg);
}

static void each_state_from_outside_and_inside(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	(void)state;
	for (attr.kind = SEGUE_KIND_COROUTINE; attr.kind <= SEGUE_KIND_ITERABLE_COROUTINE; attr.kind++) {
		segue_coroutine *co = segue_coroutine_new_with(yield_twice, &attr, &attr);
		memset(seen, 0, sizeof seen);
		seen[0].who = co;
		check(co, SEGUE_CREATED, NULL);
		for (int i = 0; i < 2; i++) {
			segue_send(co, NULL);
			check_all_running(1);
			check(co, SEGUE_SUSPENDED, NULL);
		}
		segue_send(co, NULL);
		check(co, SEGUE_CLOSED, NULL);
		segue_unref(co);
		co = segue_coroutine_new_with(yield_twice, &attr, &attr);
		segue_close(co);
		check(co, SEGUE_CLOSED, NULL);
		segue_unref(co);
	}
}

static segue_result await_it(void *x)
{
	return segue_await(segue_object_ref(x));
}

static void a_chain_shows_who_awaits_whom(void **state)
{
	segue_coroutine *leaf = segue_coroutine_new(yield_twice, &seen);
	segue_coroutine *inner = segue_coroutine_new(await_it, leaf);
	segue_coroutine *outer = segue_coroutine_new(await_it, inner);

	(void)state;
	memset(seen, 0, sizeof seen);
	seen[0].who = leaf, seen[1].who = inner, seen[2].who = outer;
	segue_send(outer, NULL);
	check_all_running(3);
	check(outer, SEGUE_SUSPENDED, inner);
	check(inner, SEGUE_SUSPENDED, leaf);
	check(leaf, SEGUE_SUSPENDED, NULL);
	segue_send(inner, NULL); /* outer is no part of that */
	check_all_running(2);
	assert_int_equal(seen[2].state, SEGUE_SUSPENDED);
	assert_ptr_equal(seen[2].info.cr_await, inner);
	check(outer, SEGUE_SUSPENDED, inner);
	check(inner, SEGUE_SUSPENDED, leaf);
	segue_send(inner, NULL);
	check(leaf, SEGUE_CLOSED, NULL);
	check(inner, SEGUE_CLOSED, NULL);
	check(outer, SEGUE_SUSPENDED, inner);
	segue_unref(outer);
	segue_unref(inner);
	segue_unref(leaf);
}

static segue_result send_on(void *inner)
{
	segue_send(inner, NULL);
	return segue_value(NULL);
}

static void who_waits_in_a_send_runs(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(yield_twice, &seen);
	segue_coroutine *outer = segue_coroutine_new(send_on, inner);

	(void)state;
	memset(seen, 0, sizeof seen);
	seen[0].who = inner, seen[1].who = outer;
	segue_send(outer, NULL);
	check_all_running(2);
	check(inner, SEGUE_SUSPENDED, NULL);
	segue_unref(outer);
	segue_unref(inner);
}

/* ---- An iterator of the user's ------------------------------------------------------------------------------------ */

static segue_result next(void *self)
{
	see();
	return segue_value(self);
}

static const segue_ops iterator_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Iterator"), NULL, NULL, NULL, next, NULL, NULL, NULL };
static struct {
	const segue_ops *ops;
} iterator = { &iterator_ops };

static void *give_iterator(void *self)
{
	(void)self;
	return &iterator;
}

static const segue_ops awaitable_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Awaitable"), NULL, NULL, give_iterator, NULL, NULL, NULL, NULL };

static void an_iterator_is_what_is_awaited_and_runs_as_part_of_it(void **state)
{
	const segue_ops *awaitable = &awaitable_ops;
	segue_coroutine *co = segue_coroutine_new(await_it, &awaitable);

	(void)state;
	memset(seen, 0, sizeof seen);
	seen[0].who = co;
	assert_ptr_equal(segue_send(co, NULL).value, &iterator);
	check_all_running(1);
	check(co, SEGUE_SUSPENDED, &iterator);
	segue_unref(co);
	co = segue_generator_new(await_it, &iterator);
	segue_send(co, NULL);
	check(co, SEGUE_SUSPENDED, &iterator);
	segue_close(co);
	check(co, SEGUE_CLOSED, NULL);
	segue_unref(co);
}

static void it_fills_what_there_is_room_for(void **state)
{
	segue_coroutine *co = segue_coroutine_new(yield_twice, NULL);
	segue_info info = look(co);
	struct {
		segue_info info;
		unsigned char rest[16];
	} large;

	(void)state;
	for (size_t size = 0; size <= sizeof large; size++) {
		const unsigned char *byte = (const unsigned char *)&large;
		memset(&large, 0xa5, sizeof large);
		segue_inspect(co, &large.info, size);
		assert_memory_equal(&large, &info, size < sizeof info ? size : sizeof info);
		for (size_t i = sizeof info; i < size; i++)
			assert_int_equal(byte[i], 0);
		for (size_t i = size; i < sizeof large; i++)
			assert_int_equal(byte[i], 0xa5);
	}
	segue_unref(co);
}

/* ---- Where one was made ------------------------------------------------------------------------------------------- */

static void a_name_and_a_place(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co = segue_coroutine_new(yield_twice, NULL);
	uint32_t line = __LINE__ - 1;
	segue_info info = look(co);

	(void)state;
	assert_string_equal(info.cr_code.name, "yield_twice");
	assert_ptr_equal(info.cr_code.entry, yield_twice);
	assert_null(info.cr_code.file);
	assert_string_equal(info.cr_origin.made->file, __FILE__);
	assert_string_equal(info.cr_origin.made->function, __func__);
	assert_int_equal(info.cr_origin.made->line, line);
	segue_unref(co);

	co = (segue_generator_new)(yield_twice, NULL);
	info = look(co);
	assert_true(!info.cr_code.name && !info.cr_origin.made && !info.cr_origin.frames);
	segue_unref(co);
	attr.name = "a name";
	co = segue_coroutine_new_with(yield_twice, NULL, &attr);
	assert_string_equal(look(co).cr_code.name, "a name");
	segue_unref(co);
	co = segue_coroutine_new_with(yield_twice, NULL, NULL);
	assert_null(look(co).cr_code.name);
	segue_unref(co);
}

/* Each of these functions has a section of its own, by which its addresses are known. */
#define PLACE(name) extern const char __start_origin_##name[], __stop_origin_##name[]
#define IN(name) __attribute__((noinline, section("origin_" #name)))
#define IS_IN(name, pc) ((const char *)(pc) >= __start_origin_##name && (const char *)(pc) <= __stop_origin_##name)
PLACE(maker);
PLACE(caller);
PLACE(recursion);
PLACE(body);

static volatile int after; /* keeps a call from being the last thing of its function */

static SEGUE_ASYNC(copied, (const char *, text), (int, n))
{
	return segue_value((void *)(text + n));
}

enum { BY_MACRO, BY_FUNCTION, WITH_ATTR, COPIED, WAYS };

IN(maker) static segue_coroutine *make(int way)
{
	segue_coroutine *co = way == BY_MACRO	   ? segue_coroutine_new(yield_twice, NULL)
			      : way == BY_FUNCTION ? (segue_coroutine_new)(yield_twice, NULL)
			      : way == WITH_ATTR   ? segue_coroutine_new_with(yield_twice, NULL, NULL)
						   : copied("text", 2);
	after = 1;
	return co;
}

IN(caller) static segue_coroutine *call(int way)
{
	segue_coroutine *co = make(way);

	after = 2;
	return co;
}

IN(recursion) static segue_coroutine *recurse(int depth)
{
	segue_coroutine *co = depth ? recurse(depth - 1) : call(BY_MACRO);

	after = 3;
	return co;
}

static int count(void *const *frames)
{
	int n = 0;

	while (frames[n])
		n++;
	return n;
}

static int no_origin(void **state)
{
	(void)state;
	segue_set_origin_tracking_depth(0);
	return 0;
}

static void as_many_frames_as_were_asked_for_innermost_first(void **state)
{
	segue_coroutine *co = call(BY_MACRO);

	(void)state;
	assert_null(look(co).cr_origin.frames);
	assert_int_equal(segue_set_origin_tracking_depth(2), 0);
	assert_null(look(co).cr_origin.frames); /* it had been made before */
	segue_unref(co);
	for (int way = BY_MACRO; way < WAYS; way++) {
		co = call(way);
		void *const *f = look(co).cr_origin.frames;
		assert_int_equal(count(f), 2);
		assert_true(IS_IN(maker, f[0]) && IS_IN(caller, f[1]));
		if (way == COPIED)
			assert_string_equal(segue_run(segue_ref(co)).value, "xt");
		else
			assert_null(segue_run(segue_ref(co)).raised);
		assert_ptr_equal(look(co).cr_origin.frames, f);
		segue_unref(co);
	}
	assert_int_equal(segue_set_origin_tracking_depth(1), 2);
	co = call(BY_MACRO);
	assert_int_equal(count(look(co).cr_origin.frames), 1);
	segue_unref(co);
}

static void at_most_64_frames(void **state)
{
	segue_coroutine *co;
	void *const *f;

	(void)state;
	segue_set_origin_tracking_depth(-1);
	assert_int_equal(segue_set_origin_tracking_depth(64), 0);
	assert_int_equal(segue_set_origin_tracking_depth(65), 64);
	assert_int_equal(segue_set_origin_tracking_depth(1000000), 64);
	co = recurse(100);
	f = look(co).cr_origin.frames;
	assert_int_equal(count(f), 64);
	assert_true(IS_IN(maker, f[0]) && IS_IN(caller, f[1]));
	for (int i = 2; i < 64; i++)
		assert_true(IS_IN(recursion, f[i]));
	segue_unref(co);
	co = call(BY_MACRO); /* the stack may end before */
	assert_in_range(count(look(co).cr_origin.frames), 2, 64);
	segue_unref(co);
	assert_int_equal(segue_set_origin_tracking_depth(-5), 64);
	co = call(BY_MACRO);
	assert_null(look(co).cr_origin.frames);
	segue_unref(co);
}

IN(body) static segue_result make_one(void *made)
{
	*(segue_coroutine **)made = call(BY_MACRO);
	return segue_value(NULL);
}

static void frames_go_on_across_stacks(void **state)
{
	segue_coroutine *made = NULL, *co = segue_coroutine_new(make_one, &made);
	void *const *f;

	(void)state;
	segue_set_origin_tracking_depth(3);
	segue_run(co);
	f = look(made).cr_origin.frames;
	assert_int_equal(count(f), 3);
	assert_true(IS_IN(maker, f[0]) && IS_IN(caller, f[1]) && IS_IN(body, f[2]));
	segue_unref(made);
}

/* ---- Tracebacks --------------------------------------------------------------------------------------------------- */

static segue_result raise_it(void)
{
	return segue_raise(&Broken, NULL);
}

static segue_result pass_it(int times)
{
	return segue_value(SEGUE_TRY(times > 1 ? pass_it(times - 1) : raise_it()));
}

/* The functions, innermost first; NULL ends them. */
static void check_traceback(const segue_coroutine *co, const char *const *functions)
{
	const segue_site *sites[16];
	size_t n = segue_traceback(co, sites, 16), i;

	for (i = 0; functions[i]; i++) {
		assert_true(i < n);
		assert_string_equal(sites[i]->function, functions[i]);
		assert_string_equal(sites[i]->file, __FILE__);
	}
	assert_int_equal(n, i);
}
#define CHECK_TRACEBACK(co, ...) check_traceback(co, (const char *const[]){ __VA_ARGS__ })

static segue_result pass_through(void *times)
{
	SEGUE_TRY(pass_it((int)(intptr_t)times));
	return segue_value(NULL);
}

static void a_traceback_goes_from_the_raise_outwards(void **state)
{
	segue_coroutine *co = segue_coroutine_new(pass_through, (void *)(intptr_t)2);
	const segue_site *sites[16] = { NULL };

	(void)state;
	assert_int_equal(segue_traceback(co, NULL, 0), 0);
	assert_ptr_equal(segue_send(co, NULL).raised, &Broken);
	CHECK_TRACEBACK(co, "raise_it", "pass_it", "pass_it", "pass_through", NULL);
	assert_int_equal(segue_traceback(co, sites, 2), 4);
	assert_string_equal(sites[1]->function, "pass_it");
	assert_null(sites[2]);
	assert_int_equal(segue_traceback(co, NULL, 0), 4);
	segue_unref(co);
}

enum { LATE = 5 };

static segue_result pass_late(int late, int times)
{
	return segue_value(SEGUE_TRY(late > 1 ? pass_late(late - 1, times) : pass_it(times)));
}

static segue_result pass_long(void *times)
{
	SEGUE_TRY(pass_late(LATE, (int)(intptr_t)times));
	return segue_value(NULL);
}

static void of_a_long_one_the_middle_is_missing(void **state)
{
	(void)state;
	for (int times = 5; times <= 1000; times = times < 15 ? times + 1 : times + 245) {
		segue_coroutine *co = segue_coroutine_new(pass_long, (void *)(intptr_t)times);
		const segue_site *sites[17] = { NULL };
		int n = 1 + times + LATE + 1 < 16 ? 1 + times + LATE + 1 : 16;
		segue_send(co, NULL);
		assert_int_equal(segue_traceback(co, sites, 17), n);
		assert_string_equal(sites[0]->function, "raise_it");
		for (int i = 1; i < n - 1; i++)
			assert_string_equal(sites[i]->function, i < n - 1 - LATE ? "pass_it" : "pass_late");
		assert_string_equal(sites[n - 1]->function, "pass_long");
		segue_unref(co);
	}
}

static segue_result handle(void *how)
{
	segue_result r = pass_it(2);

	if (how == &seen[0])
		return segue_raise(&Broken, NULL); /* another one */
	if (how == &seen[1])
		return (segue_raise)(&Broken, NULL); /* without a place */
	if (how)
		SEGUE_TRY(segue_yield(NULL)); /* one from outside */
	return r; /* the same one, on its way */
}

static void a_new_one_begins_a_traceback_and_one_raised_again_keeps_it(void **state)
{
	segue_coroutine *co = segue_coroutine_new(handle, NULL);

	(void)state;
	segue_send(co, NULL);
	CHECK_TRACEBACK(co, "raise_it", "pass_it", "pass_it", NULL);
	segue_unref(co);
	co = segue_coroutine_new(handle, &seen[0]);
	segue_send(co, NULL);
	CHECK_TRACEBACK(co, "handle", NULL);
	segue_unref(co);
	co = segue_coroutine_new(handle, &seen[1]);
	segue_send(co, NULL);
	CHECK_TRACEBACK(co, "raise_it", "pass_it", "pass_it", NULL);
	segue_unref(co);
}

static void one_that_came_in_has_none_of_the_one_before(void **state)
{
	segue_coroutine *co = segue_coroutine_new(handle, &seen[2]);

	(void)state;
	segue_send(co, NULL);
	segue_throw(co, &Broken, NULL);
	CHECK_TRACEBACK(co, "handle", NULL);
	segue_unref(co);
	co = segue_coroutine_new(handle, &seen[2]);
	segue_send(co, NULL);
	segue_close(co);
	CHECK_TRACEBACK(co, "handle", NULL);
	segue_unref(co);
	co = segue_coroutine_new(handle, &seen[2]);
	segue_send(co, NULL);
	segue_send(co, NULL);
	CHECK_TRACEBACK(co, "raise_it", "pass_it", "pass_it", NULL);
	segue_unref(co);
}

/* What it caught before is none of what it awaits raises. */
static segue_result try_again(void *inner)
{
	segue_result r = segue_raise(&Broken, NULL);

	for (int i = 0; i < 3; i++)
		r = pass_through((void *)(intptr_t)2);
	SEGUE_TRY(segue_await(segue_ref(inner)));
	return r;
}

static void along_a_chain_it_goes_on(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(pass_through, (void *)(intptr_t)1);
	segue_coroutine *outer = segue_coroutine_new(try_again, inner);

	(void)state;
	assert_ptr_equal(segue_send(outer, NULL).raised, &Broken);
	CHECK_TRACEBACK(inner, "raise_it", "pass_it", "pass_through", NULL);
	CHECK_TRACEBACK(outer, "raise_it", "pass_it", "pass_through", "try_again", NULL);
	segue_unref(outer);
	outer = segue_coroutine_new(try_again, inner); /* refused: it has ended */
	assert_ptr_equal(segue_send(outer, NULL).raised, &segue_RuntimeError);
	CHECK_TRACEBACK(outer, "try_again", NULL);
	CHECK_TRACEBACK(inner, "raise_it", "pass_it", "pass_through", NULL);
	segue_unref(outer);
	segue_unref(inner);
	outer = segue_coroutine_new(try_again, NULL);
	assert_ptr_equal(segue_send(outer, NULL).raised, &segue_MemoryError);
	CHECK_TRACEBACK(outer, "try_again", NULL);
	segue_unref(outer);
}

static segue_result resume_it(void *inner)
{
	return segue_value(SEGUE_TRY(segue_send((segue_coroutine *)inner, NULL)));
}

static void it_goes_on_in_who_resumed(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(pass_through, (void *)(intptr_t)1);
	segue_coroutine *outer = segue_coroutine_new(resume_it, inner);

	(void)state;
	assert_ptr_equal(segue_send(outer, NULL).raised, &Broken);
	CHECK_TRACEBACK(outer, "raise_it", "pass_it", "pass_through", "resume_it", NULL);
	segue_unref(outer);
	segue_unref(inner);
}

static void outside_any_coroutine_nothing_is_noted(void **state)
{
	segue_coroutine *co = segue_coroutine_new(pass_through, (void *)(intptr_t)1);

	(void)state;
	segue_send(co, NULL);
	assert_ptr_equal(pass_it(3).raised, &Broken);
	CHECK_TRACEBACK(co, "raise_it", "pass_it", "pass_through", NULL);
	segue_unref(co);
}

static void it_tells_the_kind(void **state)
{
	segue_coroutine *coroutine = segue_coroutine_new(pass_through, NULL), *generator = segue_generator_new(pass_through, NULL);

	(void)state;
	assert_int_equal(look(coroutine).kind, SEGUE_KIND_COROUTINE);
	assert_int_equal(look(generator).kind, SEGUE_KIND_GENERATOR);
	assert_int_equal(look(segue_types_coroutine(generator)).kind, SEGUE_KIND_ITERABLE_COROUTINE);
	segue_unref(coroutine);
	segue_unref(generator);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_from_outside_and_inside),
		cmocka_unit_test(a_chain_shows_who_awaits_whom),
		cmocka_unit_test(who_waits_in_a_send_runs),
		cmocka_unit_test(an_iterator_is_what_is_awaited_and_runs_as_part_of_it),
		cmocka_unit_test(it_fills_what_there_is_room_for),
		cmocka_unit_test(a_name_and_a_place),
		cmocka_unit_test_teardown(as_many_frames_as_were_asked_for_innermost_first, no_origin),
		cmocka_unit_test_teardown(at_most_64_frames, no_origin),
		cmocka_unit_test_teardown(frames_go_on_across_stacks, no_origin),
		cmocka_unit_test(a_traceback_goes_from_the_raise_outwards),
		cmocka_unit_test(of_a_long_one_the_middle_is_missing),
		cmocka_unit_test(a_new_one_begins_a_traceback_and_one_raised_again_keeps_it),
		cmocka_unit_test(one_that_came_in_has_none_of_the_one_before),
		cmocka_unit_test(along_a_chain_it_goes_on),
		cmocka_unit_test(it_goes_on_in_who_resumed),
		cmocka_unit_test(it_tells_the_kind),
		cmocka_unit_test(outside_any_coroutine_nothing_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
