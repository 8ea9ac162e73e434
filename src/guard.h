/* Guards: pages that fault. Nothing of stacks. */
#ifndef SEGUE_SRC_GUARD_H
#define SEGUE_SRC_GUARD_H

#include <stddef.h>

#include "context.h"

enum { GUARDS_AT_ONCE = 64 };

/* Makes the `size` bytes at first, at first + stride, and so on up to the n-th, fault: as many of them as one go may, from the first
   on. Returns how many; 0 with errno: EAGAIN at the limit of mappings. One thread at a time. */
HIDDEN size_t segue__guard(unsigned char *first, size_t size, size_t stride, size_t n);

/* How many mappings more there are for all these guards. */
HIDDEN size_t segue__guard_mappings(void);

#endif
