/* The load on an echo server: its process, and the clients in another. */
#ifndef SEGUE_PERF_ECHO_H
#define SEGUE_PERF_ECHO_H

#include <stdint.h>
#include <sys/types.h>

enum { ANY_CPU = -1 };

/** Latencies, by size: 64 steps for each power of two of nanoseconds. */
enum { STEPS = 64, LATENCIES = 64 * STEPS };

/** What one burst of round trips came to. */
struct burst {
	uint64_t trips;
	double seconds;
	uint32_t latencies[LATENCIES];
};

/** The latency in ns that this share of the trips did not pass. */
double latency_below(const struct burst *burst, double share);

/** Clients: a process with so many open connections, each of which has one message under way while a burst lasts. */
struct clients {
	pid_t pid;
	int orders, answers;
};

/** Connects them to that port, and has each make one round trip. Ends the program where one can't. */
struct clients clients_start(int port, int connections, int size, int cpu);
/** Ends the program where an answer is wrong, or fails to come. */
void clients_burst(const struct clients *clients, double seconds, struct burst *burst);
/** Ends the program unless they end well. */
void clients_stop(const struct clients *clients);

/** A server, on a port of its own. */
struct server {
	const char *program;
	pid_t pid;
	int port;
};

struct server server_start(const char *program, int cpu);
double server_cpu_seconds(const struct server *server);
/** Bytes: resident, and of page tables. */
double server_memory(const struct server *server);
/** By SIGTERM. Ends the program unless the server ends well. */
void server_stop(const struct server *server);

/** The present process stays on that CPU. */
void stay_on(int cpu);
/** It is killed as its parent ends, whatever that ends by. */
void end_with_parent(void);

#endif
