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
	size_t count, left_out;  /* those that were left out follow the others */
	int repetitions;
};

/** Whether this row is the one that tells its population's memory, which all rows of it have: where there are enough for it to mean
 * something. */
bool tells_memory(const struct row *row);

/** Whether no row before this one of those left out is of the same population. */
bool is_first_left_out(const struct report *report, size_t which);

/** The peer's row of this benchmark; NULL: none. */
const struct row *find_row(const struct report *report, const struct peer *peer, const struct benchmark *benchmark);

void report_table(FILE *file, const struct report *report);
void report_csv(FILE *file, const struct report *report);
void report_json(FILE *file, const struct report *report);
void report_markdown(FILE *file, const struct report *report);

#endif
