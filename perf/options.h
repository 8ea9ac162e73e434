/* The command line. */
#ifndef SEGUE_PERF_OPTIONS_H
#define SEGUE_PERF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_USAGE = 2 };

/* Files that are written. */
enum output { CSV, JSON, MARKDOWN, SAVE, PLOT, OUTPUTS };

struct options {
	const char **filters; /* any of them; none: all */
	int filter_count;
	const char *outputs[OUTPUTS]; /* names, or NULL; "-" is standard output */
	const char *compare;  /* a name, or NULL */
	int tolerance;        /* per cent */
	int repetitions;
	size_t most;          /* coroutines alive at once */
	int cpu;              /* or LAST_CPU, NO_CPU */
	bool list, quick;
};

/** Ends the program on --help, on --version, and with EXIT_USAGE on what can't be understood. */
void parse_options(struct options *options, int argc, char **argv);

/** Whether the name matches: as a pattern where the filter has one of *?[, else when it has the filter in it. */
bool matches(const char *filter, const char *name);

/** Whether any filter matches it, or there is none. */
bool is_selected(const struct options *options, const char *name);

#endif
