/* Where a coroutine was made: return addresses, if someone asked for them. */
#include "origin.h"
#include "coroutine.h"

#include <unwind.h>

enum { DEEPEST = 64 };

int segue_set_origin_tracking_depth(int depth)
{
	return (int)segue__want(WANT_ORIGIN, (uint32_t)(depth < 0 ? 0 : depth < DEEPEST ? depth : DEEPEST));
}

struct walk {
	void *caller; /* it is there already, and frames below it are the library's */
	void **pc;
	int room, found;
};

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	void *pc = (void *)_Unwind_GetIP(context);

	if (w->found) {
		*w->pc++ = pc;
		w->room--;
	}
	/* The lowest bit is the instruction set's, where there are two; the unwinder's addresses lack it */
	w->found |= ((uintptr_t)pc | 1) == ((uintptr_t)w->caller | 1);
	return w->room > 0 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* The caller is known, also where its code has no unwinding tables, as on 32-bit ARM by default. */

void segue__origin_take(void **frames, int n, void *caller)
{
	struct walk w = { __builtin_extract_return_addr(caller), frames + 1, n - 1, 0 };

	frames[0] = w.caller;
	_Unwind_Backtrace(collect, &w);
	*w.pc = NULL;
}
