/* The bare switch: values, many contexts, memory of the caller's, bad arguments. */
#include <errno.h>
#include <string.h>

#include "cmocka_headers.h"
#include "on_valgrind.h"
#include "segue/context.h"

enum { CONTEXTS = 5, LAPS = 1000, STACK = 16384 };

static struct ring {
	segue_context context;
	_Alignas(64) unsigned char stack[STACK];
	int visits;
} ring[CONTEXTS];
static segue_context outside;

/* Hands the value, one more each time, on to the next; the last one to the first, until it is time to leave. */
static void run_round(void *arg, void *value)
{
	struct ring *me = arg;
	struct ring *next = me + 1 < ring + CONTEXTS ? me + 1 : ring;

	for (;;) {
		uintptr_t n = (uintptr_t)value + 1;
		me->visits++;
		value = segue_context_switch(&me->context, n == CONTEXTS * LAPS ? &outside : &next->context, (void *)n);
	}
}

static void contexts_hand_a_value_round(void **state)
{
	(void)state;
	for (int i = 0; i < CONTEXTS; i++)
		assert_int_equal(segue_context_make(&ring[i].context, ring[i].stack, STACK, run_round, &ring[i]), 0);
	assert_ptr_equal(segue_context_switch(&outside, &ring[0].context, NULL), (void *)(uintptr_t)(CONTEXTS * LAPS));
	for (int i = 0; i < CONTEXTS; i++)
		assert_int_equal(ring[i].visits, LAPS);
}

static void a_context_may_be_moved_while_it_is_suspended(void **state)
{
	segue_context moved;

	(void)state;
	segue_context_make(&ring[0].context, ring[0].stack, STACK, run_round, &ring[CONTEXTS - 1]);
	ring[CONTEXTS - 1].visits = 0;
	moved = ring[0].context;
	memset(&ring[0].context, 0xff, sizeof ring[0].context);
	/* it goes on as the last of the ring, and from there outside */
	segue_context_switch(&outside, &moved, (void *)(uintptr_t)(CONTEXTS * LAPS - 1));
	assert_int_equal(ring[CONTEXTS - 1].visits, 1);
}

static void say_hello(void *arg, void *value)
{
	*(void **)arg = value;
	segue_context_switch(&ring[0].context, &outside, arg);
}

static void any_alignment_and_size_of_stack_will_do(void **state)
{
	(void)state;
	for (size_t offset = 0; offset < 40; offset++) {
		void *said = NULL;
		size_t size = STACK - offset - offset / 2;
		memset(ring[0].stack, 0xa5, STACK);
		assert_int_equal(segue_context_make(&ring[0].context, ring[0].stack + offset, size, say_hello, &said), 0);
		assert_ptr_equal(segue_context_switch(&outside, &ring[0].context, &said), &said);
		assert_ptr_equal(said, &said);
		for (size_t i = 0; i < offset / 2; i++)
			assert_int_equal(ring[0].stack[STACK - 1 - i], 0xa5);
	}
}

static void bad_arguments_are_refused(void **state)
{
	const struct {
		segue_context *context;
		void *stack;
		size_t size;
		segue_context_entry *entry;
	} bad[] = {
		{ NULL, ring[0].stack, STACK, say_hello },
		{ &ring[0].context, NULL, STACK, say_hello },
		{ &ring[0].context, ring[0].stack, STACK, NULL },
		{ &ring[0].context, ring[0].stack, 0, say_hello },
		{ &ring[0].context, ring[0].stack, 16, say_hello },
		{ &ring[0].context, ring[0].stack, SIZE_MAX, say_hello },
		{ &ring[0].context, ring[0].stack, SIZE_MAX - (uintptr_t)ring[0].stack + 1, say_hello },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		errno = 0;
		assert_int_equal(segue_context_make(bad[i].context, bad[i].stack, bad[i].size, bad[i].entry, NULL), -1);
		assert_int_equal(errno, EINVAL);
	}
}

/* Stacks so near each other look to Valgrind like one that grows, if nobody tells it. */
static int tell_valgrind(void **state)
{
	(void)state;
	for (int i = 0; i < CONTEXTS; i++)
		(void)VALGRIND_STACK_REGISTER(ring[i].stack, ring[i].stack + STACK);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contexts_hand_a_value_round),
		cmocka_unit_test(a_context_may_be_moved_while_it_is_suspended),
		cmocka_unit_test(any_alignment_and_size_of_stack_will_do),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, tell_valgrind, NULL);
}
