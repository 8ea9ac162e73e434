/* Rows: one benchmark by one peer each, and what was measured of it. */
#ifndef SEGUE_PERF_MEASURE_H
#define SEGUE_PERF_MEASURE_H

#include "counters.h"
#include "memory.h"
#include "peers.h"

/** Of the repetitions. `spread` is the middle half of them, its width as a share of the median. */
struct summary {
	double median_ns, min_ns, spread;
	double counts[COUNTERS]; /* medians; NAN where not counted */
};

/** All figures are of one round. */
struct row {
	char name[48];
	const struct peer *peer;
	const struct benchmark *benchmark;
	const struct work *work;
	uintptr_t rounds;       /* a repetition */
	double *ns;             /* by repetition */
	double (*counts)[COUNTERS];
	struct summary summary;
	void *on;               /* what prepare() made; NULL before */
	struct footprint footprint; /* of a population: a coroutine's memory, and the process's mappings; else NAN */
	char left_out[96];      /* why it was not measured */
};

struct plan {
	int repetitions;
	double repetition_ns; /* of one row: about so long */
};

/** Copies of these rows, of which only the names are known, in memory that child processes share; and room for what is measured. */
struct row *share_rows(const struct row *named, size_t count, int repetitions);

/** Measures them, interleaved: each repetition runs every row once, so that what drifts drifts for all. A wrong count ends the
 * program. */
void measure(struct row *const *rows, size_t count, const struct plan *plan);

/** How many times as long as `base` this row takes: the median of the ratios within each repetition. */
double ratio(const struct row *row, const struct row *base, int repetitions);

/** Frees them, measured or not. */
void release_rows(struct row *rows, size_t count, int repetitions);

#endif
