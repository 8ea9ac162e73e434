/* The register probe where there is no libc: tests/freestanding.sh builds and runs it. The exit status says what is wrong. */
#include <errno.h>
#include "probe.h"

enum { NOT_FILLED = 1, LOST_ON_THE_MAIN_SIDE = 2, LOST_ON_THE_OTHER_SIDE = 4, WRONG_VALUES = 8, WRONG_FIRST_FRAME = 16 };

int errno; /* which src/context.c sets */

/* The names in tests/psabi/<cpu>, one after the other; an empty one ends them. */
static const char psabi[] =
#include "psabi_names.h"
;

static const char *after(const char *name)
{
	while (*name)
		name++;
	return name + 1;
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static int filled(const char *name)
{
	const char *n = segue_probe_names;

	while (*n && !same(n, name))
		n = after(n);
	return *n != 0;
}

static int lost(const struct report *r, int side)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->lost[side][i])
			return 1;
	return 0;
}

int main(void)
{
	const struct report *r = probe();
	int wrong = 0;

	for (const char *name = psabi; *name; name = after(name))
		if (!filled(name))
			wrong |= NOT_FILLED;
	if (lost(r, 0))
		wrong |= LOST_ON_THE_MAIN_SIDE;
	if (lost(r, 1))
		wrong |= LOST_ON_THE_OTHER_SIDE;
	if (!r->values_ok || r->count == 0 || r->count > PROBE_MOST)
		wrong |= WRONG_VALUES;
	if (r->misaligned || !r->argument_ok || !r->first_value_ok)
		wrong |= WRONG_FIRST_FRAME;
	return wrong;
}
