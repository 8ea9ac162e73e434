/* Many coroutines alive at once. */
#ifndef SEGUE_PERF_POPULATIONS_H
#define SEGUE_PERF_POPULATIONS_H

#include "measure.h"

/** Measures all rows: those of a population, one peer's coroutines of one number, in a process of their own, one after the other, so
 * that each finds the memory as the first did. What can't be measured is left out, with the reason in the row. */
void measure_all(struct row *rows, size_t count, const struct plan *plan);

#endif
