/* The table, the ratios, CSV and JSON. */
#include "config.h"
#include "report.h"

#include <math.h>
#include <string.h>

static const struct row *find_row(const struct report *report, const struct peer *peer, const struct benchmark *benchmark)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->rows[i].peer == peer && report->rows[i].benchmark == benchmark)
			return &report->rows[i];
	return NULL;
}

/* ---- For people ------------------------------------------------------------------------------------------------- */

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

	fprintf(file, "%-36s %9.2f %9.2f %7.1f%%", row->name, s->median_ns, s->min_ns, 100 * s->spread);
	if (with_counters) {
		print_count(file, s->counts[CYCLES], 1);
		print_count(file, s->counts[INSTRUCTIONS], 1);
		print_count(file, s->counts[BRANCH_MISSES], 3);
	}
	fputc('\n', file);
}

static void print_rows(FILE *file, const struct report *report)
{
	fprintf(file, "\n%-36s %9s %9s %8s", "", "median ns", "minimum", "spread");
	if (!report->no_counters)
		fprintf(file, " %9s %9s %9s", "cycles", "instr.", "br.misses");
	fputc('\n', file);
	for (size_t i = 0; i < report->count; i++) {
		if (i > 0 && report->rows[i].benchmark != report->rows[i - 1].benchmark)
			fputc('\n', file);
		print_row(file, &report->rows[i], !report->no_counters);
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
	fprintf(file, "%-36s", base->name);
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
	fprintf(file, "\nHow many times as long the peers take, the median over the repetitions:\n%-36s", "");
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
	print_ratios(file, report);
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

void report_csv(FILE *file, const struct report *report)
{
	fputs("name,library,median_ns,min_ns,spread", file);
	for (int i = 0; i < COUNTERS; i++)
		fprintf(file, ",%s", counter_names[i]);
	fputs(",repetitions,rounds\n", file);
	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];
		const struct summary *s = &row->summary;

		fprintf(file, "%s,%s,%.4f,%.4f,%.5f", row->name, row->peer->library, s->median_ns, s->min_ns, s->spread);
		for (int j = 0; j < COUNTERS; j++)
			if (isnan(s->counts[j]))
				fputc(',', file);
			else
				fprintf(file, ",%.5f", s->counts[j]);
		fprintf(file, ",%d,%ju\n", report->repetitions, (uintmax_t)row->rounds);
	}
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c >= 0x7f) /* what a kernel says need not be UTF-8 */
			fprintf(file, "\\u%04x", c);
		else
			fprintf(file, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	fputc('"', file);
}

static void json_member(FILE *file, const char *name, const char *value)
{
	fprintf(file, "\"%s\": ", name);
	json_string(file, value);
}

static void json_machine(FILE *file, const struct report *report)
{
	const struct machine *m = &report->machine;

	fputs("  ", file);
	json_member(file, "segue", PACKAGE_VERSION);
	fputs(",\n  \"machine\": {", file);
	json_member(file, "cpu", m->cpu);
	fputs(", ", file);
	json_member(file, "kernel", m->kernel);
	fputs(", ", file);
	json_member(file, "compiler", m->compiler);
	fputs(", \"pinned\": ", file);
	if (m->pinned == NO_CPU)
		fputs("null},\n  ", file);
	else
		fprintf(file, "%d},\n  ", m->pinned);
	json_member(file, "date", m->date);
	fprintf(file, ",\n  \"repetitions\": %d,\n  \"no_counters\": ", report->repetitions);
	if (report->no_counters)
		json_string(file, report->no_counters);
	else
		fputs("null", file);
	fputs(",\n", file);
}

static void json_row(FILE *file, const struct report *report, const struct row *row)
{
	const struct summary *s = &row->summary;

	fputs("    {", file);
	json_member(file, "name", row->name);
	fputs(", ", file);
	json_member(file, "library", row->peer->library);
	fprintf(file, ", \"rounds\": %ju, \"median_ns\": %.4f, \"min_ns\": %.4f, \"spread\": %.5f", (uintmax_t)row->rounds,
		s->median_ns, s->min_ns, s->spread);
	for (int i = 0; i < COUNTERS; i++)
		if (isnan(s->counts[i]))
			fprintf(file, ", \"%s\": null", counter_names[i]);
		else
			fprintf(file, ", \"%s\": %.5f", counter_names[i], s->counts[i]);
	fputs(",\n     \"ns\": [", file);
	for (int i = 0; i < report->repetitions; i++)
		fprintf(file, "%s%.4f", i ? ", " : "", row->ns[i]);
	fputs("]}", file);
}

/* Those of each row of segue's to each peer's. */
static void json_ratios(FILE *file, const struct report *report)
{
	const char *separator = "";

	fputs("  \"ratios\": [", file);
	for (size_t i = 0; i < report->count; i++)
		for (size_t j = 0; j < report->count; j++) {
			const struct row *base = &report->rows[i], *row = &report->rows[j];
			if (!base->peer->ours || row->peer->ours || row->benchmark != base->benchmark)
				continue;
			fprintf(file, "%s\n    {", separator);
			json_member(file, "name", row->name);
			fputs(", ", file);
			json_member(file, "to", base->name);
			fprintf(file, ", \"ratio\": %.4f}", ratio(row, base, report->repetitions));
			separator = ",";
		}
	fputs("\n  ]\n", file);
}

void report_json(FILE *file, const struct report *report)
{
	fputs("{\n", file);
	json_machine(file, report);
	fputs("  \"rows\": [", file);
	for (size_t i = 0; i < report->count; i++) {
		fputs(i ? ",\n" : "\n", file);
		json_row(file, report, &report->rows[i]);
	}
	fputs("\n  ],\n", file);
	json_ratios(file, report);
	fputs("}\n", file);
}
