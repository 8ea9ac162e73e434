/* The tables for people. */
#include "config.h"
#include "report.h"

#include <math.h>
#include <string.h>

const struct row *find_row(const struct report *report, const struct peer *peer, const struct benchmark *benchmark)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i].peer == peer && report->rows[i].benchmark == benchmark)
			return &report->rows[i];
	return NULL;
}

static void print_machine(FILE *file, const struct report *report)
{
	const struct machine *m = &report->machine;

	fprintf(file, "segue %s; %s; %s; %s; %s\n", PACKAGE_VERSION, m->cpu, m->kernel, m->compiler, m->date);
	fprintf(file, "%d repetitions, ", report->repetitions);
	if (m->pinned == NO_CPU)
		fputs("on any CPU\n", file);
	else
		fprintf(file, "on CPU %d\n", m->pinned);
	if (report->no_counters)
		fprintf(file, "no hardware counters: %s\n", report->no_counters);
	if (absent_peers[0]) {
		fputs("not found when this was configured:", file);
		for (const char *const *name = absent_peers; *name; name++)
			fprintf(file, " %s%s", *name, name[1] ? "," : "\n");
	}
}

static void print_count(FILE *file, double count, int digits)
{
	if (isnan(count))
		fprintf(file, " %9s", "-");
	else
		fprintf(file, " %9.*f", digits, count);
}

static void print_row(FILE *file, const struct row *row, int with_counters)
{
	const struct summary *s = &row->summary;

	fprintf(file, "%-38s %9.2f %9.2f %7.1f%%", row->name, s->median_ns, s->min_ns, 100 * s->spread);
	if (with_counters) {
		print_count(file, s->counts[CYCLES], 1);
		print_count(file, s->counts[INSTRUCTIONS], 1);
		print_count(file, s->counts[BRANCH_MISSES], 3);
	}
	fputc('\n', file);
}

static void print_rows(FILE *file, const struct report *report)
{
	fprintf(file, "\n%-38s %9s %9s %8s", "", "median ns", "minimum", "spread");
	if (!report->no_counters)
		fprintf(file, " %9s %9s %9s", "cycles", "instr.", "br.misses");
	fputc('\n', file);
	for (size_t i = 0; i < report->count; i++) {
		if (i > 0 && report->rows[i].benchmark != report->rows[i - 1].benchmark)
			fputc('\n', file);
		print_row(file, &report->rows[i], !report->no_counters);
	}
}

enum { ENOUGH = 256 }; /* what a process has once weighs little by then */

bool tells_memory(const struct row *row)
{
	return row->benchmark->kind == ROBIN && !row->benchmark->shuffled && row->benchmark->size >= ENOUGH;
}

static void print_bytes(FILE *file, double bytes)
{
	if (isnan(bytes))
		fprintf(file, " %14s", "-");
	else
		fprintf(file, " %14.0f", bytes);
}

static void print_memory(FILE *file, const struct report *report)
{
	int any = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];
		if (!tells_memory(row))
			continue;
		if (!any++)
			fprintf(file, "\nBytes a coroutine:%20s %14s %14s %14s\n", "", "resident", "page tables", "(mappings)");
		fprintf(file, "%-38s", row->name);
		print_bytes(file, row->footprint.resident);
		print_bytes(file, row->footprint.page_tables);
		print_bytes(file, row->footprint.mappings);
		fputc('\n', file);
	}
}

bool is_first_left_out(const struct report *report, size_t which)
{
	const struct row *rows = report->rows + report->count;

	for (size_t i = 0; i < which; i++)
		if (rows[i].peer == rows[which].peer && rows[i].benchmark->size == rows[which].benchmark->size)
			return false;
	return true;
}

static void print_left_out(FILE *file, const struct report *report)
{
	for (size_t i = 0; i < report->left_out; i++) {
		const struct row *row = &report->rows[report->count + i];
		if (is_first_left_out(report, i))
			fprintf(file, "%s%s was left out: %s\n", i ? "" : "\n", row->name, row->left_out);
	}
}

static int has_rows(const struct report *report, const struct peer *peer)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i].peer == peer)
			return 1;
	return 0;
}

static void print_ratios_of(FILE *file, const struct report *report, const struct row *base)
{
	fprintf(file, "%-38s", base->name);
	for (const struct peer *const *peer = peers; *peer; peer++) {
		const struct row *row = find_row(report, *peer, base->benchmark);
		if ((*peer)->ours || !has_rows(report, *peer))
			continue;
		if (row)
			fprintf(file, " %14.2f", ratio(row, base, report->repetitions));
		else
			fprintf(file, " %14s", "-");
	}
	fputc('\n', file);
}

/* Whether it is a row of ours, and there is another's to compare it with. */
static int compares(const struct report *report, const struct row *base)
{
	for (size_t i = 0; i < report->count; i++)
		if (base->peer->ours && !report->rows[i].peer->ours && report->rows[i].benchmark == base->benchmark)
			return 1;
	return 0;
}

static void print_ratios(FILE *file, const struct report *report)
{
	size_t first = 0;

	while (first < report->count && !compares(report, &report->rows[first]))
		first++;
	if (first == report->count)
		return;
	fprintf(file, "\nHow many times as long the peers take, the median over the repetitions:\n%-38s", "");
	for (const struct peer *const *peer = peers; *peer; peer++)
		if (!(*peer)->ours && has_rows(report, *peer))
			fprintf(file, " %14s", (*peer)->library);
	fputc('\n', file);
	for (size_t i = first; i < report->count; i++)
		if (compares(report, &report->rows[i]))
			print_ratios_of(file, report, &report->rows[i]);
}

void report_table(FILE *file, const struct report *report)
{
	print_machine(file, report);
	print_rows(file, report);
	print_memory(file, report);
	print_ratios(file, report);
	print_left_out(file, report);
}
