/* Where a coroutine was made: return addresses, if someone asked for them. */
#include "origin.h"
#include "coroutine.h"

#include <stdbool.h>
#include <unwind.h>

enum { DEEPEST = 64 };

int segue_set_origin_tracking_depth(int depth)
{
	return (int)segue__want(WANT_ORIGIN, (uint32_t)(depth < 0 ? 0 : depth < DEEPEST ? depth : DEEPEST));
}

struct walk {
	void *caller; /* it is there already, and frames below it are the library's */
	uintptr_t constructor;
	void **pc;
	int room, found;
};

/* The lowest bit of a place is the instruction set's, where there are two; the unwinder's lack it. */
static bool is_same_place(uintptr_t a, uintptr_t b)
{
	return (a | 1) == (b | 1);
}

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	uintptr_t pc = _Unwind_GetIP(context);

	if (w->found) {
		*w->pc++ = (void *)pc;
		w->room--;
	} else if (is_same_place(pc, (uintptr_t)w->caller)) {
		w->found = 1;
		if (is_same_place((uintptr_t)_Unwind_GetRegionStart(context), w->constructor)) {
			w->pc--; /* it gives way to whoever called it */
			w->room++;
		}
	}
	return w->room > 0 || !w->found ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* The caller is known, also where its code has no unwinding tables, as on 32-bit ARM by default. */
void segue__origin_take(void **frames, int n, void *caller, const segue_code *code)
{
	uintptr_t constructor = code ? (uintptr_t)code->constructor : 0;
	struct walk w = { __builtin_extract_return_addr(caller), constructor, frames + 1, n - 1, 0 };

	frames[0] = w.caller;
	_Unwind_Backtrace(collect, &w);
	*w.pc = NULL;
}
