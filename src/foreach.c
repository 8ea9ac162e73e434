/* SEGUE_FOREACH(): a loop over what an iterator gives. */
#include "coroutine.h"
#include "words.h"

static void end(segue_foreach *loop, segue_result r)
{
	if (segue_isinstance(r, &segue_StopIteration))
		r = segue_value(r.value);
	if (loop->end) {
		*loop->end = r;
		segue__annotate_defined(loop->end, sizeof r);
	} else
		segue__discard(r);
	segue_object_unref(loop->iterator);
	loop->iterator = NULL;
}

static segue_result next(void *iterator)
{
	const segue_ops *ops;

	if (!iterator)
		return segue__words(&segue_MemoryError, NULL);
	ops = *(const segue_ops **)iterator;
	segue__annotate_call(2);
	if (ops->next)
		return ops->next(iterator);
	return ops->send ? ops->send(iterator, NULL) : segue__words_on(iterator, &segue_TypeError, NOT_ITERABLE);
}

int segue_foreach_next(segue_foreach *loop, void **value)
{
	segue_result r = next(loop->iterator);

	if (r.raised) {
		end(loop, r);
		return 0;
	}
	*value = r.value;
	segue__annotate_defined(value, sizeof *value);
	return 1;
}

/* Only a loop that is left early still has its iterator. */
void segue_foreach_leave(segue_foreach *loop)
{
	if (loop->iterator)
		end(loop, segue_close(segue_as_coroutine(loop->iterator)));
}
