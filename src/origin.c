/* Where a coroutine was made: return addresses, if someone asked for them. */
#include "origin.h"

#include <unwind.h>

enum { DEEPEST = 64 };

int segue__origin_depth; /* atomic */

int segue_set_origin_tracking_depth(int wanted)
{
	return __atomic_exchange_n(&segue__origin_depth, wanted < 0 ? 0 : wanted < DEEPEST ? wanted : DEEPEST, __ATOMIC_RELAXED);
}

struct walk {
	void *caller; /* frames below it are the library's */
	void **pc;
	int room, found;
};

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	void *pc = (void *)_Unwind_GetIP(context);

	/* The lowest bit is the instruction set's, where there are two; the unwinder's addresses lack it */
	w->found |= ((uintptr_t)pc | 1) == ((uintptr_t)w->caller | 1);
	if (w->found) {
		*w->pc++ = pc;
		w->room--;
	}
	return w->room > 0 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void segue__origin_take(void **frames, int n, void *caller)
{
	struct walk w = { __builtin_extract_return_addr(caller), frames, n, 0 };

	_Unwind_Backtrace(collect, &w);
	*w.pc = NULL;
}
