/* The moves: send, yield, throw, close, and what happens when a body ends or a last reference goes. */
#include "annotate.h"
#include "chain.h"
#include "high_water.h"
#include "local.h"
#include "overflow.h"
#include "stack.h"
#include "words.h"

/* Assembly that a compiler inlines names it: no optimiser may take it away. */
__attribute__((used)) _Thread_local SEGUE_TLS segue_coroutine *segue_running;

READS_THREAD segue_coroutine *segue_current(void)
{
	return segue_running;
}

#ifndef __ELF__
READS_THREAD segue_coroutine **segue_running_here(void)
{
	return &segue_running;
}
#endif

enum segue_state segue_state(const segue_coroutine *co)
{
	if (co->gate & GATE_CREATED)
		return SEGUE_CREATED;
	if (co->gate & GATE_CLOSED)
		return SEGUE_CLOSED;
	return segue__is_running(co) ? SEGUE_RUNNING : SEGUE_SUSPENDED;
}

/* ---- The switch: every change of state is made before it, on the departing side --------------------------------- */

/* From the first change to the stub nothing is called: what overflows finds either none of it made or all of it. */
#define IN_PLACE inline __attribute__((always_inline))

static IN_PLACE segue_pair enter(segue_coroutine *root, segue_coroutine *leaf, void *value, const segue_type *raised)
{
	if (unlikely(root->resumer != segue_running)) /* see segue/inline.h */
		root->resumer = segue_running;
	segue_running = leaf;
	return segue_arch_switch(&contexts_of(root)->sender, &contexts_of(leaf)->own, value, raised);
}

static IN_PLACE segue_pair leave(segue_coroutine *leaf, segue_coroutine *root, void *value, const segue_type *raised)
{
	segue_running = root->resumer;
	return segue_arch_switch(&contexts_of(leaf)->own, &contexts_of(root)->sender, value, raised);
}

static READS_THREAD segue_pair enter_watched(segue_coroutine *root, segue_result r)
{
	segue_coroutine *leaf = root->leaf;

	root->resumer = segue_running;
	segue_running = leaf;
	return segue__switch_watched(&contexts_of(root)->sender, &contexts_of(leaf)->own, r, root->resumer, leaf);
}

static READS_THREAD segue_pair leave_watched(segue_coroutine *leaf, segue_coroutine *root, segue_result r)
{
	segue_running = root->resumer;
	return segue__switch_watched(&contexts_of(leaf)->own, &contexts_of(root)->sender, r, leaf, root->resumer);
}

/* What tells a sanitizer of a switch can't be abandoned halfway: what would overflow there does so before. */
static void spare_watchers(const segue_coroutine *co)
{
	if (unlikely(co->gate & GATE_WATCHED))
		segue__spare_locks();
}

static READS_THREAD segue_pair resume(segue_coroutine *root, void *value, const segue_type *raised)
{
	spare_watchers(root);
	if (unlikely(root->gate & (GATE_FENV | GATE_FENV_BELOW)))
		segue__enter_fenv(root);
	if (unlikely(root->gate & GATE_OWNED))
		segue__own(root);
	root->gate = (root->gate & ~GATE_CREATED) | GATE_RUNNING;
	if (unlikely(root->gate & GATE_WATCHED))
		return enter_watched(root, segue__raised(raised, value));
	return enter(root, root->leaf, value, raised);
}

/* The last reference went while it ran. Its resumer must find it gone, but where it is gone nothing runs on the way back: so what is
   left to do is done on the resumer's stack, below its frames, as if a function had been called there. */
struct epilogue {
	segue_contexts contexts;
	struct left {
		segue_coroutine *co;
		segue_result result; /* for the resumer; of one that was closed, what came out */
	} left;
};
_Static_assert(offsetof(struct epilogue, left) == sizeof(segue_contexts), "its argument is just above");

static void drop(segue_coroutine *co);
static void end_closed(segue_coroutine *co, segue_result r);

