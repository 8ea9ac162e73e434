/* What is timed: a benchmark is work that all libraries do alike, a peer is a library that does it.
 *
 * segue's own forms are peers like the others. Each peer is a file that defines a type and some small functions, and includes
 * bodies.h, what runs inside, or brings bodies of its own, and driving.h, what runs outside: written once for all, so that nothing
 * stands between a timed loop and the library's own calls.
 */
#ifndef SEGUE_PERF_PEERS_H
#define SEGUE_PERF_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of work, in the order of each peer's table at the end of driving.h. */
enum kind {
	TRIPS, TRIPS_4, TRIPS_F, TRIPS_G, TRIPS_H, TRIPS_D, /* round trips: by the suffixes of benchmarks.c */
	LIVES, FIRSTS, FRESH_LIVES, FRESH_FIRSTS,           /* to the end, to the first yield; on stacks that are not pooled */
	AWAITS,
	ROBIN, ROBIN_AHEAD,                                 /* many in turn; prefetched */
	KINDS
};

/** A row of the report, but for the peer. */
struct benchmark {
	const char *name;   /* NULL: as the peer calls its round trip */
	const char *suffix; /* what follows that name */
	const char *about;
	enum kind kind;
	size_t size;   /* how many coroutines there are; 0: one, or none at a time */
	bool shuffled; /* of many: not resumed in the order in which they were made */
};

/** Many coroutines that are resumed in turn: what `on` is of these kinds. */
struct robin {
	void **order;     /* `count` and then AHEAD again, from the first on */
	size_t count, at; /* at: the next one */
};

enum { AHEAD = 16 };

/** The list; in the last one `about` is NULL. */
extern const struct benchmark benchmarks[];

/** How a peer does it. */
struct work {
	void *(*prepare)(size_t size); /* makes what run() works on; or NULL */
	uintptr_t (*run)(void *on, uintptr_t rounds); /* returns what it counted up to: rounds * counts. NULL: the peer can't */
	void (*clear)(void *on);       /* undoes prepare(); or NULL */
	unsigned counts;
};

struct peer {
	const char *library;
	const char *prefix;     /* of the names of its rows */
	const char *round_trip; /* what it calls one */
	const char *about;
	const struct work *works; /* by kind */
	unsigned only;          /* 1 << kind, of those that have rows; 0: all that it can */
	size_t (*populate)(void **all, size_t count); /* makes so many, suspended: returns how many it could, with errno */
	bool ours;
};

/** Those that this build has, in the order of the report, and the names of those that it could have; each ends with NULL. */
extern const struct peer *const peers[];
extern const char *const absent_peers[];

extern const struct peer peer_switch, peer_send, peer_inline;
extern const struct peer peer_ucontext, peer_boost, peer_boost_guarded, peer_pcl;
extern const struct peer peer_cpp20, peer_cpp20_pooled, peer_machine, peer_memory, peer_call;

#ifdef __cplusplus
}
#endif
#endif
