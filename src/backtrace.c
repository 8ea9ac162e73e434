/* Backtraces of coroutines. Who unwinds stands on a stack of its own, and its caller is, as the unwind tables of the first frame have
   it, what that stack's sender says: a suspended context. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unwind.h>

#include "../arch/interrupted.h"
#include "annotate.h"
#include "chain.h"
#include "find.h"

struct walk {
	const segue_coroutine *co;   /* whose frames come now */
	const segue_context *from;   /* NULL: from the caller of segue_backtrace() on */
	bool awaiters;
	enum { UNWINDING, CALLING, THERE } at; /* whose frames pass by: of who unwinds, of who called that, those that are wanted */
	segue_frame *frames;
	size_t room, count;
	segue_context caller;
};

/* The lowest bit of a place is the instruction set's, where there are two. */
static uintptr_t place(const void *code)
{
	return (uintptr_t)segue_arch_code((void *)code);
}

static bool is_function(struct _Unwind_Context *context, const void *function)
{
	return place((void *)_Unwind_GetRegionStart(context)) == place(function);
}

/* ARM's unwinder means something else by a CFA. */
static uintptr_t sp_of(struct _Unwind_Context *context)
{
#ifdef __ARM_EABI_UNWINDER__
	return _Unwind_GetGR(context, 13);
#else
	return (uintptr_t)_Unwind_GetCFA(context);
#endif
}

static void add(struct walk *w, uintptr_t pc, uintptr_t sp)
{
	if (w->count < w->room)
		w->frames[w->count] = (segue_frame){ .co = w->co, .pc = (void *)pc, .sp = (void *)sp };
	w->count++;
}

/* A first frame. If it is that of a coroutine, it has no more; who awaits it is next. */
static _Unwind_Reason_Code pass_entry(struct walk *w, const void *base)
{
	if (w->at == UNWINDING)
		w->at = w->from ? THERE : CALLING;
	else if (base == w->co)
		w->co = w->awaiters ? w->co->awaiter : NULL;
	return w->co ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	uintptr_t pc = _Unwind_GetIP(context);

	if (segue__in_entry((void *)pc))
		return pass_entry(w, (void *)_Unwind_GetGR(context, SEGUE_ARCH_BASE_NUMBER));
	if (w->at == CALLING && is_function(context, (void *)segue_backtrace))
		w->at = THERE;
	else if (w->at == THERE && !segue__in_switch((void *)pc) && !is_function(context, (void *)segue__run))
		add(w, pc, sp_of(context));
	return _URC_NO_REASON;
}

static void unwind(segue_coroutine *scratch)
{
	segue_contexts *contexts = contexts_of(scratch);
	struct walk *w = scratch->arg;

	w->caller = contexts->sender;
	if (w->from)
		contexts->sender = *w->from;
	_Unwind_Backtrace(collect, w);
	(void)segue_arch_switch(&contexts->own, &w->caller, NULL, NULL);
}

static bool walk(struct walk *w)
{
	segue_coroutine *scratch = segue__stack_take(&segue__classes[0]);

	if (!scratch)
		return false;
	scratch->arg = w;
	segue__annotate_usable(scratch->stack, scratch->stack_size);
	segue__first_call(contexts_of(scratch), contexts_of(scratch), (void (*)(void))unwind);
	(void)segue_arch_switch(&contexts_of(scratch)->sender, &contexts_of(scratch)->own, NULL, NULL);
	segue__stack_give(scratch);
	return true;
}

/* Of one that waits for a chain that it resumed on this thread. */
static const segue_context *waits_at(const segue_coroutine *co, const segue_coroutine *running)
{
	while (running) {
		segue_coroutine *root = segue__root(running);
		if (root->resumer == co)
			return &contexts_of(root)->sender;
		running = root->resumer;
	}
	return NULL;
}

static void name(segue_frame *f, const void *inside)
{
	Dl_info at;

	if (!dladdr(inside, &at))
		return;
	f->object = at.dli_fname;
	f->offset = (uintptr_t)f->pc - (uintptr_t)at.dli_fbase;
	f->function = at.dli_sname;
	f->at = at.dli_sname ? (uintptr_t)f->pc - place(at.dli_saddr) : 0;
}

static size_t fail(int error)
{
	errno = error;
	return 0;
}

/* The walk knows it by its address: no optimiser of the whole program may make another one of it. */
#if __has_attribute(noipa)
__attribute__((noipa))
#endif
READS_THREAD size_t segue_backtrace(const segue_coroutine *co, uint32_t flags, segue_frame *frames, size_t n)
{
	struct walk w = { .co = co, .awaiters = flags & SEGUE_AWAITERS, .frames = frames, .room = n };
	bool created;

	if (!co || flags & ~SEGUE_AWAITERS)
		return fail(EINVAL);
	if (co->gate & GATE_CLOSED)
		return 0;
	created = co->gate & GATE_CREATED;
	if (created)
		add(&w, place((void *)co->body), (uintptr_t)contexts_of((segue_coroutine *)co)->own.sp);
	else if (co == segue_running)
		w.from = NULL;
	else {
		w.from = segue__is_running(co) && !(co->gate & GATE_OUTER) ? waits_at(co, segue_running) : segue__frame_of(co);
		if (!w.from)
			return fail(EBUSY);
	}
	if (!created && !walk(&w))
		return 0;
	for (size_t i = 0; i < n && i < w.count; i++)
		name(&frames[i], created ? (void *)co->body : (char *)frames[i].pc - 1);
	segue__annotate_defined(frames, (n < w.count ? n : w.count) * sizeof *frames);
	return w.count;
}
