/* How much of their stacks coroutines touch. */
#ifndef SEGUE_SRC_HIGH_WATER_H
#define SEGUE_SRC_HIGH_WATER_H

#include "coroutine.h"

/* Of a new one: what its stack's earlier owners touched is forgotten, and it gets EXTRA_COUNTED if there is where to count it. */
HIDDEN void segue__count_from_here(segue_coroutine *co);

/* EXTRA_COUNTED: it has ended. */
HIDDEN void segue__count(segue_coroutine *co);

#endif
