/* The figures as Markdown: tables with a column a peer. */
#include "config.h"
#include "report.h"

#include <math.h>

static const struct section {
	const char *title;
	enum kind first, last;
} sections[] = {
	{ "Round trips, ns", TRIPS, TRIPS_D },
	{ "Lives, ns", LIVES, FRESH_FIRSTS },
	{ "Round trips through awaits, ns", AWAITS, AWAITS },
	{ "Many coroutines, each resumed in turn, ns a round trip", ROBIN, ROBIN_AHEAD },
};

static bool is_in(const struct section *section, const struct row *row, const struct peer *peer)
{
	return row->benchmark->kind >= section->first && row->benchmark->kind <= section->last && (!peer || row->peer == peer);
}

static bool has_any(const struct report *report, const struct section *section, const struct peer *peer)
{
	for (size_t i = 0; i < report->count; i++)
		if (is_in(section, &report->rows[i], peer))
			return true;
	return false;
}

static void put_heading(FILE *file, const struct report *report, const struct section *section)
{
	fprintf(file, "\n%s:\n\n|", section->title);
	for (const struct peer *const *peer = peers; *peer; peer++)
		if (!has_any(report, section, *peer))
			continue;
		else if ((*peer)->ours)
			fprintf(file, " | %s%s", (*peer)->prefix, (*peer)->round_trip);
		else
			fprintf(file, " | %s", (*peer)->library);
	fputs(" |\n|---", file);
	for (const struct peer *const *peer = peers; *peer; peer++)
		if (has_any(report, section, *peer))
			fputs("|---:", file);
	fputs("|\n", file);
}

static void put_line(FILE *file, const struct report *report, const struct section *section, const struct benchmark *benchmark)
{
	fprintf(file, "| %s%s", benchmark->name ? benchmark->name : "round trip", benchmark->suffix);
	for (const struct peer *const *peer = peers; *peer; peer++) {
		const struct row *row = find_row(report, *peer, benchmark);
		if (row)
			fprintf(file, " | %.*f", row->summary.median_ns < 1000 ? 1 : 0, row->summary.median_ns);
		else if (has_any(report, section, *peer))
			fputs(" |", file);
	}
	fputs(" |\n", file);
}

static void put_section(FILE *file, const struct report *report, const struct section *section)
{
	const struct benchmark *before = NULL;

	if (!has_any(report, section, NULL))
		return;
	put_heading(file, report, section);
	for (size_t i = 0; i < report->count; i++)
		if (is_in(section, &report->rows[i], NULL) && report->rows[i].benchmark != before) {
			before = report->rows[i].benchmark;
			put_line(file, report, section, before);
		}
}

static void put_number(FILE *file, double number)
{
	if (isnan(number))
		fputs(" |", file);
	else
		fprintf(file, " | %.0f", number);
}

static void put_memory(FILE *file, const struct report *report)
{
	bool any = false;

	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];
		if (!tells_memory(row))
			continue;
		if (!any)
			fputs("\nMemory of each, bytes, and the mappings of the whole process:\n\n"
			      "| | resident | page tables | mappings |\n|---|---:|---:|---:|\n", file);
		any = true;
		fprintf(file, "| %s", row->name);
		put_number(file, row->footprint.resident);
		put_number(file, row->footprint.page_tables);
		put_number(file, row->footprint.mappings);
		fputs(" |\n", file);
	}
}

void report_markdown(FILE *file, const struct report *report)
{
	const struct machine *m = &report->machine;

	fprintf(file, "segue %s, %s, %s, %s, %.10s; medians of %d repetitions", PACKAGE_VERSION, m->cpu, m->kernel, m->compiler, m->date,
		report->repetitions);
	fputs(m->pinned == NO_CPU ? ".\n" : ", on one CPU.\n", file);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		put_section(file, report, &sections[i]);
	put_memory(file, report);
	for (size_t i = 0; i < report->left_out; i++)
		if (is_first_left_out(report, i))
			fprintf(file, "%s- %s was left out: %s\n", i ? "" : "\n", report->rows[report->count + i].name,
				report->rows[report->count + i].left_out);
}
