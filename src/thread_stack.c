/* A call on the thread's own stack, from inside a coroutine. */
#include "annotate.h"
#include "overflow.h"

/* It lies in the caller's frame, on the coroutine's stack: only the frames of what is called are on the thread's. */
struct call {
	segue_contexts contexts;
	struct called {
		void *(*fn)(void *arg);
		void *arg;
		segue_coroutine *watched; /* the caller, if it is; or NULL */
	} called;
};
_Static_assert(offsetof(struct call, called) == sizeof(segue_contexts), "its argument is just above");

static void run(struct called *called)
{
	segue_contexts *contexts = (segue_contexts *)called - 1;
	void *value;

	if (unlikely(called->watched))
		segue__arrive_watched();
	segue__annotate_call(1);
	value = called->fn(called->arg);
	if (unlikely(called->watched))
		segue__leave_for_good(&contexts->own, &contexts->sender, segue_value(value), called->watched);
	(void)segue_arch_switch(&contexts->own, &contexts->sender, value, NULL);
}

/* Where the thread's own frames end: it waits for the outermost one that it resumed. */
static uintptr_t thread_sp(const segue_coroutine *co)
{
	segue_coroutine *root = co->root;

	while (root->resumer)
		root = root->resumer->root;
	return (uintptr_t)contexts_of(root)->sender.sp;
}

static segue_pair watched(struct call *c, segue_coroutine *co)
{
	c->called.watched = co;
	return segue__switch_watched(&c->contexts.sender, &c->contexts.own, segue_value(NULL), co, NULL);
}

/* What runs on a thread's own stack comes back on that thread. */
READS_THREAD void *segue_call_on_thread_stack(void *(*fn)(void *arg), void *arg)
{
	segue_coroutine *co = segue_running;
	struct call c = { .called = { fn, arg, NULL } };
	unsigned char *top;
	segue_result r;

	if (!co)
		return fn(arg);
	segue__spare_locks(); /* none runs, as far as the overflow handler could see, while the stub does */
	top = (unsigned char *)((thread_sp(co) - RED_ZONE) & -(uintptr_t)CACHE_LINE);
	segue__annotate_taken(top - RED_ZONE, RED_ZONE);
	segue__first_call(&c.contexts, top, (void (*)(void))run);
	segue_running = NULL;
	r = segue__unpair(co->gate & GATE_WATCHED ? watched(&c, co) : segue_arch_switch(&c.contexts.sender, &c.contexts.own, NULL, NULL));
	segue_running = co;
	return r.value;
}
