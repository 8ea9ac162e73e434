/* What can be seen of a coroutine from outside. */
#include <string.h>

#include "annotate.h"
#include "chain.h"

const segue_context *segue__frame_of(const segue_coroutine *co)
{
	segue_coroutine *stands = co->gate & GATE_OUTER ? segue__inner(co) : (segue_coroutine *)co;

	if (co->gate & GATE_CLOSED)
		return NULL;
	return stands == co ? &contexts_of(stands)->own : &contexts_of(stands)->sender;
}

void segue_inspect(const segue_coroutine *co, segue_info *info, size_t size)
{
	enum segue_state state = segue_state(co);
	const segue_code *code = co->code;
	segue_info full;

	memset(&full, 0, sizeof full);
	full.cr_await = state == SEGUE_SUSPENDED ? co->awaited : NULL;
	full.cr_code.name = segue__name(co);
	full.cr_code.entry = co->body;
	if (code && !code->made_here) {
		full.cr_code.file = code->site.file;
		full.cr_code.line = code->site.line;
	}
	full.cr_frame = segue__frame_of(co);
	full.cr_origin.made = code && code->made_here ? &code->site : NULL;
	full.cr_origin.frames = co->extras & EXTRA_ORIGIN ? co->origin : NULL;
	full.cr_running = state == SEGUE_RUNNING;
	full.cr_suspended = state == SEGUE_SUSPENDED;
	full.stack = co->stack;
	full.stack_size = co->stack_size;
	full.kind = (segue_kind)co->kind;
	memset(info, 0, size);
	memcpy(info, &full, size < sizeof full ? size : sizeof full);
	segue__annotate_defined(info, size);
}

size_t segue_traceback(const segue_coroutine *co, const segue_site **sites, size_t n)
{
	for (size_t i = 0; i < co->traced && i < n; i++)
		sites[i] = co->traceback[i];
	segue__annotate_defined(sites, (n < co->traced ? n : co->traced) * sizeof *sites);
	return co->traced;
}
