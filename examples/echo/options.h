/* What both servers are told on the command line, and what they need of the system. */
#ifndef ECHO_OPTIONS_H
#define ECHO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct options {
	struct sockaddr_in address;
	uint64_t timeout, grace; /* ms */
	bool http;
};

/** Ends the program where they make no sense, or with --help. */
struct options read_options(int argc, char **argv);

/** As many descriptors as this process may have: one a connection. Says so if that is few. */
void raise_descriptor_limit(void);

/** What libuv could not do ends the program. */
void check(const char *what, int error);

/** Prints where it listens: port 0 has chosen one. */
void say_address(const uv_tcp_t *listener);

#endif
