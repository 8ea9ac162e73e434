/* The figures as JSON. */
#include "config.h"
#include "report.h"

#include <math.h>

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

/* After another member. null: not known. */
static void json_number(FILE *file, const char *name, double value, int digits)
{
	if (isnan(value))
		fprintf(file, ", \"%s\": null", name);
	else
		fprintf(file, ", \"%s\": %.*f", name, digits, value);
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
		json_number(file, counter_names[i], s->counts[i], 5);
	fprintf(file, ",\n     \"size\": %zu", row->benchmark->size);
	json_number(file, "resident_bytes", row->footprint.resident, 1);
	json_number(file, "page_table_bytes", row->footprint.page_tables, 1);
	json_number(file, "mappings", row->footprint.mappings, 0);
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
	fputs("\n  ],\n", file);
}

static void json_left_out(FILE *file, const struct report *report)
{
	fputs("  \"left_out\": [", file);
	for (size_t i = 0; i < report->left_out; i++) {
		const struct row *row = &report->rows[report->count + i];
		fputs(i ? ",\n    {" : "\n    {", file);
		json_member(file, "name", row->name);
		fputs(", ", file);
		json_member(file, "why", row->left_out);
		fputc('}', file);
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
	json_left_out(file, report);
	fputs("}\n", file);
}
