/* echo: the same load on two echo servers in turn, and how they compare. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo.h"
#include "machine.h"

static const char usage[] =
	"Usage: echo [OPTION...] SERVER OTHER\n"
	"Loads two echo servers in turn over 127.0.0.1, with one message under way on each connection,\n"
	"and prints round trips, latencies, the servers' own time and memory, and the ratio of the first to\n"
	"the other: medians of the repetitions, which are interleaved.\n"
	"  --connections N,...  at once: 100,1000,10000\n"
	"  --repeat N           bursts for each server and number: 7\n"
	"  --seconds S          a burst: 1\n"
	"  --size N             bytes a message: 64\n"
	"  --json FILE          the same for programs\n"
	"  --no-pin             leaves it to the system which CPU runs what; else the servers have the last one,\n"
	"                       and the clients another\n"
	"Exit status: 0; 1 if a server does not do its work; 2 for other arguments.\n";

enum { SIDES = 2, COUNTS_MOST = 16, REPEAT_MOST = 1000 };

static struct {
	int counts[COUNTS_MOST], count, repeat, size;
	double seconds;
	const char *json, *programs[SIDES];
	bool pins;
} plan = { { 100, 1000, 10000 }, 3, 7, 64, 1, NULL, { NULL, NULL }, true };

/* ---- What is measured, by repetition; and of a number of connections ------------------------------------------------ */

enum figure { TRIPS, P50, P99, CPU, FIGURES };
static const struct {
	const char *name, *heading;
	double scale;
} figures[FIGURES] = {
	{ "round_trips_per_second", "round trips/s", 1 },
	{ "p50_ns", "p50 us", 1e-3 },
	{ "p99_ns", "p99 us", 1e-3 },
	{ "cpu_ns_per_round_trip", "CPU us a trip", 1e-3 },
};

struct side {
	double by_repetition[FIGURES][REPEAT_MOST];
	double medians[FIGURES];
	double memory; /* bytes a connection */
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
	double sorted[REPEAT_MOST];

	memcpy(sorted, values, (size_t)n * sizeof *sorted);
	qsort(sorted, (size_t)n, sizeof *sorted, by_size);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double ratio(const struct side *sides, enum figure f)
{
	double ratios[REPEAT_MOST];

	for (int i = 0; i < plan.repeat; i++)
		ratios[i] = sides[0].by_repetition[f][i] / sides[1].by_repetition[f][i];
	return median(ratios, plan.repeat);
}

static void measure_burst(const struct server *server, const struct clients *clients, struct side *side, int repetition)
{
	static struct burst burst;
	double before = server_cpu_seconds(server);

	clients_burst(clients, plan.seconds, &burst);
	side->by_repetition[TRIPS][repetition] = (double)burst.trips / burst.seconds;
	side->by_repetition[P50][repetition] = latency_below(&burst, 0.5);
	side->by_repetition[P99][repetition] = latency_below(&burst, 0.99);
	side->by_repetition[CPU][repetition] = (server_cpu_seconds(server) - before) * 1e9 / (double)burst.trips;
}

/* Both sides are connected all the time, and have their bursts in turn, the one or the other first. */
static void measure(int connections, struct side *sides)
{
	const int cpus = plan.pins ? (int)sysconf(_SC_NPROCESSORS_ONLN) : 1;
	const int server_cpu = cpus > 1 ? cpus - 1 : ANY_CPU, client_cpu = cpus > 1 ? cpus - 2 : ANY_CPU;
	struct server servers[SIDES];
	struct clients clients[SIDES];

	for (int i = 0; i < SIDES; i++) {
		double before;

		servers[i] = server_start(plan.programs[i], server_cpu);
		before = server_memory(&servers[i]);
		clients[i] = clients_start(servers[i].port, connections, plan.size, client_cpu);
		sides[i].memory = (server_memory(&servers[i]) - before) / connections;
	}
	for (int r = 0; r < plan.repeat; r++)
		for (int i = 0; i < SIDES; i++)
			measure_burst(&servers[(i + r) % SIDES], &clients[(i + r) % SIDES], &sides[(i + r) % SIDES], r);
	for (int i = 0; i < SIDES; i++) {
		clients_stop(&clients[i]);
		server_stop(&servers[i]);
		for (int f = 0; f < FIGURES; f++)
			sides[i].medians[f] = median(sides[i].by_repetition[f], plan.repeat);
	}
}

/* ---- Reports --------------------------------------------------------------------------------------------------------- */

static const char *side_name(int i)
{
	const char *slash = strrchr(plan.programs[i], '/');

	return slash ? slash + 1 : plan.programs[i];
}

static void print_heading(void)
{
	printf("%12s  %-10s", "connections", "server");
	for (int f = 0; f < FIGURES; f++)
		printf("  %14s", figures[f].heading);
	printf("  %16s\n", "KiB a connection");
}

static void print_sides(int connections, const struct side *sides)
{
	for (int i = 0; i < SIDES; i++) {
		printf("%12d  %-10s", connections, side_name(i));
		for (int f = 0; f < FIGURES; f++)
			printf("  %14.*f", f == TRIPS ? 0 : 2, sides[i].medians[f] * figures[f].scale);
		printf("  %16.2f\n", sides[i].memory / 1024);
	}
	printf("%12s  %-10s", "", "ratio");
	for (int f = 0; f < FIGURES; f++)
		printf("  %14.3f", ratio(sides, f));
	printf("  %16.1f\n", sides[0].memory / sides[1].memory);
	fflush(stdout);
}

static void write_numbers(FILE *file, const double *numbers, int n)
{
	for (int i = 0; i < n; i++)
		fprintf(file, "%s%.10g", i ? ", " : "[", numbers[i]);
	fputs("]", file);
}

static void write_sides(FILE *file, int connections, const struct side *sides)
{
	for (int i = 0; i < SIDES; i++) {
		fprintf(file, "    {\"connections\": %d, \"server\": \"%s\", \"memory_bytes_per_connection\": %.10g", connections, side_name(i),
			sides[i].memory);
		for (int f = 0; f < FIGURES; f++) {
			fprintf(file, ", \"%s\": ", figures[f].name);
			write_numbers(file, sides[i].by_repetition[f], plan.repeat);
		}
		fputs("},\n", file);
	}
	fprintf(file, "    {\"connections\": %d, \"server\": \"ratio\"", connections);
	for (int f = 0; f < FIGURES; f++)
		fprintf(file, ", \"%s\": %.10g", figures[f].name, ratio(sides, f));
	fputs("}", file);
}

static void write_json(const struct machine *machine, const struct side *all)
{
	FILE *file = fopen(plan.json, "w");

	if (!file)
		err(EXIT_FAILURE, "%s", plan.json);
	fprintf(file, "{\n  \"date\": \"%s\", \"cpu\": \"%s\", \"kernel\": \"%s\", \"repetitions\": %d, \"bytes\": %d,\n  \"rows\": [\n", machine->date,
		machine->cpu, machine->kernel, plan.repeat, plan.size);
	for (int c = 0; c < plan.count; c++) {
		write_sides(file, plan.counts[c], all + (size_t)c * SIDES);
		fputs(c + 1 < plan.count ? ",\n" : "\n", file);
	}
	fputs("  ]\n}\n", file);
	if (fclose(file))
		err(EXIT_FAILURE, "%s", plan.json);
}

/* ---- The command line ------------------------------------------------------------------------------------------------ */

static double number(const char *text, double least, double most)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= least && n <= most))
		errx(2, "%s is not in %g to %g", text, least, most);
	return n;
}

