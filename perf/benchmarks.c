/* The list of benchmarks. */
#include "peers.h"

#define AWAIT(n) { "await-" #n, "", "sent to the outermost of " #n " awaits, the innermost yields", AWAITS, n, false }
#define LIVE(n)                                                                                                             \
	{ "live-" #n, "", #n " of them, resumed in turn, in the order of their making", ROBIN, n, false },                  \
	{ "live-" #n, "-prefetch", "the same, each prefetched 16 turns before", ROBIN_AHEAD, n, false },                    \
	{ "live-" #n, "-shuffled", "the same, in a random order, always that one", ROBIN, n, true },                        \
	{ "live-" #n, "-shuffled-prefetch", "likewise, each prefetched 16 turns before", ROBIN_AHEAD, n, true }

const struct benchmark benchmarks[] = {
	{ NULL, "", "a value in, the next one out; one call site on each side", TRIPS, 0, false },
	{ NULL, "-B4", "the same from four call sites in turn, on each side", TRIPS_4, 0, false },
	{ NULL, "-BF", "the first, resumed in a helper that returns", TRIPS_F, 0, false },
	{ NULL, "-BG", "the first, yielding in a helper that returns", TRIPS_G, 0, false },
	{ NULL, "-BH", "the first, both in helpers", TRIPS_H, 0, false },
	{ NULL, "-BD", "the first, resumed three helpers deep, yielding five deep", TRIPS_D, 0, false },
	{ "create+run+destroy", "", "made, run to its only yield, resumed to its end, destroyed; on pooled stacks", LIVES, 0, false },
	{ "create+first+destroy", "", "made, run to its first yield, destroyed there; on pooled stacks", FIRSTS, 0, false },
	{ "create+run+destroy", "-fresh", "as create+run+destroy; each stack mapped, guarded and unmapped by itself", FRESH_LIVES, 0, false },
	{ "create+first+destroy", "-fresh", "as create+first+destroy, likewise", FRESH_FIRSTS, 0, false },
	AWAIT(1),
	AWAIT(10),
	AWAIT(100),
	AWAIT(1000),
	AWAIT(10000),
	LIVE(1),
	LIVE(16),
	LIVE(256),
	LIVE(4096),
	LIVE(65536),
	LIVE(1000000),
	{ NULL, NULL, NULL, KINDS, 0, false },
};
