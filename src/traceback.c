/* Tracebacks: where an exception was raised and which places it passed, kept with the coroutine. */
#include <string.h>

#include "coroutine.h"

READS_THREAD void segue_trace_pass(const segue_site *here)
{
	segue_coroutine *co = segue_running;

	if (!co)
		return;
	/* Full: the first half stays, the last place is the newest */
	if (co->traced == TRACEBACK) {
		for (int i = TRACEBACK / 2; i < TRACEBACK - 1; i++)
			co->traceback[i] = co->traceback[i + 1];
		co->traced--;
	}
	co->traceback[co->traced++] = here;
}

READS_THREAD void segue_trace_raise(const segue_site *here)
{
	segue_coroutine *co = segue_running;

	if (!co)
		return;
	co->traced = 0;
	segue_trace_pass(here);
}

void segue__trace_on(const segue_coroutine *from, segue_coroutine *to)
{
	to->traced = from->traced;
	memcpy(to->traceback, from->traceback, sizeof to->traceback);
}
