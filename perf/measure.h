/* Rows: one benchmark by one peer each, and what was measured of it. */
#ifndef SEGUE_PERF_MEASURE_H
#define SEGUE_PERF_MEASURE_H

#include "counters.h"
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
};

struct plan {
	int repetitions;
	double repetition_ns; /* of one row: about so long */
};

/** Measures them, interleaved: each repetition runs every row once, so that what drifts drifts for all. A wrong count ends the
 * program. */
void measure(struct row *rows, size_t count, const struct plan *plan);

/** How many times as long as `base` this row takes: the median of the ratios within each repetition. */
double ratio(const struct row *row, const struct row *base, int repetitions);

/** Frees them, measured or not. */
void release_rows(struct row *rows, size_t count);

#endif
