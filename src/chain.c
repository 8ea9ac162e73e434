/* Await chains: linking, cutting, and what lies along them. */
#include "chain.h"

#include <string.h>

segue_coroutine *segue__inner(const segue_coroutine *outer)
{
	return segue_as_coroutine(outer->awaited);
}

void segue__link(segue_coroutine *outer, segue_coroutine *inner)
{
	segue_coroutine *root = outer->root;
	segue_coroutine *leaf = inner->leaf;

	if (inner->gate & (GATE_FENV | GATE_FENV_BELOW))
		root->gate |= GATE_FENV_BELOW;
	inner->gate = (inner->gate & ~GATE_CREATED) | GATE_INNER;
	inner->awaiter = outer;
	outer->gate |= GATE_OUTER;
	root->leaf = leaf;
	leaf->root = root;
}

segue_coroutine *segue__unlink_ended(segue_coroutine *inner)
{
	segue_coroutine *outer = inner->awaiter;
	segue_coroutine *root = inner->root;

	inner->awaiter = NULL;
	inner->root = inner;
	outer->gate &= ~GATE_OUTER;
	outer->inner_ended = 1;
	outer->root = root;
	root->leaf = outer;
	return outer;
}

void segue__cut_above(segue_coroutine *inner)
{
	segue_coroutine *outer = inner->awaiter;
	segue_coroutine *root, *leaf;

	if (!outer)
		return;
	root = segue__root(outer);
	leaf = root->leaf;
	inner->awaiter = NULL;
	inner->gate &= ~GATE_INNER;
	if (root->gate & GATE_FENV_BELOW && leaf != inner)
		inner->gate |= GATE_FENV_BELOW;
	inner->leaf = leaf;
	leaf->root = inner;
	outer->gate &= ~GATE_OUTER;
	contexts_of(outer)->own = contexts_of(inner)->sender; /* where it waits */
	outer->root = root;
	root->leaf = outer;
}

void segue__cut_below(segue_coroutine *outer)
{
	if (outer->gate & GATE_OUTER)
		segue__cut_above(segue__inner(outer));
}

/* ---- Floating-point environments --------------------------------------------------------------------------------- */

void segue__swap_fenv(segue_coroutine *co)
{
	uint32_t present[2] = { 0, 0 };

	segue_arch_fenv_save(present);
	segue_arch_fenv_load(co->fenv);
	memcpy(co->fenv, present, sizeof present);
}

void segue__enter_fenv(segue_coroutine *root)
{
	/* First the way down: what has no stack for that overflows before one of them is swapped */
	for (segue_coroutine *co = root; co->gate & GATE_OUTER;)
		co = segue__inner(co);
	for (segue_coroutine *co = root;; co = segue__inner(co)) {
		if (co->gate & GATE_FENV)
			segue__swap_fenv(co);
		if (!(co->gate & GATE_OUTER))
			return;
	}
}

void segue__leave_fenv(segue_coroutine *leaf)
{
	for (segue_coroutine *co = leaf; co; co = co->awaiter)
		if (co->gate & GATE_FENV)
			segue__swap_fenv(co);
}
