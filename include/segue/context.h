/* segue/context.h: the bare stack switch, for those who write schedulers of their own.
 *
 * A context is four words in memory of the caller's. There is no allocation here, no system call, no guard page and no
 * thread-local; nothing else of the library is needed. What a switch keeps is what a function call keeps (the README's
 * table "saved state by ABI"): the floating-point control words, the signal mask and errno stay the thread's.
 */
#ifndef SEGUE_CONTEXT_H
#define SEGUE_CONTEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/** A suspended computation, or room for one. The layout is frozen; the words belong to the library while it is suspended.
 *
 * One that is suspended may be switched to once, by any thread, if the user orders the two switches. It may be moved in
 * memory by plain copy. It needs no destruction: forget it, and reuse its stack.
 */
typedef struct segue_context {
	void *sp;   /* stack pointer */
	void *fp;   /* frame pointer */
	void *ip;   /* where it goes on */
	void *base; /* the compiler's base register */
} segue_context;

/** What a context runs first. It must not return: it ends by switching away for good; a return traps.
 *
 * @param arg    as given to segue_context_make()
 * @param value  what the first switch to it brought
 */
typedef void segue_context_entry(void *arg, void *value);

/** Makes a context that will run entry(arg, value) on the given stack at the first switch to it.
 *
 * @param context  filled in; may lie anywhere, in the stack's memory too
 * @param stack    the lowest byte of the stack; the caller owns it, for as long as the context lives. No guard is set up.
 * @param size     of the stack, in bytes; of any alignment
 * @param entry    see above; not NULL
 * @param arg      passed on as it is
 *
 * Returns 0, or -1 with errno EINVAL when a pointer is NULL or the stack can't hold a first frame.
 * Thread: any; async-signal-safe. Cost: a few stores at the top of the stack.
 * Since: 0.1
 */
int segue_context_make(segue_context *context, void *stack, size_t size, segue_context_entry *entry, void *arg);

/** Suspends the caller into *from and goes on with *to.
 *
 * @param from   the present computation is stored here; nothing needs to be in it before
 * @param to     a suspended context, or one just made; not from itself
 * @param value  handed to the other side: what its own segue_context_switch() returns, or its entry's second argument
 *
 * Returns the value that the switch back to *from brings.
 * Thread: any; one at a time on one context. Not for signal handlers that go on to return.
 * Cost: one indirect jump, and the callee-saved registers once each way.
 * Since: 0.1
 */
void *segue_context_switch(segue_context *from, segue_context *to, void *value);

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
