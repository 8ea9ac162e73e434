/* The executables and libraries that are loaded. */
#ifndef SEGUE_SRC_OBJECTS_H
#define SEGUE_SRC_OBJECTS_H

#include <stdbool.h>

#include "context.h"

/* The executables and libraries that were loaded, so that addresses can be told without asking the loader. */
struct objects {
	struct objects *older;          /* it may be being read: kept */
	unsigned long long adds, subs;  /* the loader's counts then */
	size_t count;
	struct object {
		uintptr_t base, low, high; /* what addresses in it are counted from; where its code is */
		const char *name;
	} of[];
};
extern HIDDEN struct objects *segue__objects; /* atomic */

/* Lists them, anew where something was loaded since. False: no memory. */
HIDDEN bool segue__list_objects(void);

#endif
