/* million: so many live coroutines, each behind its guard, and what they cost; or, for so many seconds, their random life and death
   under fixed bounds, in which nothing may grow. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "segue.h"

static const char usage[] =
	"Usage: million [COUNT [SECONDS]]\n"
	"Makes COUNT coroutines that live at once, 1000000 where not said, runs each to its first\n"
	"yield and says what they cost. With SECONDS: for so long up to COUNT of them come, go on\n"
	"and go at random, with bounds to the address space and to the memory, which are checked.\n"
	"Exit status: 0; 1 if one could not be made or a bound was passed; 2 for other arguments.\n";

enum { MIB = 1 << 20 };

static segue_coroutine **all;
static size_t count = 1000000;

static segue_result echo(void *arg)
{
	for (;;)
		arg = SEGUE_TRY(segue_yield(arg));
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Lines of the file, which are mappings; or -1. */
static long process_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	long lines = f ? 0 : -1;
	int c;

	while (f && (c = getc(f)) != EOF)
		lines += c == '\n';
	if (f)
		fclose(f);
	return lines;
}

static size_t most_resident(void)
{
	struct rusage used;

	return getrusage(RUSAGE_SELF, &used) ? 0 : (size_t)used.ru_maxrss * 1024;
}

static segue_stacks report(double seconds)
{
	segue_stacks s;

	segue_stack_statistics(&s, sizeof s);
	printf("live %zu, pooled %zu, most %zu; resident %zu bytes", s.live, s.pooled, s.most_live, s.resident);
	if (s.live)
		printf(", %.0f each", (double)s.resident / (double)s.live);
	printf("; reserved %zu bytes; mappings of stacks %zu, of the process %ld; %.2f s\n", s.reserved, s.mappings, process_mappings(),
	       seconds);
	fflush(stdout);
	return s;
}

static bool make(size_t i)
{
	all[i] = segue_coroutine_new(echo, NULL);
	return all[i] && !segue_send(all[i], NULL).raised;
}

static void drop_all(void)
{
	for (size_t i = 0; i < count; i++)
		segue_unref(all[i]);
}

/* ---- All at once ------------------------------------------------------------------------------------------------ */

/* NULL, or why not. */
static const char *make_all(void)
{
	for (size_t i = 0; i < count; i++) {
		errno = 0;
		if (!make(i))
			return segue_strerror(errno);
	}
	return NULL;
}

static int show(void)
{
	double start = seconds_now();
	const char *why = make_all();
	segue_stacks s = report(seconds_now() - start);

	if (why)
		warnx("no more than %zu coroutines: %s", s.live, why);
	for (size_t i = 0; i < s.live; i++)
		if (segue_send(all[i], &all[i]).value != &all[i])
			errx(EXIT_FAILURE, "number %zu does not answer", i + 1);
	drop_all();
	return why ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- The soak --------------------------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

/* xorshift64* */
static uint64_t random_word(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

/* One comes; or, as often as `deaths` of 8 say, goes; else it goes on. */
static void live(size_t i, unsigned deaths)
{
	errno = 0;
	if (!all[i]) {
		if (!make(i))
			errx(EXIT_FAILURE, "%s", segue_strerror(errno));
	} else if (random_word() % 8 < deaths) {
		segue_unref(all[i]);
		all[i] = NULL;
	} else if (segue_send(all[i], &all[i]).value != &all[i])
		errx(EXIT_FAILURE, "one does not answer");
}

/* Tides: a while few go, a while most. */
static void live_for(double seconds)
{
	const double end = seconds_now() + seconds;

	for (uint64_t tide = 0; seconds_now() < end; tide++)
		for (size_t step = 0; step < count && (step % 4096 || seconds_now() < end); step++)
			live(random_word() % count, tide % 4 < 3 ? 1 : 7);
}

static void bound(bool holds, const char *what)
{
	if (!holds)
		errx(EXIT_FAILURE, "more %s than %zu coroutines need", what, count);
}

/* A slab is twice the one before, so half of all may be unused. */
static int soak(double seconds)
{
	const size_t stack = SEGUE_STACK_DEFAULT + SEGUE_GUARD_DEFAULT, addresses = 3 * count * stack + 1024 * (size_t)MIB;
	const size_t before = most_resident(), memory = count * 5000 + 16 * (size_t)MIB;
	segue_stacks s;

	if (setrlimit(RLIMIT_AS, &(struct rlimit){ addresses, addresses }))
		err(EXIT_FAILURE, "RLIMIT_AS");
	for (int half = 0; half < 2; half++) {
		live_for(seconds / 2);
		s = report(seconds / 2);
		bound(s.most_live <= count && s.live + s.pooled + s.trimmed == s.most_live, "stacks");
		bound(s.resident <= memory && most_resident() - before <= memory + memory / 8, "memory");
	}
	drop_all();
	segue_stack_trim();
	s = report(0);
	bound(s.live + s.pooled == 0 && s.resident <= 16 * (size_t)MIB, "after all is gone and trimmed");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	double seconds = argc > 2 ? strtod(argv[2], &end) : 0;

	if (argc > 1)
		count = strtoull(argv[1], NULL, 10);
	if (argc > 3 || count == 0 || (end && (*end || !(seconds > 0)))) {
		fputs(usage, stderr);
		return 2;
	}
	all = calloc(count, sizeof *all);
	if (!all)
		err(EXIT_FAILURE, "no memory");
	return argc > 2 ? soak(seconds) : show();
}