static void read_counts(char *text)
{
	plan.count = 0;
	for (char *one = strtok(text, ","); one; one = strtok(NULL, ",")) {
		if (plan.count == COUNTS_MOST)
			errx(2, "no more than %d numbers of connections", COUNTS_MOST);
		plan.counts[plan.count++] = (int)number(one, 1, 1e6);
	}
	if (!plan.count)
		errx(2, "how many connections?");
}

static void read_plan(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connections", required_argument, NULL, 'c' }, { "repeat", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },     { "size", required_argument, NULL, 'z' },
		{ "json", required_argument, NULL, 'j' },        { "no-pin", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },              { NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'c': read_counts(optarg); break;
		case 'r': plan.repeat = (int)number(optarg, 1, REPEAT_MOST); break;
		case 's': plan.seconds = number(optarg, 0.001, 600); break;
		case 'z': plan.size = (int)number(optarg, 1, 65536); break;
		case 'j': plan.json = optarg; break;
		case 'n': plan.pins = false; break;
		case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
		default: fputs(usage, stderr); exit(2);
		}
	if (argc - optind != SIDES) {
		fputs(usage, stderr);
		exit(2);
	}
	plan.programs[0] = argv[optind];
	plan.programs[1] = argv[optind + 1];
}

int main(int argc, char **argv)
{
	struct machine machine;
	struct side *all;

	read_plan(argc, argv);
	all = calloc((size_t)plan.count * SIDES, sizeof *all);
	if (!all)
		err(EXIT_FAILURE, "no memory");
	alarm((unsigned)(plan.count * (200 + SIDES * plan.repeat * (plan.seconds + 10)))); /* whatever hangs */
	describe_machine(&machine);
	printf("%s, %s, %s; medians of %d bursts of %g s, %d bytes a message\n", machine.cpu, machine.kernel, machine.date, plan.repeat,
	       plan.seconds, plan.size);
	print_heading();
	for (int c = 0; c < plan.count; c++) {
		measure(plan.counts[c], all + (size_t)c * SIDES);
		print_sides(plan.counts[c], all + (size_t)c * SIDES);
	}
	if (plan.json)
		write_json(&machine, all);
	free(all);
	return EXIT_SUCCESS;
}
