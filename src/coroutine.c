/* The coroutine object: making, resuming, suspending, ending. */
#include "coroutine.h"

#include <errno.h>
#include <string.h>

#include "stack.h"

#if SEGUE_PAIRED
#define PAIR(function) function##_pair
#else
#define PAIR(function) function
#endif

_Thread_local SEGUE_TLS segue_coroutine *segue__current;

segue_coroutine *segue_current(void)
{
	return segue__current;
}

enum segue_state segue_state(const segue_coroutine *co)
{
	if (co->gate & GATE_CREATED)
		return SEGUE_CREATED;
	if (co->gate & GATE_CLOSED)
		return SEGUE_CLOSED;
	return co->gate & GATE_RUNNING ? SEGUE_RUNNING : SEGUE_SUSPENDED;
}

/* ---- Words ------------------------------------------------------------------------------------------------------ */

static segue_result words(const segue_type *type, const char *text)
{
	return segue_raise(type, (void *)text);
}

/* The same sentence about each kind: iterable coroutines are generators to Python. */
#define WORDS(co, type, before, after)                                                                           \
	words(&(type), (co)->kind == SEGUE_KIND_COROUTINE ? before "coroutine" after : before "generator" after)

static segue_result already_executing(const segue_coroutine *co)
{
	return WORDS(co, segue_ValueError, "", " already executing");
}

static segue_result ignored_exit(const segue_coroutine *co)
{
	return WORDS(co, segue_RuntimeError, "", " ignored GeneratorExit");
}

static segue_result already_awaited(void)
{
	return words(&segue_RuntimeError, "cannot reuse already awaited coroutine");
}

/* ---- The switch: every change of state is made before it, on the departing side -------------------------------- */

/* Not inlined: with its array in their frames resume() and suspend() could not end in a jump. */
static __attribute__((noinline)) void swap_fenv(segue_coroutine *co)
{
	uint32_t present[2] = { 0, 0 };

	segue_arch_fenv_save(present);
	segue_arch_fenv_load(co->fenv);
	memcpy(co->fenv, present, sizeof present);
}

static inline segue_pair enter(segue_coroutine *co, void *value, const segue_type *raised)
{
	co->resumer = segue__current;
	segue__current = co;
	return segue_arch_switch(&contexts_of(co)->sender, &contexts_of(co)->own, value, raised);
}

static inline segue_pair leave(segue_coroutine *co, void *value, const segue_type *raised)
{
	segue__current = co->resumer;
	return segue_arch_switch(&contexts_of(co)->own, &contexts_of(co)->sender, value, raised);
}

static segue_pair resume(segue_coroutine *co, void *value, const segue_type *raised)
{
	co->gate = (co->gate & ~GATE_CREATED) | GATE_RUNNING;
	if (co->gate & GATE_FENV)
		swap_fenv(co);
	return enter(co, value, raised);
}

/* Suspends it, or where `state` is GATE_CLOSED ends it. */
static segue_pair suspend(segue_coroutine *co, segue_result r, uint32_t state)
{
	co->gate = (co->gate & GATE_FENV) | state;
	if (co->gate & GATE_FENV)
		swap_fenv(co);
	return leave(co, r.value, r.raised);
}

/* ---- From inside ------------------------------------------------------------------------------------------------ */

static int is_dropped(const segue_coroutine *co)
{
	return co->gate & GATE_DROPPED && __atomic_load_n(&co->refs, __ATOMIC_ACQUIRE) == 0;
}

/* The last reference went while it ran: as it suspends it is closed. Its resumer gets what it yielded, but only after that. */
static segue_pair yield_dropped(segue_coroutine *co, void *value)
{
	if (!(co->gate & GATE_CLOSING)) {
		co->gate |= GATE_CLOSING;
		co->pending = segue_value(value);
		return segue__pair(segue_raise(&segue_GeneratorExit, NULL));
	}
	segue__stack_leave(co); /* it ignored that: its frames are abandoned */
	return suspend(co, co->pending, GATE_CLOSED);
}

static __attribute__((noinline)) segue_pair yield_slow(void *value)
{
	segue_coroutine *co = segue__current;

	if (!co)
		return segue__pair(words(&segue_RuntimeError, "yield outside a coroutine"));
	if (is_dropped(co))
		return yield_dropped(co, value);
	return suspend(co, co->gate & GATE_CLOSING ? co->pending : segue_value(value), 0);
}

