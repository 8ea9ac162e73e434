/* segue/inline.h: what a compiler keeps over a switch that is inlined is there afterwards, wherever it was kept; and the forms meet. */
#include <segue/inline.h>

#include "cmocka_headers.h"
#include "probe.h"

#include <alloca.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

enum { VALUES = 32, ROUNDS = 50 };

/* ---- Registers: more values than there are, which the compiler can't make anew ---------------------------------------- */

static volatile uintptr_t integers[2][VALUES];
static volatile double floatings[2][VALUES];

#define EACH(x)                                                                                                             \
	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15) x(16) x(17) x(18) x(19) x(20) \
		x(21) x(22) x(23) x(24) x(25) x(26) x(27) x(28) x(29) x(30) x(31)
#define INTEGER(n) uintptr_t i##n = integers[side][n];
#define FLOATING(n) double f##n = floatings[side][n];
#define LOST_INTEGER(n) +(i##n != integers[side][n])
#define LOST_FLOATING(n) +(f##n != floatings[side][n])

static void fill(void)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < VALUES; i++) {
			integers[side][i] = 0x9e3779b1u * (uintptr_t)(side * VALUES + i + 1);
			floatings[side][i] = side * VALUES + i + 0.5;
		}
}

static NOINLINE int send_with_integers(segue_coroutine *co, int side)
{
	EACH(INTEGER)
	void *value = segue_send(co, NULL).value;
	return (value != co) EACH(LOST_INTEGER);
}

static NOINLINE int send_with_floatings(segue_coroutine *co, int side)
{
	EACH(FLOATING)
	void *value = segue_send(co, NULL).value;
	return (value != co) EACH(LOST_FLOATING);
}

static NOINLINE int yield_with_integers(segue_coroutine *co, int side)
{
	EACH(INTEGER)
	void *value = segue_yield(co).value;
	return (value != NULL) EACH(LOST_INTEGER);
}

static NOINLINE int yield_with_floatings(segue_coroutine *co, int side)
{
	EACH(FLOATING)
	void *value = segue_yield(co).value;
	return (value != NULL) EACH(LOST_FLOATING);
}

static segue_result keep_values(void *unused)
{
	int lost = 0;

	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		lost += yield_with_integers(segue_current(), 1);
		lost += yield_with_floatings(segue_current(), 1);
	}
	return segue_value((void *)(intptr_t)lost);
}

/* All four pairs: both sides have two kinds of turn, and this one's order shifts against the other's */
static void values_in_registers_are_kept(void **state)
{
	segue_coroutine *co = segue_coroutine_new(keep_values, NULL);
	segue_result r = { NULL, NULL };
	int lost = 0;

	(void)state;
	fill();
	for (int i = 0; i < 2 * ROUNDS; i++)
		lost += (i >> 1) & 1 ? send_with_integers(co, 0) : send_with_floatings(co, 0);
	r = segue_send(co, NULL);
	assert_int_equal(lost, 0);
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_int_equal((intptr_t)r.value, 0);
	segue_unref(co);
}

/* ---- Frames: what a compiler addresses by frame pointer and base register -------------------------------------------- */

/* Room of a size known only here, and a local more aligned than the stack: then a third register leads to the frame. */
static NOINLINE int send_from_odd_frame(segue_coroutine *co, size_t size)
{
	_Alignas(64) volatile unsigned char aligned[64];
	unsigned char *room = alloca(size);
	unsigned char variable[size];
	int wrong = ((uintptr_t)aligned & 63) != 0;

	memset((void *)aligned, 1, sizeof aligned);
	memset(room, 2, size);
	memset(variable, 3, size);
	for (int i = 0; i < ROUNDS; i++)
		wrong += segue_send(co, room + i).value != room + i;
	for (size_t i = 0; i < sizeof aligned; i++)
		wrong += aligned[i] != 1;
	for (size_t i = 0; i < size; i++)
		wrong += (room[i] != 2) + (variable[i] != 3);
	return wrong;
}

static segue_result yield_from_odd_frame(void *arg)
{
	size_t size = (size_t)(uintptr_t)arg;
	_Alignas(64) volatile unsigned char aligned[64];
	unsigned char *room = alloca(size);
	unsigned char variable[size];
	void *value = NULL;
	int wrong = ((uintptr_t)aligned & 63) != 0;

	memset((void *)aligned, 4, sizeof aligned);
	memset(room, 5, size);
	memset(variable, 6, size);
	for (segue_result r = segue_yield(value); !r.raised; r = segue_yield(r.value))
		for (size_t i = 0; i < size; i++)
			wrong += (aligned[i % 64] != 4) + (room[i] != 5) + (variable[i] != 6);
	return segue_value((void *)(intptr_t)wrong);
}

static void frames_are_found_again(void **state)
{
	(void)state;
	for (size_t size = 1; size < 300; size += 37) {
		segue_coroutine *co = segue_coroutine_new(yield_from_odd_frame, (void *)(uintptr_t)(300 - size));
		segue_result end;
		int wrong;

		segue_send(co, NULL);
		wrong = send_from_odd_frame(co, size);
		end = segue_close(co);
		assert_int_equal(wrong, 0);
		assert_null(end.raised);
		assert_int_equal((intptr_t)end.value, 0);
		segue_unref(co);
	}
}

uintptr_t segue_probe_arrived[6];
segue_context segue_probe_left, *segue_probe_home;

