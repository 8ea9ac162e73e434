/* Populations: made in a process of their own, where first their memory is read, and then they are resumed in turn. */
#define _GNU_SOURCE
#include "populations.h"

#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counters.h"
#include "progress.h"

/* Bytes that one may take, of any peer: the page with its stack's top, its part of the page tables, and as much again for an allocator */
static double bytes_each(void)
{
	return (double)sysconf(_SC_PAGESIZE) + 512;
}

static __attribute__((format(printf, 3, 4))) void leave_out(struct row *const *rows, size_t count, const char *format, ...)
{
	va_list arguments;

	for (size_t i = 0; i < count; i++) {
		va_start(arguments, format);
		vsnprintf(rows[i]->left_out, sizeof rows[i]->left_out, format, arguments);
		va_end(arguments);
	}
}

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		err(EXIT_FAILURE, "no memory");
	return memset(p, 0xff, size); /* resident before the memory is read */
}

/* ---- In the process of its own ---------------------------------------------------------------------------------- */

/* The same at every run. */
static void shuffle(void **all, size_t count)
{
	uint64_t random = 88172645463325252u;

	for (size_t i = count - 1; i > 0; i--) {
		size_t j;
		void *moved = all[i];

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		j = random % (i + 1);
		all[i] = all[j];
		all[j] = moved;
	}
}

static struct robin *new_robin(void *const *all, size_t count, bool shuffled, size_t at)
{
	struct robin *robin = allocate(sizeof *robin);

	*robin = (struct robin){ allocate((count + AHEAD) * sizeof *robin->order), count, at };
	memcpy(robin->order, all, count * sizeof *all);
	if (shuffled)
		shuffle(robin->order, count);
	for (size_t i = 0; i < AHEAD; i++)
		robin->order[count + i] = robin->order[i % count];
	return robin;
}

/* All of these rows are by one peer, of one number. */
static void live(struct row *const *rows, size_t count, const struct plan *plan)
{
	size_t size = rows[0]->benchmark->size, made;
	void **all = allocate(size * sizeof *all);
	struct footprint before, after;

	read_footprint(&before);
	read_footprint(&before); /* by now all that this needs is resident */
	made = rows[0]->peer->populate(all, size);
	if (made < size) {
		leave_out(rows, count, "after %zu of %zu: %s", made, size, strerror(errno));
		return;
	}
	read_footprint(&after);
	after.resident = (after.resident - before.resident) / (double)size;
	after.page_tables = (after.page_tables - before.page_tables) / (double)size;
	for (size_t i = 0; i < count; i++) {
		rows[i]->footprint = after;
		rows[i]->on = new_robin(all, size, rows[i]->benchmark->shuffled, i * size / count);
	}
	counters_open();
	measure(rows, count, plan);
}

/* ---- Outside ---------------------------------------------------------------------------------------------------- */

static void measure_population(struct row *const *rows, size_t count, const struct plan *plan)
{
	double available = available_memory(), wanted = (double)rows[0]->benchmark->size * bytes_each();
	int status;
	pid_t child;

	if (wanted > 0.9 * available) { /* others want some, too */
		leave_out(rows, count, "it might take %.1f GB, and %.1f are available", wanted / 1e9, available / 1e9);
		return;
	}
	child = fork();
	if (child < 0)
		err(EXIT_FAILURE, "fork");
	if (child == 0) {
		live(rows, count, plan);
		_exit(EXIT_SUCCESS);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			err(EXIT_FAILURE, "waitpid");
	for (size_t i = 0; i < count; i++)
		rows[i]->on = NULL; /* it went with its process */
	progress(count * ((size_t)plan->repetitions + 1));
	if (WIFSIGNALED(status))
		leave_out(rows, count, "its process was ended by signal %d", WTERMSIG(status));
	else if (status)
		exit(EXIT_FAILURE); /* which said why */
}

static bool is_population(const struct row *row)
{
	return row->benchmark->kind == ROBIN || row->benchmark->kind == ROBIN_AHEAD;
}

static bool are_together(const struct row *a, const struct row *b)
{
	return is_population(a) && is_population(b) && a->peer == b->peer && a->benchmark->size == b->benchmark->size;
}

/* Of those that are together with rows[i], all the later ones too; none where an earlier one has gathered them. */
static size_t gather(struct row *rows, size_t count, size_t i, struct row **group)
{
	size_t n = 0;

	for (size_t j = 0; j < i; j++)
		if (are_together(&rows[j], &rows[i]))
			return 0;
	for (size_t j = i; j < count; j++)
		if (are_together(&rows[j], &rows[i]))
			group[n++] = &rows[j];
	return n;
}

/* The populations first: what other rows need would lie in their processes too. */
void measure_all(struct row *rows, size_t count, const struct plan *plan)
{
	struct row **group = allocate(count * sizeof *group);
	size_t n;

	progress_start(count * ((size_t)plan->repetitions + 1));
	for (size_t i = 0; i < count; i++) {
		n = gather(rows, count, i, group);
		if (n > 0)
			measure_population(group, n, plan);
	}
	n = 0;
	for (size_t i = 0; i < count; i++)
		if (!is_population(&rows[i]))
			group[n++] = &rows[i];
	measure(group, n, plan);
	progress_end();
	free(group);
}
