/* Where a coroutine was made. */
#ifndef SEGUE_SRC_ORIGIN_H
#define SEGUE_SRC_ORIGIN_H

#include "context.h"

/* Stores up to n of them and a NULL, from `caller` on, a return address of one of the functions below on the stack; from the next on where
   that is the constructor of `code`. */
HIDDEN void segue__origin_take(void **frames, int n, void *caller, const segue_code *code);

#endif
