/* This run beside a saved one. */
#ifndef SEGUE_PERF_COMPARE_H
#define SEGUE_PERF_COMPARE_H

#include "saved.h"

/** Prints how many times as long each row takes as it did. Returns how many of segue's own take more than `tolerance` per cent longer. */
size_t compare(FILE *file, const struct report *report, const struct saved *saved, int tolerance);

#endif