segue_pair PAIR(segue_yield)(void *value)
{
	segue_coroutine *co = segue__current;

	if (unlikely(!co || co->gate != GATE_RUNNING))
		return yield_slow(value);
	co->gate = 0;
	return leave(co, value, NULL);
}

/* Not inlined: the thread may not be the one that the body started on, and segue__current is another then. */
static __attribute__((noinline)) void finish(segue_coroutine *co, segue_result r)
{
	if (!r.raised)
		r.raised = &segue_StopIteration;
	else if (segue_isinstance(r, &segue_StopIteration))
		r = WORDS(co, segue_RuntimeError, "", " raised StopIteration");
	if (co->gate & GATE_CLOSING)
		r = co->pending;
	if (is_dropped(co))
		segue__stack_leave(co);
	(void)suspend(co, r, GATE_CLOSED);
	__builtin_unreachable();
}

static void run(segue_coroutine *co)
{
	finish(co, co->body(co->arg));
}

/* ---- From outside ----------------------------------------------------------------------------------------------- */

static void end_unstarted(segue_coroutine *co)
{
	co->gate = GATE_CLOSED;
	if (co->dispose)
		co->dispose(co->arg);
}

static __attribute__((noinline)) segue_pair send_slow(segue_coroutine *co, void *value)
{
	if (!co)
		return segue__pair(words(&segue_MemoryError, NULL));
	if (co->gate & GATE_CREATED && value)
		return segue__pair(WORDS(co, segue_TypeError, "can't send non-None value to a just-started ", ""));
	if (co->gate & GATE_RUNNING)
		return segue__pair(already_executing(co));
	if (co->gate & GATE_CLOSED)
		return segue__pair(co->kind == SEGUE_KIND_COROUTINE ? already_awaited() : segue_raise(&segue_StopIteration, NULL));
	return resume(co, value, NULL);
}

segue_pair PAIR(segue_send)(segue_coroutine *co, void *value)
{
	if (unlikely(!co || co->gate))
		return send_slow(co, value);
	co->gate = GATE_RUNNING;
	return enter(co, value, NULL);
}

segue_pair PAIR(segue_throw)(segue_coroutine *co, const segue_type *type, void *value)
{
	if (!co)
		return segue__pair(words(&segue_MemoryError, NULL));
	if (!type)
		return segue__pair(words(&segue_TypeError,
					 "exceptions must be classes or instances deriving from BaseException, not NoneType"));
	if (co->gate & GATE_RUNNING)
		return segue__pair(already_executing(co));
	if (co->gate & GATE_CLOSED)
		return segue__pair(co->kind == SEGUE_KIND_COROUTINE ? already_awaited() : segue_raise(type, value));
	if (co->gate & GATE_CREATED) {
		end_unstarted(co);
		return segue__pair(segue_raise(type, value));
	}
	return resume(co, value, type);
}

static segue_result close_suspended(segue_coroutine *co)
{
	segue_result r = segue__unpair(resume(co, NULL, &segue_GeneratorExit));

	if (!r.raised)
		return ignored_exit(co);
	if (segue_isinstance(r, &segue_StopIteration))
		return segue_value(r.value);
	return segue_isinstance(r, &segue_GeneratorExit) ? segue_value(NULL) : r;
}

segue_pair PAIR(segue_close)(segue_coroutine *co)
{
	segue_result r = segue_value(NULL);

	if (!co || co->gate & GATE_CLOSED)
		return segue__pair(r);
	if (co->gate & GATE_RUNNING)
		return segue__pair(already_executing(co));
	if (co->gate & GATE_CREATED)
		end_unstarted(co);
	else {
		segue_ref(co);
		r = close_suspended(co);
		segue_unref(co);
	}
	return segue__pair(r);
}

/* ---- References ------------------------------------------------------------------------------------------------- */

segue_coroutine *segue_ref(segue_coroutine *co)
{
	if (co)
		__atomic_fetch_add(&co->refs, 1, __ATOMIC_RELAXED);
	return co;
}

/* The last reference has gone. The body that a close still runs, or dispose, may take one: then it stays, closed or not. */
static __attribute__((noinline)) void drop(segue_coroutine *co)
{
	if (co->gate & GATE_RUNNING) {
		__atomic_store_n(&co->refs, 0, __ATOMIC_RELAXED);
		co->gate |= GATE_DROPPED;
		return;
	}
	if (!(co->gate & GATE_CLOSED)) {
		__atomic_store_n(&co->refs, 1, __ATOMIC_RELAXED);
		if (co->gate & GATE_CREATED)
			end_unstarted(co);
		else
			(void)close_suspended(co);
		if (__atomic_load_n(&co->refs, __ATOMIC_ACQUIRE) != 1 && __atomic_sub_fetch(&co->refs, 1, __ATOMIC_ACQ_REL) != 0)
			return;
	}
	segue__stack_give(co);
}

