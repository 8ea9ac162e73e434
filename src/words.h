/* What the protocol raises, in CPython's words. */
#ifndef SEGUE_SRC_WORDS_H
#define SEGUE_SRC_WORDS_H

#include <string.h>

#include "annotate.h"
#include "coroutine.h"

/* segue_discard(), as the library calls it. */
static inline void segue__discard(segue_result r)
{
	if (!r.raised || !r.raised->release)
		return;
	segue__annotate_call(1);
	r.raised->release(r.value);
	segue__annotate_returned();
}

static inline segue_result segue__words(const segue_type *type, const char *text)
{
	return segue__raised(type, (void *)text);
}

/* The same sentence about each kind: iterable coroutines are generators to Python. */
#define KIND_WORDS(co, type, before, after)                                                              \
	segue__words(&(type), (co)->kind == SEGUE_KIND_COROUTINE ? before "coroutine" after : before "generator" after)

static inline segue_result segue__already_executing(const segue_coroutine *co)
{
	if (unlikely(co->gate & GATE_OWNED))
		segue__check_owner(co);
	return KIND_WORDS(co, segue_ValueError, "", " already executing");
}

static inline segue_result segue__ignored_exit(const segue_coroutine *co)
{
	return KIND_WORDS(co, segue_RuntimeError, "", " ignored GeneratorExit");
}

static inline segue_result segue__already_awaited(void)
{
	return segue__words(&segue_RuntimeError, "cannot reuse already awaited coroutine");
}

/* What arrives at a chain's leaf when m is sent or thrown to it. Python's coroutines suspend by awaiting a generator that yields, and
   no StopIteration comes out of one: so it is at a coroutine's own yield, too. What it awaits gets m as it is. */
static inline segue_result segue__arriving(segue_coroutine *leaf, segue_result m)
{
	if (m.raised)
		leaf->traced = 0;
	if (leaf->kind != SEGUE_KIND_COROUTINE || leaf->awaited || !segue_isinstance(m, &segue_StopIteration))
		return m;
	segue__discard(m);
	return segue__words(&segue_RuntimeError, "generator raised StopIteration");
}

/* What SEGUE_NAMED() made, in its order. */
enum names { NAME, NOT_AWAITABLE, NOT_ITERABLE, NO_SEND, NOT_ITERATOR };

static inline segue_result segue__words_on(const void *object, const segue_type *type, enum names n)
{
	const segue_names *text = (*(const segue_ops *const *)object)->names;

	for (int i = NAME; i < (int)n; i++)
		text += strlen(text) + 1;
	return segue__words(type, text);
}

#endif
