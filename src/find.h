/* What an address belongs to, found without the lock: by signal handlers, too. */
#ifndef SEGUE_SRC_FIND_H
#define SEGUE_SRC_FIND_H

#include "stack.h"

/* The one in whose slot an address lies; NULL if in none, or if nobody uses that. */
HIDDEN segue_coroutine *segue__find(uintptr_t address);

/* That of a carved slot; NULL if nobody uses it. */
HIDDEN segue_coroutine *segue__find_in_slot(const struct slab *s, size_t i);

/* Whether a place is in the code of the switch; in the first frame of a coroutine. */
HIDDEN bool segue__in_switch(const void *code);
HIDDEN bool segue__in_entry(const void *code);

#endif