static void finish_epilogue(struct left *left)
{
	segue_contexts *contexts = (segue_contexts *)left - 1;
	segue_coroutine *resumer = left->co->resumer;
	uint32_t watched = left->co->gate & GATE_WATCHED;
	segue_result r = left->result;

	if (unlikely(watched))
		segue__arrive_watched();
	if (left->co->gate & GATE_CLOSING)
		end_closed(left->co, r);
	else
		drop(left->co);
	if (unlikely(watched))
		segue__leave_for_good(&contexts->own, &contexts->sender, r, resumer);
	(void)segue_arch_switch(&contexts->own, &contexts->sender, r.value, r.raised);
}

static segue_pair leave_dropped(segue_coroutine *leaf, segue_coroutine *root, segue_result r)
{
	uintptr_t below = (uintptr_t)contexts_of(root)->sender.sp - RED_ZONE - sizeof(struct epilogue);
	struct epilogue *e = (struct epilogue *)(below & -(uintptr_t)CACHE_LINE);

	segue__annotate_taken((char *)e - RED_ZONE, RED_ZONE + sizeof *e);
	e->contexts.sender = contexts_of(root)->sender;
	e->left = (struct left){ root, r };
	segue__first_call(&e->contexts, e, (void (*)(void))finish_epilogue);
	segue_running = root->resumer;
	if (unlikely(root->gate & GATE_WATCHED))
		return segue__switch_watched(&contexts_of(leaf)->own, &e->contexts.own, segue_value(NULL), leaf, root->resumer);
	return segue_arch_switch(&contexts_of(leaf)->own, &e->contexts.own, NULL, NULL);
}

/* Whether that was the last one. Who holds the only reference need not write: nobody else can see it. */
static int drop_reference(segue_coroutine *co)
{
	return __atomic_load_n(&co->refs, __ATOMIC_ACQUIRE) == 1 || __atomic_sub_fetch(&co->refs, 1, __ATOMIC_ACQ_REL) == 0;
}

/* The same, for sanitizers to see: what others did to it before they let go comes before what the last one does. */
static int let_go(segue_coroutine *co)
{
	uint32_t watched = __atomic_load_n(&co->gate, __ATOMIC_RELAXED) & GATE_WATCHED; /* another thread may run it */

	if (unlikely(watched))
		segue__annotate_release(&co->refs);
	if (!drop_reference(co))
		return 0;
	if (unlikely(watched))
		segue__annotate_acquire(&co->refs);
	return 1;
}

/* ---- From inside ------------------------------------------------------------------------------------------------- */

/* Whether it goes as it leaves: its last reference has gone, now or before it was closed. */
static int is_dropped(const segue_coroutine *root)
{
	return root->gate & GATE_CLOSING || (root->gate & GATE_DROPPED && __atomic_load_n(&root->refs, __ATOMIC_ACQUIRE) == 0);
}

segue_pair PAIR(segue_yield_slowly)(void *value)
{
	segue_coroutine *leaf = segue_running;
	segue_coroutine *root;
	int dropped;

	if (!leaf)
		return segue__pair(segue__words(&segue_RuntimeError, "yield outside a coroutine"));
	root = leaf->root;
	spare_watchers(root);
	dropped = is_dropped(root);
	if (root->gate & (GATE_FENV | GATE_FENV_BELOW))
		segue__leave_fenv(leaf);
	root->gate &= ~GATE_RUNNING;
	if (dropped)
		return leave_dropped(leaf, root, segue_value(value));
	root->gate &= ~GATE_DROPPED;
	if (unlikely(root->gate & GATE_WATCHED))
		return leave_watched(leaf, root, segue_value(value));
	return leave(leaf, root, value, NULL);
}

ON_A_LINE READS_THREAD segue_pair PAIR(segue_yield)(void *value)
{
	segue_coroutine *co = segue_running;

	if (unlikely(!co || co->gate != GATE_RUNNING))
		return PAIR(segue_yield_slowly)(value);
	co->gate = 0;
	return leave(co, co, value, NULL);
}

/* What the body raised goes out. A function of the user's may run here. */
static __attribute__((noinline)) segue_result leave_body(segue_coroutine *co, segue_result r)
{
	segue_coroutine *to = co->gate & GATE_INNER ? co->awaiter : co->resumer;

	if (segue_isinstance(r, &segue_StopIteration)) {
		segue__discard(r);
		r = KIND_WORDS(co, segue_RuntimeError, "", " raised StopIteration");
	}
	if (to && !(co->gate & GATE_CLOSING) && !segue_isinstance(r, &segue_GeneratorExit))
		segue__trace_on(co, to);
	return r;
}

