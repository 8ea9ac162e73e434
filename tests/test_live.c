/* segue_foreach_live(): which coroutines it shows, and that a collector finds by it what only suspended stacks hold. */
#include <string.h>

#include "cmocka_headers.h"
#include "on_valgrind.h"
#include "sanitized.h"
#include "segue.h"

enum { MOST = 400, OBJECTS = 1000 };

static struct {
	segue_live all[MOST];
	int count;
} shown;

static int note(const segue_live *live, void *arg)
{
	(void)arg;
	if (shown.count < MOST)
		shown.all[shown.count++] = *live;
	return 0;
}

static void show_all(void)
{
	shown.count = 0;
	segue_foreach_live(note, NULL);
}

static const segue_live *find(const segue_coroutine *co)
{
	for (int i = 0; i < shown.count; i++)
		if (shown.all[i].co == co)
			return &shown.all[i];
	return NULL;
}

/* Whether it lies on that one's stack. */
static int is_inside(const void *p, const segue_live *live)
{
	return (uintptr_t)p - (uintptr_t)live->stack < live->stack_size;
}

static void check_suspended(const segue_coroutine *co, enum segue_state state)
{
	const segue_live *live = find(co);
	segue_info info;

	assert_non_null(live);
	segue_inspect(co, &info, sizeof info);
	assert_ptr_equal(live->stack, info.stack);
	assert_int_equal(live->stack_size, info.stack_size);
	assert_int_equal(live->state, state);
	assert_true(is_inside(live->sp, live));
	assert_true(is_inside(co, live));
	assert_true((uintptr_t)live->sp < (uintptr_t)co);
	assert_null(live->resumer_sp);
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

static void the_live_are_shown_and_no_others(void **state)
{
	static unsigned char memory[SEGUE_STACK_MIN + 1];
	static const int left[] = { 5, 4, 3, 3, 1, 0 }; /* the fourth is awaited, and goes with the fifth */
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co[6];

	(void)state;
	show_all();
	assert_int_equal(shown.count, 0);
	attr.stack_size = 128 * 1024;
	co[0] = segue_coroutine_new(yield_twice, NULL);
	co[1] = segue_coroutine_new_with(yield_twice, NULL, &attr);
	attr.stack = memory + 1;
	attr.stack_size = SEGUE_STACK_MIN;
	co[2] = segue_coroutine_new_with(yield_twice, NULL, &attr);
	co[3] = segue_generator_new(yield_twice, NULL);
	co[4] = segue_coroutine_new(await_it, segue_ref(segue_types_coroutine(co[3])));
	co[5] = segue_coroutine_new(yield_twice, NULL);
	segue_send(co[1], NULL);
	segue_send(co[2], NULL);
	segue_send(co[4], NULL);
	segue_close(co[5]);
	show_all();
	assert_int_equal(shown.count, 6);
	check_suspended(co[0], SEGUE_CREATED);
	for (int i = 1; i <= 4; i++)
		check_suspended(co[i], SEGUE_SUSPENDED);
	assert_int_equal(find(co[5])->state, SEGUE_CLOSED);
	assert_null(find(co[5])->sp);
	for (int i = 0; i < 6; i++) {
		segue_unref(co[i]);
		show_all();
		assert_int_equal(shown.count, left[i]);
	}
}

static int stop_at_third(const segue_live *live, void *arg)
{
	(void)live;
	return ++*(int *)arg == 3 ? 42 : 0;
}

static void it_stops_where_the_function_says(void **state)
{
	segue_coroutine *co[5];
	int calls = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		co[i] = segue_coroutine_new(yield_twice, NULL);
	assert_int_equal(segue_foreach_live(stop_at_third, &calls), 42);
	assert_int_equal(calls, 3);
	for (int i = 0; i < 5; i++)
		segue_unref(co[i]);
}

static void many_slabs_are_walked(void **state)
{
	static segue_coroutine *co[MOST];

	(void)state;
	for (int i = 0; i < MOST; i++)
		co[i] = segue_coroutine_new(yield_twice, NULL);
	show_all();
	assert_int_equal(shown.count, MOST);
	for (int i = 0; i < MOST; i += 37)
		check_suspended(co[i], SEGUE_CREATED);
	for (int i = 0; i < MOST; i++)
		segue_unref(co[i]);
	show_all();
	assert_int_equal(shown.count, 0);
}

/* ---- From inside ------------------------------------------------------------------------------------------------ */

static segue_result look_inside(void *arg)
{
	(void)arg;
	show_all();
	return segue_yield(NULL);
}

static segue_result send_to(void *co)
{
	return segue_send(co, NULL);
}

/* Outer sends to middle, that awaits inner, that looks. */
static void what_runs_tells_who_waits_for_it(void **state)
{
	segue_coroutine *inner = segue_coroutine_new(look_inside, NULL);
	segue_coroutine *middle = segue_coroutine_new(await_it, segue_ref(inner));
	segue_coroutine *outer = segue_coroutine_new(send_to, middle);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	const segue_live *live;

	(void)state;
	segue_send(outer, NULL);
	assert_int_equal(shown.count, 3);
	live = find(inner);
	assert_int_equal(live->state, SEGUE_RUNNING);
	assert_null(live->sp);
	assert_null(live->resumer_sp);
	live = find(middle);
	assert_int_equal(live->state, SEGUE_RUNNING);
	assert_true(is_inside(live->sp, live));
	assert_ptr_equal(live->resumer, outer);
	assert_true(is_inside(live->resumer_sp, find(outer)));
	live = find(outer);
	assert_int_equal(live->state, SEGUE_RUNNING);
	assert_null(live->sp);
	assert_null(live->resumer);
	assert_true((uintptr_t)live->resumer_sp < here && here - (uintptr_t)live->resumer_sp < 64 * 1024);
	segue_unref(outer);
	segue_unref(middle);
	segue_unref(inner);
}

/* ---- A collector ------------------------------------------------------------------------------------------------ */

static struct object {
	struct object *next; /* marked through, too */
	int payload;
	int marked;
} heap[OBJECTS];
static int allocated;

/* What it returns a compiler keeps as a pointer, or as one into the object: it does not know that it could count instead. */
static __attribute__((noinline)) struct object *allocate(struct object *next)
{
	struct object *o = &heap[allocated++];

	*o = (struct object){ .next = next, .payload = 42 };
	__asm__("" : "+r"(o));
	return o;
}

/* Anything that looks like a pointer into an object. */
static void mark(uintptr_t word)
{
	uintptr_t at = word - (uintptr_t)heap;

	for (struct object *o; at < sizeof heap; at = (uintptr_t)o->next - (uintptr_t)heap) {
		o = &heap[at / sizeof *heap];
		if (o->marked)
			return;
		o->marked = 1;
	}
}

static UNSANITIZED int mark_from(const segue_live *live, void *unused)
{
	const uintptr_t *end = (const uintptr_t *)(((uintptr_t)live->stack + live->stack_size) & -sizeof *end);
	uintptr_t word;

	(void)unused;
	for (const uintptr_t *p = live->sp; p && p < end; p++) {
		memcpy(&word, p, sizeof word);
		VALGRIND_MAKE_MEM_DEFINED(&word, sizeof word); /* padding, and what was never set */
		mark(word);
	}
	return 0;
}

static int marked(void)
{
	int n = 0;

	for (int i = 0; i < allocated; i++)
		n += heap[i].marked;
	return n;
}

/* It alone has its objects: a list of two, and one at a time in a register or wherever the compiler likes. */
static segue_result hold_objects(void *arg)
{
	struct object *given = arg, *list = allocate(allocate(NULL));
	struct object *volatile in_memory = allocate(NULL);
	segue_result r = segue_yield(NULL);
	int sum = list->payload + list->next->payload + in_memory->payload + (given ? given->payload : 0);

	return r.raised ? r : segue_value((void *)(intptr_t)sum);
}

static segue_result hold_and_await(void *inner)
{
	struct object *mine = allocate(NULL);
	segue_result r = segue_await(inner);

	return segue_value((void *)(intptr_t)(mine->payload + (int)(intptr_t)r.value));
}

/* Not inlined: what it had in its frame and registers is gone. */
static __attribute__((noinline)) void make(segue_coroutine **co, void *memory)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack = memory;
	attr.stack_size = SEGUE_STACK_MIN;
	co[0] = segue_coroutine_new(hold_objects, allocate(NULL)); /* does not start: the object has it */
	co[1] = segue_coroutine_new(hold_objects, NULL);
	co[2] = segue_coroutine_new(hold_and_await, segue_coroutine_new(hold_objects, NULL));
	co[3] = segue_coroutine_new_with(hold_objects, allocate(NULL), &attr);
	for (int i = 1; i < 4; i++)
		segue_send(co[i], NULL);
}

static void what_only_suspended_stacks_hold_is_found(void **state)
{
	static unsigned char memory[SEGUE_STACK_MIN];
	const int expected[] = { 4 * 42, 3 * 42, 4 * 42, 4 * 42 };
	segue_coroutine *co[4];
	struct object *garbage;

	(void)state;
	allocated = 0;
	make(co, memory);
	garbage = allocate(NULL);
	garbage->next = &heap[0];
	segue_foreach_live(mark_from, NULL);
	assert_int_equal(allocated, 1 + 3 + 4 + 4 + 1);
	assert_int_equal(marked(), allocated - 1);
	assert_int_equal(garbage->marked, 0);
	segue_send(co[0], NULL);
	for (int i = 0; i < 4; i++) {
		assert_int_equal((intptr_t)segue_send(co[i], NULL).value, expected[i]);
		segue_unref(co[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_live_are_shown_and_no_others),
		cmocka_unit_test(it_stops_where_the_function_says),
		cmocka_unit_test(many_slabs_are_walked),
		cmocka_unit_test(what_runs_tells_who_waits_for_it),
		cmocka_unit_test(what_only_suspended_stacks_hold_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
