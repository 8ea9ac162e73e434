/* The machine that is measured on. */
#ifndef SEGUE_PERF_MACHINE_H
#define SEGUE_PERF_MACHINE_H

enum { LAST_CPU = -1, NO_CPU = -2 };

struct machine {
	char cpu[128];
	char kernel[256]; /* with the architecture */
	char compiler[128];
	char date[32];    /* UTC, ISO 8601 */
	int pinned;       /* to that CPU, or NO_CPU */
};

/** Fills in everything but `pinned`. */
void describe_machine(struct machine *machine);

/** Pins this thread to that CPU, or to the last one it may run on. Returns which; NO_CPU with errno, or where asked for. */
int pin(int cpu);

#endif