/* For good. */
static inline _Noreturn void end(segue_coroutine *co, void *value, const segue_type *raised)
{
	(void)leave(co, co, value, raised);
	__builtin_unreachable();
}

static _Noreturn READS_THREAD void finish_slowly(segue_coroutine *co, void *value, const segue_type *raised)
{
	segue_result r = { raised ? raised : &segue_StopIteration, value };
	uint32_t gate = co->gate;

	if (gate & GATE_FENV)
		segue__swap_fenv(co);
	if (gate & GATE_INNER) {
		segue_coroutine *outer = segue__unlink_ended(co);
		segue_running = outer;
		co->gate = GATE_CLOSED | (gate & GATE_OF_ENDED);
		if (unlikely(gate & GATE_WATCHED))
			(void)segue__switch_watched(&contexts_of(co)->own, &contexts_of(co)->sender, r, co, outer);
		(void)segue_arch_switch(&contexts_of(co)->own, &contexts_of(co)->sender, r.value, r.raised);
		__builtin_unreachable();
	}
	co->gate = GATE_CLOSED | (gate & (GATE_DROPPED | GATE_CLOSING | GATE_OF_ENDED));
	if (is_dropped(co))
		(void)leave_dropped(co, co, r);
	if (unlikely(gate & GATE_WATCHED))
		(void)leave_watched(co, co, r);
	end(co, r.value, r.raised);
}

/* Closed as its last reference went, and nothing to report: it goes from under itself, or stays if the body took a reference. */
static inline _Noreturn void finish_closed(segue_coroutine *co, void *value, const segue_type *raised)
{
	if (unlikely(!drop_reference(co)))
		co->gate = GATE_CLOSED;
	else if (unlikely(!segue__stack_give_own(co))) {
		__atomic_store_n(&co->refs, 1, __ATOMIC_RELAXED);
		finish_slowly(co, value, raised);
	}
	end(co, NULL, NULL);
}

/* Two words and no struct, which gcc puts together in memory. */
static ON_A_LINE _Noreturn READS_THREAD void finish(segue_coroutine *co, void *value, const segue_type *raised)
{
	if (likely(co->gate == GATE_RUNNING && !raised)) {
		co->gate = GATE_CLOSED;
		end(co, value, &segue_StopIteration);
	}
	if (likely(co->gate == (GATE_RUNNING | GATE_CLOSING) && (!raised || raised == &segue_GeneratorExit)))
		finish_closed(co, value, raised);
	finish_slowly(co, value, raised);
}

/* On its own stack, as the last of its body; or, where that was abandoned, on that of who dropped it. */
static __attribute__((noinline)) void at_end(segue_coroutine *co)
{
	if (co->extras & EXTRA_LOCALS)
		segue__destroy_locals(co);
	if (co->extras & EXTRA_COUNTED)
		segue__count(co);
	if (co->extras & EXTRA_KEEP)
		co->gate |= GATE_KEPT; /* its last reference takes the slow path */
}

void segue__run(segue_coroutine *co)
{
	segue_result r = co->body(co->arg);

	if (unlikely(co->extras & EXTRA_AT_END))
		at_end(co);
	if (unlikely(r.raised && r.raised != &segue_GeneratorExit))
		r = leave_body(co, r);
	finish(co, r.value, r.raised);
}

/* ---- Overflow: its frames are abandoned, wherever it was --------------------------------------------------------- */

/* It was leaving for the chain of `root`, by sending to it or awaiting it, and nothing came of that. */
static void stay_suspended(segue_coroutine *root)
{
	segue__leave_fenv(root->leaf);
	root->gate &= ~(GATE_RUNNING | GATE_CLOSING);
	if (root->leaf == root && contexts_of(root)->own.ip == (void *)segue_arch_entry)
		root->gate |= GATE_CREATED;
}

