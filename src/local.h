/* Coroutine-local data. */
#ifndef SEGUE_SRC_LOCAL_H
#define SEGUE_SRC_LOCAL_H

#include "coroutine.h"

/* EXTRA_LOCALS: destroys the values and their table, on whatever stack this is. */
HIDDEN void segue__destroy_locals(segue_coroutine *co);

#endif
