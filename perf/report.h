/* What a run found, for people and for programs. */
#ifndef SEGUE_PERF_REPORT_H
#define SEGUE_PERF_REPORT_H

#include <stdio.h>

#include "machine.h"
#include "measure.h"

struct report {
	struct machine machine;
	const char *no_counters; /* why not; NULL where there are some */
	const struct row *rows;  /* those of a benchmark stand together */
	size_t count;
	int repetitions;
};

void report_table(FILE *file, const struct report *report);
void report_csv(FILE *file, const struct report *report);
void report_json(FILE *file, const struct report *report);

#endif
