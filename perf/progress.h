/* A line on the terminal, for what takes over a second. */
#ifndef SEGUE_PERF_PROGRESS_H
#define SEGUE_PERF_PROGRESS_H

#include <stddef.h>

void progress_start(void);

/** Says how far it is, now and then; `done` is at least 1. */
void progress(size_t done, size_t total);

/** Takes the line away. */
void progress_end(void);

#endif
