/* Switches to and fro with every callee-saved register full, and reports what was lost. Needs no libc. */
#include "probe.h"

enum { ROUNDS = 100 };

static struct side {
	uintptr_t fill[PROBE_MOST], found[PROBE_MOST];
} sides[2];
static segue_context contexts[2];
static unsigned char stack[16384];
static char values[ROUNDS + 1];
static struct report report;

static uintptr_t random_word(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uintptr_t)x;
}

static size_t count(void)
{
	size_t n = 0;

	for (const char *name = segue_probe_names; *name; name++, n++)
		while (*name)
			name++;
	return n;
}

/* One switch away from this side and back. */
static void *cross(int me, void *value)
{
	struct side *s = &sides[me];

	for (size_t i = 0; i < report.count; i++) {
		s->fill[i] = random_word();
		s->found[i] = ~s->fill[i];
	}
	value = segue_probe_switch(&contexts[me], &contexts[!me], value, s->fill, s->found);
	for (size_t i = 0; i < report.count; i++)
		if (s->found[i] != s->fill[i])
			report.lost[me][i]++;
	return value;
}

static void other(void *arg, void *value)
{
	_Alignas(16) volatile unsigned char aligned[16];

	report.misaligned = (uintptr_t)aligned % 16;
	report.argument_ok = arg == &report;
	report.first_value_ok = value == values;
	for (;;)
		value = cross(1, (char *)value + 1);
}

uintptr_t segue_probe_arrived[6];
segue_context segue_probe_left, *segue_probe_home;

static void arrive(void)
{
	char *sp = (char *)(stack + sizeof stack) - (uintptr_t)(stack + sizeof stack) % 64;
	uintptr_t fp = random_word(), base = random_word();
	segue_context foreign = { sp, (void *)fp, (void *)segue_probe_arrive, (void *)base };
	const uintptr_t right[6] = { (uintptr_t)values, (uintptr_t)values, (uintptr_t)sp, fp, base, fp };

	segue_probe_home = &contexts[0];
	segue_probe_switch(&contexts[0], &foreign, values, sides[0].fill, sides[0].found);
	for (int i = 0; i < 6; i++)
		report.arrived_wrong[i] = segue_probe_arrived[i] != right[i];
}

const struct report *probe(void)
{
	void *value = values;

	report.count = count();
	segue_context_make(&contexts[1], stack, sizeof stack, other, &report);
	for (int i = 0; i < ROUNDS; i++)
		value = cross(0, value);
	arrive();
	report.values_ok = value == values + ROUNDS;
	return &report;
}
