/* This run beside a saved one: peers' rows show whether it is the machine that got slower. */
#define _GNU_SOURCE
#include "compare.h"

#include <err.h>
#include <string.h>

static void warn_of(const char *what, const char *then, const char *now, const struct saved *saved)
{
	if (strcmp(then, now) != 0)
		warnx("%s was saved with another %s: %s, not %s", saved->file, what, then, now);
}

static void compare_row(FILE *file, const struct row *row, double then, const char *verdict)
{
	const struct summary *s = &row->summary;

	fprintf(file, "%-38s %9.2f %9.2f %9.3f %7.1f%%%s\n", row->name, then, s->median_ns, s->median_ns / then, 100 * s->spread, verdict);
}

size_t compare(FILE *file, const struct report *report, const struct saved *saved, int tolerance)
{
	double limit = 1 + tolerance / 100.0;
	size_t slower = 0;

	warn_of("processor", saved->machine.cpu, report->machine.cpu, saved);
	warn_of("kernel", saved->machine.kernel, report->machine.kernel, saved);
	warn_of("compiler", saved->machine.compiler, report->machine.compiler, saved);
	fprintf(file, "\nBeside %s, of %s:\n%-38s %9s %9s %9s %8s\n", saved->file, saved->machine.date, "", "then", "now", "ratio", "spread");
	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];
		const struct saved_row *then = find_saved(saved, row->name);
		if (!then)
			continue;
		double ratio = row->summary.median_ns / then->median_ns;
		compare_row(file, row, then->median_ns, ratio > limit ? "  slower" : ratio < 1 / limit ? "  faster" : "");
		slower += row->peer->ours && ratio > limit;
	}
	return slower;
}
