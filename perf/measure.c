/* Measuring: calibration, interleaved repetitions, and what they come to. */
#define _GNU_SOURCE
#include "measure.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "progress.h"

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- Statistics ------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		err(EXIT_FAILURE, "no memory");
	return p;
}

/* Of a sorted array, between its elements where the share falls there. */
static double quantile(const double *sorted, int count, double share)
{
	double at = share * (count - 1);
	int below = (int)at;
	int above = below + 1 < count ? below + 1 : below;

	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/* Sorts the array. */
static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, by_size);
	return quantile(values, count, 0.5);
}

/* Of those that were counted. */
static double median_count(const struct row *row, int which, double *scratch, int repetitions)
{
	int counted = 0;

	for (int i = 0; i < repetitions; i++)
		if (!isnan(row->counts[i][which]))
			scratch[counted++] = row->counts[i][which];
	return counted ? median(scratch, counted) : NAN;
}

static void summarise(struct row *row, int repetitions)
{
	double *sorted = allocate((size_t)repetitions, sizeof *sorted);
	struct summary *s = &row->summary;

	memcpy(sorted, row->ns, (size_t)repetitions * sizeof *sorted);
	s->median_ns = median(sorted, repetitions);
	s->min_ns = sorted[0];
	s->spread = (quantile(sorted, repetitions, 0.75) - quantile(sorted, repetitions, 0.25)) / s->median_ns;
	for (int i = 0; i < COUNTERS; i++)
		s->counts[i] = median_count(row, i, sorted, repetitions);
	free(sorted);
}

double ratio(const struct row *row, const struct row *base, int repetitions)
{
	double *ratios = allocate((size_t)repetitions, sizeof *ratios);
	double result;

	for (int i = 0; i < repetitions; i++)
		ratios[i] = row->ns[i] / base->ns[i];
	result = median(ratios, repetitions);
	free(ratios);
	return result;
}

/* ---- Measuring -------------------------------------------------------------------------------------------------- */

/* Nanoseconds for so many rounds. */
static double time_rounds(const struct row *row, uintptr_t rounds)
{
	double start = now_ns();
	uintptr_t counted = row->work->run(row->on, rounds);
	double end = now_ns();

	if (counted != rounds * row->work->counts)
		errx(EXIT_FAILURE, "%s counted to %ju in %ju rounds, not to %ju: values were lost", row->name, (uintmax_t)counted,
		     (uintmax_t)rounds, (uintmax_t)(rounds * row->work->counts));
	return end - start;
}

/* The best of a few, since the first ones run cold, and any may be interrupted. */
static double time_best(const struct row *row, uintptr_t rounds)
{
	double best = time_rounds(row, rounds);

	for (int i = 0; i < 2; i++) {
		double ns = time_rounds(row, rounds);
		if (ns < best)
			best = ns;
	}
	return best;
}

/* Finds how many rounds make a repetition: doubles until an eighth of its time, then by proportion. */
static void calibrate(struct row *row, double target_ns)
{
	uintptr_t rounds = 1;
	double ns = time_best(row, rounds);

	while (ns < target_ns / 8 && rounds < UINTPTR_MAX / 64) {
		rounds *= 2;
		ns = time_best(row, rounds);
	}
	row->rounds = ns < target_ns / 8 || ns > target_ns ? rounds : (uintptr_t)((double)rounds * target_ns / ns);
}

static void measure_once(struct row *row, int repetition)
{
	struct reading before, after;
	double ns;

	counters_read(&before);
	ns = time_rounds(row, row->rounds);
	counters_read(&after);
	row->ns[repetition] = ns / (double)row->rounds;
	counters_between(&before, &after, row->counts[repetition]);
	for (int i = 0; i < COUNTERS; i++)
		row->counts[repetition][i] /= (double)row->rounds;
}

static void prepare(struct row *row, const struct plan *plan)
{
	if (row->work->prepare)
		row->on = row->work->prepare(row->benchmark->size);
	calibrate(row, plan->repetition_ns);
}

void measure(struct row *const *rows, size_t count, const struct plan *plan)
{
	for (size_t i = 0; i < count; i++) {
		prepare(rows[i], plan);
		progress(1); /* calibrating is one repetition more */
	}
	for (int repetition = 0; repetition < plan->repetitions; repetition++)
		for (size_t i = 0; i < count; i++) {
			measure_once(rows[i], repetition);
			progress(1);
		}
	for (size_t i = 0; i < count; i++)
		summarise(rows[i], plan->repetitions);
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static size_t shared_size(size_t count, int repetitions)
{
	return count * (sizeof(struct row) + (size_t)repetitions * (1 + COUNTERS) * sizeof(double));
}

struct row *share_rows(const struct row *named, size_t count, int repetitions)
{
	size_t size = shared_size(count, repetitions);
	struct row *rows = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double (*counts)[COUNTERS], *ns;

	if (rows == MAP_FAILED)
		err(EXIT_FAILURE, "no memory");
	memcpy(rows, named, count * sizeof *rows);
	counts = (double (*)[COUNTERS])(rows + count);
	ns = counts[count * (size_t)repetitions];
	for (size_t i = 0; i < count; i++) {
		rows[i].counts = counts + i * (size_t)repetitions;
		rows[i].ns = ns + i * (size_t)repetitions;
		rows[i].footprint = (struct footprint){ NAN, NAN, NAN };
	}
	return rows;
}

void release_rows(struct row *rows, size_t count, int repetitions)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].on && rows[i].work->clear)
			rows[i].work->clear(rows[i].on);
	munmap(rows, shared_size(count, repetitions));
}
