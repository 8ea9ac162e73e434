/* SEGUE_FOREACH(): a loop over what a generator yields. */
#include "coroutine.h"

static void end(segue_foreach *loop, segue_result r)
{
	if (segue_isinstance(r, &segue_StopIteration))
		r = segue_value(r.value);
	if (loop->end)
		*loop->end = r;
	else
		segue_discard(r);
	segue_unref(loop->generator);
	loop->generator = NULL;
}

int segue_foreach_next(segue_foreach *loop, void **value)
{
	segue_result r;

	r = segue_send(loop->generator, NULL);
	if (r.raised) {
		end(loop, r);
		return 0;
	}
	*value = r.value;
	return 1;
}

/* Only a loop that is left early still has its generator. */
void segue_foreach_leave(segue_foreach *loop)
{
	if (loop->generator)
		end(loop, segue_close(loop->generator));
}
