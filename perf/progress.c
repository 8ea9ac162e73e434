/* The progress line: on stderr, and only where that is a terminal. */
#define _GNU_SOURCE
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool terminal, shown;
static size_t total, done;   /* steps */
static double started, next; /* seconds */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_start(size_t steps)
{
	terminal = isatty(STDERR_FILENO);
	shown = false;
	total = steps;
	done = 0;
	started = now();
	next = started + 1;
}

void progress(size_t steps)
{
	double t;

	done += steps;
	if (!terminal || (t = now()) < next)
		return;
	next = t + 0.2;
	shown = true;
	fprintf(stderr, "\rmeasuring: %zu %% done, %.0f s left\033[K", 100 * done / total,
		(t - started) * (double)(total - done) / (double)done);
	fflush(stderr);
}

void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	shown = false;
}