/* Whatever inlined it, for another instruction set of the same ABI too: the words are in every register that may want them. */
static void what_another_compiler_inlined_gets_its_words(void **state)
{
	static _Alignas(64) struct {
		segue_context own, sender;
		segue_hot hot;
	} object;
	static _Alignas(64) unsigned char stack[16384];
	static char fp, base, value;
	unsigned char *sp = stack + sizeof stack / 2;

	(void)state;
	object.own = (segue_context){ sp, &fp, (void *)segue_probe_arrive, &base };
	segue_probe_home = &object.sender;
	segue_send((segue_coroutine *)(void *)&object.hot, &value);
	segue_arch_set_current(NULL); /* it came back by a bare switch */
	assert_int_equal(segue_probe_arrived[0], 0);
	assert_int_equal(segue_probe_arrived[1], (uintptr_t)&value);
	assert_int_equal(segue_probe_arrived[2], (uintptr_t)sp);
	assert_int_equal(segue_probe_arrived[3], (uintptr_t)&fp);
	assert_int_equal(segue_probe_arrived[4], (uintptr_t)&base);
	assert_int_equal(segue_probe_arrived[5], (uintptr_t)&fp);
}

/* ---- Many call sites, each its own place to go on -------------------------------------------------------------------- */

#define COUNT(n) v = segue_yield((void *)((uintptr_t)v + 1)).value;
#define SEND(n) v = segue_send(co, v).value;

static segue_result count_at_many_places(void *unused)
{
	void *v = NULL;

	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		EACH(COUNT)
	}
	return segue_value(v);
}

static void every_place_is_its_own(void **state)
{
	segue_coroutine *co = segue_coroutine_new(count_at_many_places, NULL);
	void *v = segue_send(co, NULL).value;

	(void)state;
	for (int i = 0; i < ROUNDS - 1; i++) {
		EACH(SEND)
	}
	assert_int_equal((uintptr_t)v, (ROUNDS - 1) * VALUES + 1);
	segue_unref(co);
}

/* ---- The rest of the protocol meets what is inlined ---------------------------------------------------------------------- */

static segue_result yield_twice(void *first)
{
	segue_result r = segue_yield(first);

	return r.raised ? segue_yield((void *)r.raised) : segue_yield(r.value);
}

static segue_result await_twice(void *first)
{
	segue_result r = segue_await(segue_coroutine_new(yield_twice, first));

	return r.raised ? r : segue_await(segue_coroutine_new(yield_twice, r.value));
}

static char words[4];

static void what_is_thrown_arrives(void **state)
{
	segue_coroutine *co = segue_coroutine_new(yield_twice, words);

	(void)state;
	assert_ptr_equal(segue_send(co, NULL).value, words);
	assert_ptr_equal(segue_throw(co, &segue_ValueError, words + 1).value, &segue_ValueError);
	assert_ptr_equal(segue_close(co).value, NULL);
	assert_int_equal(segue_state(co), SEGUE_CLOSED);
	segue_unref(co);
}

static void a_chain_is_sent_to_at_its_root(void **state)
{
	segue_coroutine *co = segue_coroutine_new(await_twice, words);
	segue_result r;

	(void)state;
	assert_ptr_equal(segue_send(co, NULL).value, words);
	assert_ptr_equal(segue_send(co, words + 1).value, words + 1);
	assert_ptr_equal(segue_send(co, words + 2).value, words + 2);
	assert_ptr_equal(segue_send(co, words + 3).value, words + 3);
	r = segue_send(co, words);
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_ptr_equal(r.value, words);
	segue_unref(co);
}

static segue_result relay(void *inner)
{
	segue_result r = segue_value(NULL);

	while (!r.raised)
		r = segue_yield(segue_send(inner, r.value).value);
	return r;
}

static void resumers_nest(void **state)
{
	segue_coroutine *co[10] = { segue_coroutine_new(count_at_many_places, NULL) };

	(void)state;
	for (int i = 1; i < 10; i++)
		co[i] = segue_coroutine_new(relay, co[i - 1]);
	assert_int_equal((uintptr_t)segue_send(co[9], NULL).value, 1);
	for (uintptr_t i = 1; i < 100; i++)
		assert_int_equal((uintptr_t)segue_send(co[9], (void *)i).value, i + 1);
	assert_null(segue_current());
	for (int i = 0; i < 10; i++)
		segue_unref(co[i]);
}

static void misuse_is_raised_as_ever(void **state)
{
	segue_coroutine *co = segue_coroutine_new(yield_twice, words);
	segue_result none = segue_send(NULL, NULL), outside = segue_yield(NULL), early = segue_send(co, words), late;

	(void)state;
	segue_close(co);
	late = segue_send(co, NULL);
	segue_unref(co);
	assert_ptr_equal(none.raised, &segue_MemoryError);
	assert_string_equal(segue_message(outside), "yield outside a coroutine");
	assert_string_equal(segue_message(early), "can't send non-None value to a just-started coroutine");
	assert_string_equal(segue_message(late), "cannot reuse already awaited coroutine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_registers_are_kept),
		cmocka_unit_test(frames_are_found_again),
		cmocka_unit_test(what_another_compiler_inlined_gets_its_words),
		cmocka_unit_test(every_place_is_its_own),
		cmocka_unit_test(what_is_thrown_arrives),
		cmocka_unit_test(a_chain_is_sent_to_at_its_root),
		cmocka_unit_test(resumers_nest),
		cmocka_unit_test(misuse_is_raised_as_ever),
	};

	return cmocka_run_group_tests_name("inline", tests, NULL, NULL);
}
