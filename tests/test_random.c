/* A hundred thousand random operations, each compared with a model. SEGUE_TEST_SEED and SEGUE_TEST_OPERATIONS choose others. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_headers.h"
#include "operations.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_ends_as_the_model_says),
		cmocka_unit_test(the_rare_things_happen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
