/* The list of benchmarks. */
#include "peers.h"

const struct benchmark benchmarks[] = {
	{ NULL, "", "a value in, the next one out; one call site on each side", TRIPS },
	{ NULL, "-B4", "the same from four call sites in turn, on each side", TRIPS_4 },
	{ NULL, "-BF", "the first, resumed in a helper that returns", TRIPS_F },
	{ NULL, "-BG", "the first, yielding in a helper that returns", TRIPS_G },
	{ NULL, "-BH", "the first, both in helpers", TRIPS_H },
	{ NULL, "-BD", "the first, resumed three helpers deep, yielding five deep", TRIPS_D },
	{ "create+run+destroy", "", "made, run to its only yield, resumed to its end, destroyed; on pooled stacks", LIVES },
	{ "create+first+destroy", "", "made, run to its first yield, destroyed there; on pooled stacks", FIRSTS },
	{ "create+run+destroy", "-fresh", "as create+run+destroy; each stack mapped, guarded and unmapped by itself", FRESH_LIVES },
	{ "create+first+destroy", "-fresh", "as create+first+destroy, likewise", FRESH_FIRSTS },
	{ NULL, NULL, NULL, KINDS },
};
