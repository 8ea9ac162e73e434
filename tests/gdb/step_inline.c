/* The inlined form, for tests/gdb/step.py to step through. FORM: `chained`, with frame pointers, or `unchained`. */
#include <segue/inline.h>
#include "step.h"

#define NAME(function) NAME_1(function, FORM)
#define NAME_1(function, form) NAME_2(function, form)
#define NAME_2(function, form) inline_##function##_##form

static volatile int after; /* keeps a call from being the last thing of its function */

segue_result NAME(send)(segue_coroutine *co)
{
	segue_result r = segue_send(co, NULL);

	after = 1;
	return r;
}

void NAME(drop)(segue_coroutine *co)
{
	segue_unref(co);
	after = 2;
}

segue_result NAME(body)(void *arg)
{
	while (!segue_yield(arg).raised)
		after = 3;
	return segue_value(arg);
}
