/* A run that is kept, for later ones to be compared with. */
#ifndef SEGUE_PERF_SAVED_H
#define SEGUE_PERF_SAVED_H

#include "report.h"

/** What later runs are compared with. */
struct saved {
	const char *file;
	struct machine machine;
	size_t count;
	struct saved_row {
		char name[sizeof((struct row *)0)->name];
		double median_ns;
	} *rows;
};

void report_save(FILE *file, const struct report *report);

/** Reads what report_save() wrote. Ends the program with EXIT_USAGE where that can't be read, or is not whole. */
void load_saved(struct saved *saved, const char *file);

/** The row of that name; NULL: none. */
const struct saved_row *find_saved(const struct saved *saved, const char *name);

#endif
