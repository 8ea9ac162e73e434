/* A line on the terminal, for what takes over a second. */
#ifndef SEGUE_PERF_PROGRESS_H
#define SEGUE_PERF_PROGRESS_H

#include <stddef.h>

/** So many steps are to come. */
void progress_start(size_t steps);

/** So many are done. Says how far it is, now and then. */
void progress(size_t steps);

/** Takes the line away. */
void progress_end(void);

#endif
