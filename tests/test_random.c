/* A hundred thousand random operations, each compared with a model, and as many in coroutines that await, compared with awaiting as PEP
   380 spells it out. SEGUE_TEST_SEED and SEGUE_TEST_OPERATIONS choose others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains.h"

#include "cmocka_headers.h"
#include "operations.h"

enum { PROGRAM = 300, WORDS = 18 }; /* operations of a program with chains */

/* What awaiting may raise. */
static const char *const words[WORDS] = {
	"object Thing can't be used in 'await' expression",
	"object generator can't be used in 'await' expression",
	"'Thing' object is not iterable",
	"cannot 'yield from' a coroutine object in a non-coroutine generator",
	"__await__() returned a coroutine",
	"__await__() returned non-iterator of type 'Thing'",
	"'Thing' object has no attribute 'send'",
	"coroutine is being awaited already",
	"cannot reuse already awaited coroutine",
	"coroutine already executing",
	"generator already executing",
	"coroutine ignored GeneratorExit",
	"generator ignored GeneratorExit",
	"coroutine raised StopIteration",
	"generator raised StopIteration",
	"can't send non-None value to a just-started coroutine",
	"can't send non-None value to a just-started generator",
};

struct random {
	struct choices choices;
	uint64_t state; /* xorshift64: not 0 */
};

static unsigned random_choice(struct choices *c, unsigned n)
{
	uint64_t *x = &((struct random *)c)->state;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (unsigned)(*x >> 33) % n;
}

static unsigned long long number(const char *variable, unsigned long long otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Scrambled, so that seeds that are near each other give other runs. */
static struct random seeded(unsigned long long seed)
{
	struct random r = { { random_choice, false }, (seed + 1) * 0x9e3779b97f4a7c15u | 1 };

	return r;
}

static void every_operation_ends_as_the_model_says(void **state)
{
	unsigned long long seed = number("SEGUE_TEST_SEED", 3131), most = number("SEGUE_TEST_OPERATIONS", 100000);
	struct random random = seeded(seed);
	const struct outcome *o = operate_at_random(&random.choices, (long)most);

	(void)state;
	print_message("seed %llu, %ld operations\n", seed, o->operations);
	if (o->failure)
		fail_msg("operation %ld: %s (tests/operations.c:%d); SEGUE_TEST_SEED=%llu", o->operations, o->failure, o->line, seed);
	assert_int_equal(o->operations, most);
}

/* Or the test above would say less than it seems to. */
static void the_rare_things_happen(void **state)
{
	static const char *const names[EVENTS] = {
		[NESTED] = "nested sends, several deep",
		[IGNORED_EXIT] = "GeneratorExit ignored",
		[DROPPED_ITSELF] = "the last reference dropped while it ran",
		[ABANDONED] = "abandoned as it ignored the close",
		[CLOSED_TWICE] = "closed, and closed once more as that dropped it",
		[TAKEN_BACK] = "a reference taken when there was none",
		[DROPPED_UNSTARTED] = "dropped before it started",
		[DROPPED_SUSPENDED] = "dropped while suspended",
		[BECAME_RUNTIME_ERROR] = "StopIteration out of a body",
		[STARTED_WITH_VALUE] = "a value to one that has not started",
		[OPERATED_ON_RUNNING] = "an operation on one that runs",
		[OPERATED_ON_CLOSED] = "an operation on one that has ended",
	};
	struct random random = seeded(7);
	const struct outcome *o = operate_at_random(&random.choices, 50000);

	(void)state;
	assert_null(o->failure);
	for (int i = 0; i < EVENTS; i++)
		if (o->events[i] < 3)
			fail_msg("%ld times: %s", o->events[i], names[i]);
}

static void awaiting_is_as_pep_380_spells_it_out(void **state)
{
	unsigned long long seed = number("SEGUE_TEST_SEED", 3131), most = number("SEGUE_TEST_OPERATIONS", 100000);
	unsigned long long operations = 0;

	(void)state;
	for (; operations < most; seed++) {
		struct random random = seeded(seed);
		const struct played *p = play_twice(&random.choices, PROGRAM);
		operations += (unsigned long long)p->operations;
		if (p->failure)
			fail_msg("operation %ld: %s: event %d, '%s' of %d; SEGUE_TEST_SEED=%llu SEGUE_TEST_OPERATIONS=1", p->operations, p->failure,
				 p->number, p->event ? p->event : "none", p->who, seed);
	}
	print_message("%llu operations, up to seed %llu\n", operations, seed);
}

static void count_words(long *times, const struct played *p)
{
	for (int i = 0; p->words[i]; i++)
		for (int j = 0; words[j]; j++)
			times[j] += strcmp(p->words[i], words[j]) ? 0 : p->times[i];
}

static void the_rare_things_happen_in_chains(void **state)
{
	static const char *const names[CHAIN_EVENTS] = {
		[AWAITED_DEEP] = "an await four deep",
		[SENT_TO_MEMBER] = "something sent to one that is awaited",
		[CLOSED_MEMBER] = "one closed that is awaited",
		[ABANDONED_AWAITING] = "one abandoned that awaits another",
		[RELEASED] = "a value that nobody took",
	};
	long events[CHAIN_EVENTS] = { 0 }, times[WORDS] = { 0 };

	(void)state;
	for (unsigned long long seed = 1; seed < 150; seed++) {
		struct random random = seeded(seed);
		const struct played *p = play_twice(&random.choices, PROGRAM);
		assert_null(p->failure);
		for (int i = 0; i < CHAIN_EVENTS; i++)
			events[i] += p->events[i];
		count_words(times, p);
	}
	for (int i = 0; i < CHAIN_EVENTS; i++)
		if (events[i] < 2)
			fail_msg("%ld times: %s", events[i], names[i]);
	for (int i = 0; words[i]; i++)
		if (times[i] < 2)
			fail_msg("%ld times: %s", times[i], words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_ends_as_the_model_says),
		cmocka_unit_test(the_rare_things_happen),
		cmocka_unit_test(awaiting_is_as_pep_380_spells_it_out),
		cmocka_unit_test(the_rare_things_happen_in_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
