/* What is timed: a benchmark is work that all libraries do alike, a peer is a library that does it.
 *
 * segue's own forms are peers like the others. Each peer is a file that defines a type, five small functions and a macro, and
 * includes bodies.h, where the work is written once, so that nothing stands between a timed loop and the library's own calls.
 */
#ifndef SEGUE_PERF_PEERS_H
#define SEGUE_PERF_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A kind of work. Every peer has an array of them, all in the order of the table at the end of bodies.h. */
struct benchmark {
	const char *name;             /* NULL: as the peer calls its round trip; in the array's last one `about` is NULL too */
	const char *suffix;           /* what follows that name */
	const char *about;
	void *(*prepare)(void);       /* makes what run() works on; or NULL */
	uintptr_t (*run)(void *on, uintptr_t rounds); /* returns what it counted up to: rounds * counts */
	void (*clear)(void *on);      /* undoes prepare(); or NULL */
	unsigned counts;
};

struct peer {
	const char *library;
	const char *prefix;     /* of the names of its rows */
	const char *round_trip; /* what it calls one */
	const char *about;
	const struct benchmark *benchmarks;
	bool ours;
};

/** Those that this build has, in the order of the report, and the names of those that it could have; each ends with NULL. */
extern const struct peer *const peers[];
extern const char *const absent_peers[];

extern const struct peer peer_switch, peer_send, peer_ucontext, peer_boost, peer_pcl;

#endif
