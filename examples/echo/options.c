#include "options.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char usage[] =
	"Usage: %s [OPTION...]\n"
	"Sends back what it is sent, on a port of this machine's own address, until SIGTERM or SIGINT.\n"
	"  --port N      0, where not said: one that is free. It is printed\n"
	"  --timeout MS  ends a connection that neither reads nor writes for so long: 30000\n"
	"  --grace MS    how long a connection may go on at the end: 5000\n"
	"  --http        answers HTTP/1.1, where the program can\n";

static uint64_t number(const char *text, uint64_t most)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > most)
		errx(2, "%s is no number up to %llu", text, (unsigned long long)most);
	return n;
}

struct options read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },    { "timeout", required_argument, NULL, 't' },
		{ "grace", required_argument, NULL, 'g' },   { "http", no_argument, NULL, 'h' },
		{ "help", no_argument, NULL, '?' },          { NULL, 0, NULL, 0 },
	};
	struct options options = { .timeout = 30000, .grace = 5000 };
	int port = 0;

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
		switch (c) {
		case 'p': port = (int)number(optarg, 65535); break;
		case 't': options.timeout = number(optarg, INT32_MAX); break;
		case 'g': options.grace = number(optarg, INT32_MAX); break;
		case 'h': options.http = true; break;
		default:
			printf(usage, argv[0]);
			exit(strcmp(argv[optind - 1], "--help") == 0 ? 0 : 2);
		}
	if (optind != argc)
		errx(2, "%s: what is this?", argv[optind]);
	uv_ip4_addr("127.0.0.1", port, &options.address);
	return options;
}

void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		warn("RLIMIT_NOFILE");
	else if (limit.rlim_max < 10100)
		warnx("no more than %llu descriptors: for 10,000 connections the hard limit has to be raised (ulimit -Hn, LimitNOFILE=)",
		      (unsigned long long)limit.rlim_max);
}

void check(const char *what, int error)
{
	if (error)
		errx(1, "%s: %s", what, uv_strerror(error));
}

void say_address(const uv_tcp_t *listener)
{
	struct sockaddr_in address;
	int size = sizeof address;

	check("address", uv_tcp_getsockname(listener, (struct sockaddr *)&address, &size));
	printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
}
