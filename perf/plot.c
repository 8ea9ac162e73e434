/* Plotting by gnuplot: three panels above each other, each with a curve a peer. In the data's file a curve is a block: its title, then
 * lines of a number of coroutines and a figure. */
#define _GNU_SOURCE
#include "config.h"
#include "plot.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static double time_of(const struct row *row)
{
	return row->summary.median_ns;
}

static double memory_of(const struct row *row)
{
	return tells_memory(row) ? row->footprint.resident : NAN;
}

/* kinds: of the curves of each peer */
static const struct panel {
	const char *title, *axis;
	bool shuffled, with_prefetch;
	double (*figure)(const struct row *row);
} panels[] = {
	{ "resumed in turn, in the order of their making", "ns", false, true, time_of },
	{ "resumed in turn, in a random order", "ns", true, true, time_of },
	{ "resident memory of each", "bytes", false, false, memory_of },
};

enum { PANELS = sizeof panels / sizeof *panels };

static bool is_on(const struct row *row, const struct panel *panel, const struct peer *peer, enum kind kind)
{
	double figure = row->peer == peer && row->benchmark->kind == kind && row->benchmark->shuffled == panel->shuffled ? panel->figure(row) : 0;

	return figure > 0; /* there is a logarithm to be taken */
}

/* Returns whether there was anything. file: NULL to ask just that */
static bool put_curve(FILE *file, const struct report *report, const struct panel *panel, const struct peer *peer, enum kind kind)
{
	bool any = false;

	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];
		if (!is_on(row, panel, peer, kind))
			continue;
		if (file && !any)
			fprintf(file, "\"%s%s%s\"\n", peer->ours ? peer->prefix : "", peer->ours ? peer->round_trip : peer->library,
				kind == ROBIN_AHEAD ? ", prefetched" : "");
		if (file)
			fprintf(file, "%zu %.4f\n", row->benchmark->size, panel->figure(row));
		any = true;
	}
	if (file && any)
		fputs("\n\n", file);
	return any;
}

/* Returns how many curves there are. file: as above */
static int put_panel(FILE *file, const struct report *report, const struct panel *panel)
{
	int curves = 0;

	for (const struct peer *const *peer = peers; *peer; peer++) {
		curves += put_curve(file, report, panel, *peer, ROBIN);
		if (panel->with_prefetch)
			curves += put_curve(file, report, panel, *peer, ROBIN_AHEAD);
	}
	return curves;
}

void report_plot_data(FILE *file, const struct report *report)
{
	for (int i = 0; i < PANELS; i++)
		put_panel(file, report, &panels[i]);
}

/* ---- gnuplot ---------------------------------------------------------------------------------------------------- */

/* In gnuplot's quotes */
static void put_name(FILE *script, const char *name)
{
	fputc('\'', script);
	for (; *name; name++)
		fputs(*name == '\'' ? "''" : (const char[]){ *name, '\0' }, script);
	fputc('\'', script);
}

static void put_script(FILE *script, const char *svg, const char *data, const struct report *report)
{
	int first = 0, panel_count = 0;

	for (int i = 0; i < PANELS; i++)
		panel_count += put_panel(NULL, report, &panels[i]) > 0;
	fprintf(script, "set terminal svg size 900,%d dynamic background 'white'\nset output ", 380 * panel_count);
	put_name(script, svg);
	fprintf(script, "\nset multiplot layout %d,1\nset logscale xy\nset grid\nset key outside right\nset xlabel 'coroutines'\n", panel_count);
	fputs("set format x '%.0f'\nset format y '%.0f'\nset xrange [0.8:*]\nset lmargin 9\nset rmargin at screen 0.7\n", script);
	for (int i = 0; i < PANELS; i++) {
		int curves = put_panel(NULL, report, &panels[i]);
		if (curves == 0)
			continue;
		fprintf(script, "set title '%s'\nset ylabel '%s'\nplot for [i=%d:%d] ", panels[i].title, panels[i].axis, first, first + curves - 1);
		put_name(script, data);
		fputs(" index i using 1:2 with linespoints linewidth 1.5 pointsize 0.5 title columnheader(1)\n", script);
		first += curves;
	}
}

/* Where configure found it, or by now elsewhere; NULL: nowhere. */
static const char *gnuplot(void)
{
	if (access(GNUPLOT, X_OK) == 0)
		return GNUPLOT;
	return system("command -v gnuplot >/dev/null 2>&1") == 0 ? "gnuplot" : NULL;
}

void plot(const char *svg, const char *data, const struct report *report)
{
	const char *command = gnuplot();
	FILE *script;

	if (!command) {
		warnx("no gnuplot, so no %s; the data are in %s", svg, data);
		return;
	}
	script = popen(command, "w");
	if (!script)
		err(EXIT_FAILURE, "%s", command);
	put_script(script, svg, data, report);
	if (pclose(script) != 0)
		errx(EXIT_FAILURE, "%s failed; the data are in %s", command, data);
}
