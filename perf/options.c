/* The command line: what is asked for, checked as far as it can be before anything runs. */
#define _GNU_SOURCE
#include "config.h"
#include "options.h"

#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* Where not said, and at most */
enum { REPETITIONS = 101, REPETITIONS_QUICK = 3, MOST_REPETITIONS = 100000 };
enum { MOST = 65536, MOST_QUICK = 256 };
enum { TOLERANCE = 20, MOST_TOLERANCE = 100000, MOST_CPU = 1 << 16 };

static const char help[] =
	"Usage: segue-perf [OPTION]...\n"
	"Times segue's switches and coroutines, and other libraries' in the same run.\n"
	"\n"
	"  --list            say what there is to time, and time nothing\n"
	"  --filter PATTERN  only benchmarks whose name has PATTERN in it; with * ? or [ in\n"
	"                    PATTERN, whose whole name matches it; again for more of them.\n"
	"                    Peers are timed beside each benchmark of segue's\n"
	"  --repeat N        repetitions, 101 where not said\n"
	"  --quick           3 very short ones, to see that all works; the figures mean little\n"
	"  --most N          leave out what has more than N coroutines alive: 65536 where not said,\n"
	"                    256 with --quick. A million takes some 5 GB\n"
	"  --cpu N           run on CPU N; where not said, the last one allowed\n"
	"  --no-pin          run on any CPU\n"
	"  --csv FILE        write the figures as CSV too; - for standard output, and the\n"
	"                    table goes to standard error then\n"
	"  --json FILE       write them as JSON, with every repetition, likewise\n"
	"  --markdown FILE   write tables in Markdown, likewise\n"
	"  --plot FILE       plot time and memory against the number of coroutines, as SVG,\n"
	"                    by gnuplot; the data go to FILE.dat\n"
	"  --save FILE       write what --compare reads\n"
	"  --compare FILE    say how many times as long each takes as when FILE was saved\n"
	"  --tolerance N     and end with status 1 if any of segue's own takes more than N per\n"
	"                    cent longer; 20 where not said\n"
	"  --help            say this\n"
	"  --version         say which version this is\n"
	"\n"
	"Exit status: 0; 1 if a count was wrong, a file can't be written, or --compare finds\n"
	"something slower; 2 for options that make no sense and files that can't be read.\n";

enum { O_LIST = 1, O_FILTER, O_REPEAT, O_QUICK, O_MOST, O_CPU, O_NO_PIN, O_COMPARE, O_TOLERANCE, O_HELP, O_VERSION, O_OUTPUTS };

static const char *const output_options[OUTPUTS] = { "csv", "json", "markdown", "save", "plot" };

static const struct option long_options[] = {
	{ "list", no_argument, NULL, O_LIST },
	{ "filter", required_argument, NULL, O_FILTER },
	{ "repeat", required_argument, NULL, O_REPEAT },
	{ "quick", no_argument, NULL, O_QUICK },
	{ "most", required_argument, NULL, O_MOST },
	{ "cpu", required_argument, NULL, O_CPU },
	{ "no-pin", no_argument, NULL, O_NO_PIN },
	{ "csv", required_argument, NULL, O_OUTPUTS + CSV },
	{ "json", required_argument, NULL, O_OUTPUTS + JSON },
	{ "markdown", required_argument, NULL, O_OUTPUTS + MARKDOWN },
	{ "save", required_argument, NULL, O_OUTPUTS + SAVE },
	{ "plot", required_argument, NULL, O_OUTPUTS + PLOT },
	{ "compare", required_argument, NULL, O_COMPARE },
	{ "tolerance", required_argument, NULL, O_TOLERANCE },
	{ "help", no_argument, NULL, O_HELP },
	{ "version", no_argument, NULL, O_VERSION },
	{ NULL, 0, NULL, 0 },
};

static __attribute__((noreturn)) void leave_with(const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		err(EXIT_FAILURE, "standard output");
	exit(EXIT_SUCCESS);
}

static int parse_number(const char *option, const char *text, int least, int most)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < least || n > most)
		errx(EXIT_USAGE, "--%s takes a number from %d to %d, not \"%s\"", option, least, most, text);
	return (int)n;
}

static void apply(struct options *options, int option)
{
	switch (option) {
	case O_LIST: options->list = true; break;
	case O_FILTER: options->filters[options->filter_count++] = optarg; break;
	case O_REPEAT: options->repetitions = parse_number("repeat", optarg, 1, MOST_REPETITIONS); break;
	case O_QUICK: options->quick = true; break;
	case O_MOST: options->most = (size_t)parse_number("most", optarg, 1, INT_MAX); break;
	case O_CPU: options->cpu = parse_number("cpu", optarg, 0, MOST_CPU); break;
	case O_NO_PIN: options->cpu = NO_CPU; break;
	case O_COMPARE: options->compare = optarg; break;
	case O_TOLERANCE: options->tolerance = parse_number("tolerance", optarg, 0, MOST_TOLERANCE); break;
	case O_HELP: leave_with(help);
	case O_VERSION: leave_with("segue-perf " PACKAGE_VERSION "\n");
	case '?': errx(EXIT_USAGE, "--help says which options there are");
	default: options->outputs[option - O_OUTPUTS] = optarg;
	}
}

static void check_outputs(const struct options *options)
{
	const char *const *names = options->outputs;

	for (int i = 0; i < OUTPUTS; i++)
		for (int j = 0; j < i; j++)
			if (names[i] && names[j] && strcmp(names[i], names[j]) == 0)
				errx(EXIT_USAGE, "--%s and --%s can't both write to %s", output_options[j], output_options[i], names[i]);
	if (names[PLOT] && strcmp(names[PLOT], "-") == 0)
		errx(EXIT_USAGE, "--plot can't write to standard output");
}

void parse_options(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .cpu = LAST_CPU, .tolerance = TOLERANCE };
	options->filters = calloc((size_t)argc, sizeof *options->filters);
	if (!options->filters)
		err(EXIT_FAILURE, "no memory");
	argv[0] = program_invocation_short_name; /* getopt's messages start with it, as err()'s do */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		apply(options, option);
	if (optind < argc)
		errx(EXIT_USAGE, "\"%s\" is no option; --filter chooses benchmarks", argv[optind]);
	check_outputs(options);
	if (options->repetitions == 0)
		options->repetitions = options->quick ? REPETITIONS_QUICK : REPETITIONS;
	if (options->most == 0)
		options->most = options->quick ? MOST_QUICK : MOST;
}

bool matches(const char *filter, const char *name)
{
	return strpbrk(filter, "*?[") ? fnmatch(filter, name, 0) == 0 : strstr(name, filter) != NULL;
}

bool is_selected(const struct options *options, const char *name)
{
	for (int i = 0; i < options->filter_count; i++)
		if (matches(options->filters[i], name))
			return true;
	return options->filter_count == 0;
}
