/* Hardware counters of this thread, in user mode, where the system allows them. */
#ifndef SEGUE_PERF_COUNTERS_H
#define SEGUE_PERF_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

enum { CYCLES, INSTRUCTIONS, BRANCH_MISSES, COUNTERS };

extern const char *const counter_names[COUNTERS];

struct reading {
	bool valid;
	uint64_t enabled_ns, running_ns; /* less runs than is enabled where the counters are shared out in turns */
	uint64_t counts[COUNTERS];
};

/** Starts them. Returns NULL, or why there are none. Single ones may still be missing. */
const char *counters_open(void);

void counters_read(struct reading *reading);

/** What was counted between the two, scaled up to the whole time; NAN for what was not. */
void counters_between(const struct reading *before, const struct reading *after, double counts[COUNTERS]);

#endif
