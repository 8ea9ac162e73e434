/* The register probe: arch/<cpu>/probe.S, and what probe.c does with it. */
#ifndef SEGUE_TESTS_PROBE_H
#define SEGUE_TESTS_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include "segue/context.h"

enum { PROBE_MOST = 64 };

/* Fills every callee-saved register from fill[], switches, and stores what they hold then to found[]. */
void *segue_probe_switch(segue_context *from, segue_context *to, void *value, const uintptr_t *fill, uintptr_t *found);

/* The names of fill[0], fill[1], …, one after the other; an empty one ends them. One that is wider than a word stands twice. */
extern const char segue_probe_names[];

/* A context whose ip is this stores what it was given (raised, value, sp, fp, base, fp again), and goes back to *segue_probe_home. */
void segue_probe_arrive(void);
extern uintptr_t segue_probe_arrived[6];
extern segue_context segue_probe_left, *segue_probe_home;

struct report {
	int lost[2][PROBE_MOST]; /* how often a register had another value after a switch: on the main side, on the other */
	size_t count;            /* registers that were filled */
	size_t misaligned;       /* bytes that the first frame's stack is off the ABI's alignment */
	int arrived_wrong[6];    /* words that a context which no stub made did not get: as segue_probe_arrived[] */
	int argument_ok, first_value_ok, values_ok;
};

const struct report *probe(void);

#endif