void segue_unref(segue_coroutine *co)
{
	if (!co)
		return;
	/* Who holds the only reference need not write: nobody else can see it */
	if (__atomic_load_n(&co->refs, __ATOMIC_ACQUIRE) == 1 || __atomic_sub_fetch(&co->refs, 1, __ATOMIC_ACQ_REL) == 0)
		drop(co);
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

static void object_ref(void *self)
{
	segue_ref(self);
}

static void object_release(void *self)
{
	segue_unref(self);
}

static segue_result object_next(void *self)
{
	return segue_send(self, NULL);
}

static segue_result object_send(void *self, void *value)
{
	return segue_send(self, value);
}

static segue_result object_throw(void *self, segue_result what)
{
	return segue_throw(self, what.raised, what.value);
}

static segue_result object_close(void *self)
{
	return segue_close(self);
}

#define OPS(word)                                                                                  \
	{ sizeof(segue_ops), 0, SEGUE_NAMED(word), object_ref, object_release, NULL, object_next,  \
	  object_send, object_throw, object_close }

static const segue_ops kinds[] = {
	[SEGUE_KIND_COROUTINE] = OPS("coroutine"),
	[SEGUE_KIND_GENERATOR] = OPS("generator"),
	[SEGUE_KIND_ITERABLE_COROUTINE] = OPS("generator"),
};

static inline segue_coroutine *initialise(segue_coroutine *co, segue_body *body, void *arg, uint32_t kind)
{
	segue_contexts *contexts = contexts_of(co);

	segue__first_frame(&contexts->own, contexts, segue_arch_entry, (void (*)(void))run, co,
			   (char *)&contexts->sender.fp + SEGUE_ARCH_RECORD);
	co->gate = GATE_CREATED;
	co->refs = 1;
	co->leaf = co->root = co;
	co->body = body;
	co->arg = arg;
	co->dispose = NULL;
	co->name = NULL;
	co->kind = kind;
	co->ops = &kinds[kind];
	return co;
}

static segue_coroutine *make(segue_body *body, void *arg, uint32_t kind)
{
	segue_coroutine *co;

	if (!body) {
		errno = EINVAL;
		return NULL;
	}
	co = segue__stack_take(&segue__classes[0]);
	return likely(co) ? initialise(co, body, arg, kind) : NULL;
}

segue_coroutine *segue_coroutine_new(segue_body *body, void *arg)
{
	return make(body, arg, SEGUE_KIND_COROUTINE);
}

segue_coroutine *segue_generator_new(segue_body *body, void *arg)
{
	return make(body, arg, SEGUE_KIND_GENERATOR);
}

/* What the caller says, in this library's layout; what an older caller's lacks has its default. 0, or an errno. */
static int read_attr(segue_attr *attr, const segue_attr *given)
{
	const unsigned char *bytes = (const unsigned char *)given;

	if (given->size < offsetof(segue_attr, guard_size))
		return EINVAL;
	for (size_t i = sizeof *attr; i < given->size; i++)
		if (bytes[i])
			return E2BIG;
	memcpy(attr, given, given->size < sizeof *attr ? given->size : sizeof *attr);
	if (attr->kind > SEGUE_KIND_ITERABLE_COROUTINE || attr->flags & ~SEGUE_OWN_FENV)
		return EINVAL;
	return 0;
}

static segue_coroutine *take_stack(const segue_attr *attr)
{
	struct stack_class *class;

	if (attr->stack)
		return segue__stack_place(attr->stack, attr->stack_size);
	class = segue__stack_class(attr->stack_size, attr->guard_size);
	return class ? segue__stack_take(class) : NULL;
}

segue_coroutine *segue_coroutine_new_with(segue_body *body, void *arg, const segue_attr *given)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	int error = body ? given ? read_attr(&attr, given) : 0 : EINVAL;

	if (error) {
		errno = error;
		return NULL;
	}
	co = take_stack(&attr);
	if (!co)
		return NULL;
	initialise(co, body, arg, attr.kind);
	co->name = attr.name;
	co->dispose = attr.dispose;
	if (attr.flags & SEGUE_OWN_FENV) {
		co->gate |= GATE_FENV;
		segue_arch_fenv_save(co->fenv);
	}
	return co;
}
