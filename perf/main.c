/* segue-perf: how long segue's switches and coroutines take, and other libraries' beside them. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "options.h"
#include "plot.h"
#include "populations.h"

/* ---- Choosing rows ---------------------------------------------------------------------------------------------- */

static bool can(const struct peer *peer, enum kind kind)
{
	return peer->works[kind].run && (!peer->only || peer->only >> kind & 1);
}

static void name_row(struct row *row, const struct peer *peer, const struct benchmark *benchmark)
{
	row->peer = peer;
	row->benchmark = benchmark;
	row->work = &peer->works[benchmark->kind];
	snprintf(row->name, sizeof row->name, "%s%s%s", peer->prefix, benchmark->name ? benchmark->name : peer->round_trip,
		 benchmark->suffix);
}

/* Those of a benchmark stand together. */
static struct row *all_rows(size_t *count)
{
	size_t peer_count = 0, benchmark_count = 0;
	struct row *rows;

	while (peers[peer_count])
		peer_count++;
	while (benchmarks[benchmark_count].about)
		benchmark_count++;
	rows = calloc(peer_count * benchmark_count, sizeof *rows);
	if (!rows)
		err(EXIT_FAILURE, "no memory");
	*count = 0;
	for (const struct benchmark *b = benchmarks; b->about; b++)
		for (const struct peer *const *peer = peers; *peer; peer++)
			if (can(*peer, b->kind))
				name_row(&rows[(*count)++], *peer, b);
	return rows;
}

/* Whether a row of segue's own of this benchmark is selected: its peers come along, for the ratio. */
static bool is_wanted_by_ours(const struct options *options, const struct row *rows, size_t count, const struct benchmark *benchmark)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].peer->ours && rows[i].benchmark == benchmark && is_selected(options, rows[i].name))
			return true;
	return false;
}

/* One that lets nothing through is a slip, whatever the others do. */
static void check_filters(const struct options *options, const struct row *rows, size_t count)
{
	for (int i = 0; i < options->filter_count; i++) {
		size_t j = 0;
		while (j < count && !matches(options->filters[i], rows[j].name))
			j++;
		if (j == count)
			errx(EXIT_USAGE, "no benchmark's name matches \"%s\"; --list says which there are", options->filters[i]);
	}
}

static struct row *choose_rows(const struct options *options, size_t *chosen)
{
	size_t count;
	struct row *all = all_rows(&count), *rows = calloc(count, sizeof *rows);

	if (!rows)
		err(EXIT_FAILURE, "no memory");
	check_filters(options, all, count);
	*chosen = 0;
	for (size_t i = 0; i < count; i++)
		if (all[i].benchmark->size <= options->most &&
		    (is_selected(options, all[i].name) ||
		     (!all[i].peer->ours && is_wanted_by_ours(options, all, count, all[i].benchmark))))
			rows[(*chosen)++] = all[i];
	free(all);
	if (*chosen == 0)
		errx(EXIT_USAGE, "all of that has more than %zu coroutines; see --most", options->most);
	return rows;
}

static void list_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%-38s %s\n", rows[i].name, rows[i].benchmark->about);
	puts("");
	for (const struct peer *const *peer = peers; *peer; peer++)
		printf("%-14s %s%s: %s\n", (*peer)->library, (*peer)->prefix, (*peer)->round_trip, (*peer)->about);
	puts("\nPeers that bring no stacks run on guarded ones of 64 KiB of segue-perf's, the last one freed taken first.");
}

/* ---- Running ---------------------------------------------------------------------------------------------------- */

static int pin_as_asked(int cpu)
{
	int pinned = pin(cpu);

	if (pinned == NO_CPU && cpu >= 0)
		err(EXIT_USAGE, "can't run on CPU %d", cpu);
	if (pinned == NO_CPU && cpu == LAST_CPU)
		warn("can't stay on one CPU");
	return pinned;
}

/* Before anything is measured, so that no run is lost to a wrong name. */
static FILE *open_file(const char *name)
{
	FILE *file;

	if (!name)
		return NULL;
	file = strcmp(name, "-") == 0 ? stdout : fopen(name, "w");
	if (!file)
		err(EXIT_USAGE, "can't write %s", name);
	return file;
}

static void close_file(FILE *file, const char *name)
{
	int failed = ferror(file);

	if (fclose(file) != 0 || failed)
		err(EXIT_FAILURE, "can't write %s", name);
}

