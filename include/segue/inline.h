/* segue/inline.h: segue_send(), segue_yield() and segue_unref() for inlining into their callers, instead of <segue.h> or after it.
 *
 *     #include <segue/inline.h>
 *
 * The same functions with the same semantics: whatever is rare goes to the library's own. Code that has them inlined and code that
 * calls the library's work together, on the same coroutine. Nothing is pushed on a stack and none of the ABI's registers is kept:
 * the compiler keeps what it needs, which is little where a loop has little. It costs some 30 instructions at each place.
 *
 * Not for functions with __attribute__((target("…"))) that widens the registers beyond what the file is compiled for, nor called from such
 * ones in its file: what these keep in zmm16-zmm31 over the switch, in a file without -mavx512f, is lost. Nor where an AMX tile is held
 * over it, nor in a function that streams or has state in ZA (SME): no compiler is told of these by clobbers.
 *
 * What this file knows of a coroutine is frozen: the fields of segue_hot, the two contexts below it (segue/context.h), that gate 0 may be
 * sent to and SEGUE_GATE_RUNNING alone may yield, that with a reference of 1 and gate 0 SEGUE_GATE_CLOSING goes with a GeneratorExit that ends it, and
 * segue_running (where objects are no ELF: segue_running_here()). The rest is the library's own.
 */
#ifndef SEGUE_INLINE_H
#define SEGUE_INLINE_H

#if defined SEGUE_H && (defined __arm__ || defined __i386__)
#error "segue/inline.h must come before segue.h on this ABI, where that defines segue_send() and segue_yield() otherwise"
#endif
#define SEGUE_INLINED_MOVES
#include <segue.h>

#define SEGUE_INLINED extern __inline __attribute__((__gnu_inline__, __always_inline__))
#if SEGUE_PAIRED
#define SEGUE_INLINED_PAIR static __inline __attribute__((__always_inline__))
#else
#define SEGUE_INLINED_PAIR SEGUE_INLINED
#endif

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/** What a coroutine starts with; before that lie two segue_contexts, its own while it is suspended and its sender's. */
typedef struct segue_hot {
	const segue_ops *ops;
	uint32_t gate;
	uint32_t refs;
	segue_coroutine *leaf, *root;
	segue_coroutine *resumer;
} __attribute__((__may_alias__)) segue_hot;

enum { SEGUE_GATE_RUNNING = 1, SEGUE_GATE_CLOSING = 256 };

/** The running coroutine of this thread. Only assembly reads it: compilers keep a thread-local's address over a switch,
 * and the thread may be another then. Where objects are no ELF it is found by a call, which they make each time. */
#ifdef __ELF__
extern __thread segue_coroutine *segue_running __attribute__((__tls_model__("initial-exec")));
#else
segue_coroutine **segue_running_here(void);
#endif

/* A word of the one context or the other, as an offset from the coroutine, for assembly. */
#define SEGUE_STRING(x) #x
#define SEGUE_OWN(word) SEGUE_OFFSET(word, 2)
#define SEGUE_SENDER(word) SEGUE_OFFSET(word, 1)
#define SEGUE_OFFSET(word, n) SEGUE_OFFSET_1(SEGUE_ARCH_##word, n, SEGUE_ARCH_CONTEXT)
#define SEGUE_OFFSET_1(at, n, size) SEGUE_STRING(at - n * size)

#include "arch/inline.h"

/* What the library does where the gate is not as these functions want it: any other case, and that one too. */
void segue_unref_slowly(segue_coroutine *co);
#if SEGUE_PAIRED
uint64_t segue_send_slowly_pair(segue_coroutine *co, void *value);
uint64_t segue_yield_slowly_pair(void *value);

SEGUE_INLINED_PAIR segue_result segue_send_slowly(segue_coroutine *co, void *value)
{
	return segue_from_pair(segue_send_slowly_pair(co, value));
}

SEGUE_INLINED_PAIR segue_result segue_yield_slowly(void *value)
{
	return segue_from_pair(segue_yield_slowly_pair(value));
}
#else
segue_result segue_send_slowly(segue_coroutine *co, void *value);
segue_result segue_yield_slowly(void *value);
#endif

/* Who sends is as a rule who sent before. A store that is not made is one that segue_yield() need not wait for. */
SEGUE_INLINED void segue_note_resumer(segue_hot *hot, segue_coroutine *resumer)
{
	if (__builtin_expect(hot->resumer != resumer, 0))
		hot->resumer = resumer;
}

SEGUE_INLINED_PAIR segue_result segue_send(segue_coroutine *co, void *value)
{
	segue_hot *hot = (segue_hot *)co;
	segue_result r = { 0, value };

	if (__builtin_expect(!co || hot->gate, 0))
		return segue_send_slowly(co, value);
	hot->gate = SEGUE_GATE_RUNNING;
	segue_note_resumer(hot, segue_arch_exchange_current(co));
	SEGUE_ARCH_SWITCH_INLINE(co, SENDER, OWN, r);
	return r;
}

SEGUE_INLINED_PAIR segue_result segue_yield(void *value)
{
	segue_coroutine *co = segue_arch_current();
	segue_hot *hot = (segue_hot *)co;
	segue_result r = { 0, value };

	if (__builtin_expect(!co || hot->gate != SEGUE_GATE_RUNNING, 0))
		return segue_yield_slowly(value);
	hot->gate = 0;
	segue_arch_set_current(hot->resumer);
	SEGUE_ARCH_SWITCH_INLINE(co, OWN, SENDER, r);
	return r;
}

SEGUE_INLINED void segue_unref(segue_coroutine *co)
{
	segue_hot *hot = (segue_hot *)co;
	segue_result exit = { &segue_GeneratorExit, 0 };

	if (!co || __atomic_load_n(&hot->refs, __ATOMIC_ACQUIRE) != 1 || hot->gate) {
		segue_unref_slowly(co);
		return;
	}
	hot->gate = SEGUE_GATE_RUNNING | SEGUE_GATE_CLOSING;
	hot->resumer = segue_arch_exchange_current(co);
	SEGUE_ARCH_SWITCH_INLINE(co, SENDER, OWN, exit);
}

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