/* The stub itself overflowed: the state was changed, and the stack not yet. */
static void come_back(segue_coroutine *co, segue_coroutine *gone_to)
{
	segue_coroutine *root = segue__root(co);

	segue_running = co;
	if (co->gate & GATE_OUTER) {
		segue_coroutine *inner = segue__inner(co);
		segue__cut_below(co);
		stay_suspended(inner);
	} else if (root->gate & GATE_RUNNING)
		stay_suspended(segue__root(gone_to));
	else {
		segue__enter_fenv(root);
		root->gate |= GATE_RUNNING;
	}
}

void segue__overflowed(segue_coroutine *co)
{
	if (segue_running != co)
		come_back(co, segue_running);
	co->gate |= GATE_OVERFLOWED;
	co->traced = 0;
	finish_slowly(co, (void *)"stack overflow", &segue_RecursionError);
}

/* ---- From outside ------------------------------------------------------------------------------------------------ */

static void end_unstarted(segue_coroutine *co)
{
	co->gate = GATE_CLOSED | (co->gate & GATE_WATCHED);
	co->extras &= (uint8_t)~EXTRA_COUNTED;
	if (co->extras & EXTRA_KEEP)
		co->gate |= GATE_KEPT;
	else if (co->dispose) {
		segue__annotate_call(1);
		co->dispose(co->arg);
		segue__annotate_returned();
	}
}

segue_pair PAIR(segue_send_slowly)(segue_coroutine *co, void *value)
{
	if (likely(co && co->gate == GATE_CREATED && !value)) {
		co->gate = GATE_RUNNING;
		return enter(co, co, NULL, NULL);
	}
	if (!co)
		return segue__pair(segue__words(&segue_MemoryError, NULL));
	if (co->gate & GATE_CREATED && value)
		return segue__pair(KIND_WORDS(co, segue_TypeError, "can't send non-None value to a just-started ", ""));
	if (segue__is_running(co))
		return segue__pair(segue__already_executing(co));
	if (co->gate & GATE_CLOSED)
		return segue__pair(co->kind == SEGUE_KIND_COROUTINE ? segue__already_awaited()
								     : segue__raised(&segue_StopIteration, NULL));
	segue__cut_above(co);
	return resume(co, value, NULL);
}

ON_A_LINE READS_THREAD segue_pair PAIR(segue_send)(segue_coroutine *co, void *value)
{
	if (unlikely(!co || co->gate))
		return PAIR(segue_send_slowly)(co, value);
	co->gate = GATE_RUNNING;
	return enter(co, co, value, NULL);
}

/* What was thrown is not delivered: something else is raised instead. */
static segue_pair refuse(segue_result thrown, segue_result instead)
{
	segue__discard(thrown);
	return segue__pair(instead);
}

segue_pair PAIR(segue_throw)(segue_coroutine *co, const segue_type *type, void *value)
{
	segue_result thrown = segue__raised(type, value);

	if (!co)
		return refuse(thrown, segue__words(&segue_MemoryError, NULL));
	if (!type)
		return segue__pair(segue__words(&segue_TypeError,
						"exceptions must be classes or instances deriving from BaseException, not NoneType"));
	if (segue__is_running(co))
		return refuse(thrown, segue__already_executing(co));
	if (co->gate & GATE_CLOSED)
		return co->kind == SEGUE_KIND_COROUTINE ? refuse(thrown, segue__already_awaited()) : segue__pair(thrown);
	if (co->gate & GATE_CREATED) {
		end_unstarted(co);
		return segue__pair(thrown);
	}
	segue__cut_above(co);
	if (segue_isinstance(thrown, &segue_GeneratorExit))
		segue__cut_below(co); /* it goes level by level: its own await closes what is inside */
	thrown = segue__arriving(co->leaf, thrown);
	return resume(co, thrown.value, thrown.raised);
}

/* What a close gives, if this came out. */
static segue_result closed_with(segue_coroutine *co, segue_result r)
{
	if (!r.raised)
		return segue__ignored_exit(co);
	if (segue_isinstance(r, &segue_StopIteration))
		return segue_value(r.value);
	if (!segue_isinstance(r, &segue_GeneratorExit))
		return r;
	segue__discard(r);
	return segue_value(NULL);
}

static segue_result close_suspended(segue_coroutine *co)
{
	segue_result exit;

	segue__cut_below(co);
	exit = segue__arriving(co, segue__raised(&segue_GeneratorExit, NULL));
	return closed_with(co, segue__unpair(resume(co, exit.value, exit.raised)));
}