/* Moves those to the end that were left out, and returns how many there are before. */
static size_t part_left_out(struct row *rows, size_t count)
{
	struct row *all = calloc(count, sizeof *all);
	size_t n = 0;

	if (!all)
		err(EXIT_FAILURE, "no memory");
	memcpy(all, rows, count * sizeof *all);
	for (int left_out = 0; left_out < 2; left_out++)
		for (size_t i = 0; i < count; i++)
			if (!all[i].left_out[0] == !left_out)
				rows[n++] = all[i];
	free(all);
	for (n = 0; n < count && !rows[n].left_out[0]; n++)
		;
	return n;
}

/* Each in the place of its option; the plot's is the data. */
static void (*const writers[OUTPUTS])(FILE *file, const struct report *report) = {
	report_csv, report_json, report_markdown, report_save, report_plot_data,
};

/* Their names, in memory that stays. */
static const char *output_name(const struct options *options, enum output which)
{
	static char data[PATH_MAX];

	if (which != PLOT || !options->outputs[PLOT])
		return options->outputs[which];
	if ((size_t)snprintf(data, sizeof data, "%s.dat", options->outputs[PLOT]) >= sizeof data)
		errx(EXIT_USAGE, "%s: too long a name", options->outputs[PLOT]);
	return data;
}

static void open_outputs(const struct options *options, FILE *files[OUTPUTS])
{
	for (int i = 0; i < OUTPUTS; i++)
		files[i] = open_file(output_name(options, i));
}

static bool is_written_to(FILE *file, FILE *const files[OUTPUTS])
{
	for (int i = 0; i < OUTPUTS; i++)
		if (files[i] == file)
			return true;
	return false;
}

static void write_outputs(const struct options *options, FILE *const files[OUTPUTS], const struct report *report)
{
	for (int i = 0; i < OUTPUTS; i++) {
		if (files[i])
			writers[i](files[i], report);
		if (files[i] && files[i] != stdout)
			close_file(files[i], output_name(options, i));
	}
	if (files[PLOT])
		plot(options->outputs[PLOT], output_name(options, PLOT), report);
}

/* Before anything is measured, too. */
static void check_use(const struct options *options, const struct saved *saved, const struct row *rows, size_t count)
{
	size_t populations = 0, known = 0;

	for (size_t i = 0; i < count; i++) {
		populations += rows[i].benchmark->kind == ROBIN;
		known += find_saved(saved, rows[i].name) != NULL;
	}
	if (options->outputs[PLOT] && populations == 0)
		errx(EXIT_USAGE, "nothing that was chosen can be plotted; --filter live-");
	if (options->compare && known == 0)
		errx(EXIT_USAGE, "nothing that was chosen is in %s", options->compare);
}

/* Returns the exit status. */
static int run(const struct options *options, struct row *rows, size_t count)
{
	/* Long for the clock, and shorter than a turn of the system's scheduler: on a busy machine most are undisturbed */
	struct plan plan = { options->repetitions, options->quick ? 1e5 : 2e6 };
	struct report report = { .rows = rows, .repetitions = plan.repetitions };
	struct saved saved = { 0 };
	FILE *files[OUTPUTS], *table;
	size_t slower = 0;

	if (options->compare)
		load_saved(&saved, options->compare);
	check_use(options, &saved, rows, count);
	open_outputs(options, files);
	describe_machine(&report.machine);
	report.machine.pinned = pin_as_asked(options->cpu);
	report.no_counters = counters_open();
	measure_all(rows, count, &plan);
	report.count = part_left_out(rows, count);
	report.left_out = count - report.count;
	table = is_written_to(stdout, files) ? stderr : stdout;
	report_table(table, &report);
	if (options->compare)
		slower = compare(table, &report, &saved, options->tolerance);
	write_outputs(options, files, &report);
	close_file(stdout, "standard output");
	if (slower)
		warnx("slower by more than %d %% than in %s: %zu of segue's rows", options->tolerance, options->compare, slower);
	free(saved.rows);
	return slower ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct row *rows, *named;
	int status = EXIT_SUCCESS;
	size_t count;

	parse_options(&options, argc, argv);
	named = choose_rows(&options, &count);
	rows = share_rows(named, count, options.repetitions);
	free(named);
	if (options.list) {
		list_rows(rows, count);
		close_file(stdout, "standard output");
	} else
		status = run(&options, rows, count);
	release_rows(rows, count, options.repetitions);
	free(options.filters);
	return status;
}
