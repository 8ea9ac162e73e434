/* Every live coroutine, for collectors and profilers. */
#include "annotate.h"
#include "chain.h"
#include "stack.h"

struct walk {
	int (*fn)(const segue_live *live, void *arg);
	void *arg;
};

static int look(segue_coroutine *co, void *arg)
{
	const struct walk *w = arg;
	const segue_context *frame = segue__frame_of(co);
	segue_live live = { .co = co, .stack = co->stack, .stack_size = co->stack_size, .state = segue_state(co) };

	if (frame && (live.state != SEGUE_RUNNING || co->gate & GATE_OUTER))
		live.sp = frame->sp;
	if (live.state == SEGUE_RUNNING && !(co->gate & GATE_INNER)) {
		live.resumer = co->resumer;
		live.resumer_sp = contexts_of(co)->sender.sp;
	}
	segue__annotate_defined(&live, sizeof live);
	segue__annotate_call(2);
	return w->fn(&live, w->arg);
}

int segue_foreach_live(int (*fn)(const segue_live *live, void *arg), void *arg)
{
	struct walk w = { fn, arg };

	return segue__stack_foreach(look, &w);
}