segue_pair PAIR(segue_close)(segue_coroutine *co)
{
	segue_result r = segue_value(NULL);

	if (!co || co->gate & GATE_CLOSED)
		return segue__pair(r);
	if (segue__is_running(co))
		return segue__pair(segue__already_executing(co));
	if (co->gate & GATE_CREATED)
		end_unstarted(co);
	else {
		segue_ref(co);
		segue__cut_above(co);
		r = close_suspended(co);
		segue_unref(co);
	}
	return segue__pair(r);
}

/* ---- References -------------------------------------------------------------------------------------------------- */

segue_coroutine *segue_ref(segue_coroutine *co)
{
	if (co)
		__atomic_fetch_add(&co->refs, 1, __ATOMIC_RELAXED);
	return co;
}

/* Brings one to its end whose last reference has gone. The body that this runs may take one: then it stays; 0. */
static int end_dropped(segue_coroutine *co)
{
	segue_result r;

	__atomic_store_n(&co->refs, 1, __ATOMIC_RELAXED); /* for who looks on: bodies, hooks, dispose */
	if (co->gate & GATE_CREATED) {
		if (co->kind == SEGUE_KIND_COROUTINE)
			segue__never_awaited(co);
		end_unstarted(co);
	} else if (!(co->gate & GATE_CLOSED)) {
		r = close_suspended(co);
		if (r.raised)
			segue__unraisable(co, r);
	}
	return let_go(co);
}

/* It has ended, and nobody has a reference. Returns what it awaited, if that was the last reference to that. */
static READS_THREAD segue_coroutine *release(segue_coroutine *co)
{
	void *awaited;

	segue__cut_below(co);
	if (unlikely(co->extras & EXTRA_AT_END))
		at_end(co);
	awaited = co->awaited;
	if (unlikely(co->extras & EXTRA_KEEP)) {
		segue__annotate_call(1);
		co->dispose(co->arg);
		segue__annotate_returned();
	}
	if (co->gate & GATE_OVERFLOWED)
		segue__stack_clean(co);
	if (unlikely(co->gate & GATE_WATCHED))
		segue__unwatch(co);
	segue__stack_give(co);
	co = segue_as_coroutine(awaited);
	if (co)
		return let_go(co) ? co : NULL;
	segue_object_unref(awaited);
	return NULL;
}

/* The last reference has gone; and with it perhaps that to what it awaits, and so on: a loop, chains are long. */
static __attribute__((noinline)) void drop(segue_coroutine *co)
{
	while (co) {
		if (co->gate & GATE_RUNNING) {
			if (unlikely(co->gate & GATE_OWNED))
				segue__check_owner(co);
			__atomic_store_n(&co->refs, 0, __ATOMIC_RELAXED);
			co->gate |= GATE_DROPPED;
			return;
		}
		if (!end_dropped(co))
			return;
		co = release(co);
	}
}

/* Closed as its last reference went; it ended with r, or yielded that. */
static void end_closed(segue_coroutine *co, segue_result r)
{
	co->gate &= ~GATE_CLOSING;
	r = closed_with(co, r);
	if (r.raised)
		segue__unraisable(co, r);
	if (let_go(co))
		drop(release(co));
}

void segue_unref_slowly(segue_coroutine *co)
{
	if (!co)
		return;
	if (likely(__atomic_load_n(&co->gate, __ATOMIC_RELAXED) == GATE_CLOSED)) {
		if (drop_reference(co))
			segue__stack_give(co);
	} else if (unlikely(__atomic_load_n(&co->gate, __ATOMIC_RELAXED) & GATE_WATCHED) ? let_go(co) : drop_reference(co))
		drop(co);
}

/* What is usual takes no call: a return after a switch is one that processors mispredict. segue/inline.h has the same. */
ON_A_LINE READS_THREAD void segue_unref(segue_coroutine *co)
{
	if (unlikely(!co || __atomic_load_n(&co->refs, __ATOMIC_ACQUIRE) != 1 || co->gate)) {
		segue_unref_slowly(co);
		return;
	}
	co->gate = GATE_RUNNING | GATE_CLOSING;
	(void)enter(co, co, NULL, &segue_GeneratorExit);
}
