/* The figures as CSV. */
#include "report.h"

#include <math.h>

/* A number, or nothing where it is not known. */
static void put_number(FILE *file, double number, int digits)
{
	fputc(',', file);
	if (!isnan(number))
		fprintf(file, "%.*f", digits, number);
}

static void put_row(FILE *file, const struct row *row, int repetitions)
{
	const struct summary *s = &row->summary;

	fprintf(file, "%s,%s,%.4f,%.4f,%.5f", row->name, row->peer->library, s->median_ns, s->min_ns, s->spread);
	for (int i = 0; i < COUNTERS; i++)
		put_number(file, s->counts[i], 5);
	fprintf(file, ",%d,%ju,%zu", repetitions, (uintmax_t)row->rounds, row->benchmark->size);
	put_number(file, row->footprint.resident, 1);
	put_number(file, row->footprint.page_tables, 1);
	put_number(file, row->footprint.mappings, 0);
	fputc('\n', file);
}

void report_csv(FILE *file, const struct report *report)
{
	fputs("name,library,median_ns,min_ns,spread", file);
	for (int i = 0; i < COUNTERS; i++)
		fprintf(file, ",%s", counter_names[i]);
	fputs(",repetitions,rounds,size,resident_bytes,page_table_bytes,mappings\n", file);
	for (size_t i = 0; i < report->count; i++)
		put_row(file, &report->rows[i], report->repetitions);
}
