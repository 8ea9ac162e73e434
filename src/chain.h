/* Await chains: who is whose root and leaf, linking and cutting. */
#ifndef SEGUE_SRC_CHAIN_H
#define SEGUE_SRC_CHAIN_H

#include "coroutine.h"

/* A walk up. */
static inline segue_coroutine *segue__root(const segue_coroutine *co)
{
	while (co->awaiter)
		co = co->awaiter;
	return (segue_coroutine *)co;
}

/* Whether it runs, or waits for one that runs. */
static inline int segue__is_running(const segue_coroutine *co)
{
	return (segue__root(co)->gate & GATE_RUNNING) != 0;
}

/* `outer`, a leaf that runs, awaits `inner`, a root that does not: inner's leaf becomes the leaf of outer's chain. */
HIDDEN void segue__link(segue_coroutine *outer, segue_coroutine *inner);

/* `inner`, a leaf and no root, has ended: its awaiter becomes the leaf. Returns that. */
HIDDEN segue_coroutine *segue__unlink_ended(segue_coroutine *inner);

/* Cuts a chain that is suspended above one of its members: that becomes a root, and its awaiter the leaf of what is above, which
   will delegate again when it is resumed. */
HIDDEN void segue__cut_above(segue_coroutine *inner);

/* The same below it: it becomes a leaf. */
HIDDEN void segue__cut_below(segue_coroutine *outer);

/* What it awaits, if that is a coroutine; or NULL. */
HIDDEN segue_coroutine *segue__inner(const segue_coroutine *outer);

/* Where its own frames wait: while it awaits another, in that one's sender. NULL when it has ended; where it last was, while it runs. */
HIDDEN const segue_context *segue__frame_of(const segue_coroutine *co);

/* Puts the floating-point environments of a chain in force, from the root down to its leaf; and back. */
HIDDEN void segue__enter_fenv(segue_coroutine *root);
HIDDEN void segue__leave_fenv(segue_coroutine *leaf);
/* One of them, either way. */
HIDDEN void segue__swap_fenv(segue_coroutine *co);

#endif
