/* Every register that the psABI calls callee-saved has its value after a switch, on both sides. The list comes from
   tests/psabi/<cpu>, through the preprocessor, and not from the stub: what it names must be among what the probe fills. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_headers.h"
#include "probe.h"

static int filled(const char *name)
{
	for (const char *n = segue_probe_names; *n; n += strlen(n) + 1)
		if (strcmp(n, name) == 0)
			return 1;
	return 0;
}

static void the_probe_fills_every_register_of_the_psabi(void **state)
{
	char line[200], name[32];
	int registers = 0;
	FILE *list = fopen(PSABI_LIST, "r");

	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof line, list))
		if (sscanf(line, " %31[a-z0-9] |", name) == 1) {
			registers++;
			if (!filled(name))
				fail_msg("the probe does not fill %s", name);
		}
	fclose(list);
	assert_true(registers > 0);
}

static void no_register_is_lost(void **state)
{
	static const char *const sides[] = { "the main side", "the other side" };
	const struct report *r = probe();
	int lost = 0;

	(void)state;
	for (int side = 0; side < 2; side++) {
		const char *name = segue_probe_names;
		for (size_t i = 0; i < r->count; i++, name += strlen(name) + 1)
			if (r->lost[side][i]) {
				print_error("lost on %s: %s\n", sides[side], name);
				lost++;
			}
	}
	assert_int_equal(lost, 0);
	assert_true(r->count > 0 && r->count <= PROBE_MOST);
	assert_true(r->values_ok);
}

static void the_first_frame_is_as_the_abi_wants_it(void **state)
{
	const struct report *r = probe();

	(void)state;
	assert_int_equal(r->misaligned, 0);
	assert_true(r->argument_ok);
	assert_true(r->first_value_ok);
}

static void what_no_stub_suspended_gets_its_words(void **state)
{
	static const char *const words[] = { "raised", "value", "sp", "fp", "base", "the other fp" };
	const struct report *r = probe();

	(void)state;
	for (int i = 0; i < 6; i++)
		if (r->arrived_wrong[i])
			fail_msg("%s did not arrive", words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probe_fills_every_register_of_the_psabi),
		cmocka_unit_test(no_register_is_lost),
		cmocka_unit_test(what_no_stub_suspended_gets_its_words),
		cmocka_unit_test(the_first_frame_is_as_the_abi_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
