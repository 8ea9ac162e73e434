/* The coroutine object: what src/ shares about it. */
#ifndef SEGUE_SRC_COROUTINE_H
#define SEGUE_SRC_COROUTINE_H

#include "context.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The gate word. 0: suspended or on its way, root and leaf of its own chain, nothing rare: it may be sent to. GATE_RUNNING
   alone: it runs, and may yield. All else goes to the slow paths, so that what comes later needs only a bit. */
enum {
	GATE_RUNNING = 1,  /* true of a root: it, or its leaf, runs or waits for one that it sent to */
	GATE_CREATED = 2,  /* its body has not started */
	GATE_CLOSED = 4,   /* its body has ended */
	GATE_DROPPED = 8,  /* its last reference went while it ran */
	GATE_CLOSING = 16, /* then, from its next yield on: GeneratorExit was raised in it */
	GATE_FENV = 32,    /* it has a floating-point environment of its own */
};

/* The handle points at the second of two hot cache lines (64-bit). Below it lie the two contexts, then the first frame. */
struct segue_coroutine {
	const segue_ops *ops;      /* NULL while the stack is in a pool: what the registry goes by */
	uint32_t gate;
	uint32_t refs;             /* atomic */
	segue_coroutine *leaf;     /* of a root: who gets what is sent */
	segue_coroutine *root;     /* of a leaf: the other way */
	segue_coroutine *resumer;  /* of a root: who was current when it was resumed, NULL for a thread's own stack */
	segue_coroutine *next;     /* in a pool, or on the user's memory */
	segue_body *body;
	void *arg;

	/* Cold. The first three are the stack's, and stay when it is pooled. */
	unsigned char *stack;      /* the lowest byte */
	size_t stack_size;
	struct stack_class *class; /* NULL: the user's memory */
	void (*dispose)(void *arg);
	const char *name;
	uint32_t kind;
	uint32_t valgrind_id;
	segue_coroutine *previous; /* on the user's memory: a list with next */
	uint32_t fenv[2];          /* GATE_FENV: the one that is not in force, its own or its resumer's */
	segue_result pending;      /* GATE_CLOSING: what its resumer will get */
};

/* The two contexts of a coroutine, in one cache line: its own while it is suspended, and that of whoever it goes back to. */
typedef struct segue_contexts {
	segue_context own, sender;
} segue_contexts;

static inline segue_contexts *contexts_of(segue_coroutine *co)
{
	return (segue_contexts *)co - 1;
}

enum { CACHE_LINE = 64 };
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(segue_contexts) == CACHE_LINE, "the saved contexts are one cache line");
_Static_assert(offsetof(segue_coroutine, stack) == CACHE_LINE, "what send and yield use is the next one");
#endif

/* The running coroutine of this thread: the leaf of the running chain. The only mutable thing outside the objects that send
   and yield touch. */
#define SEGUE_TLS __attribute__((tls_model("initial-exec")))
extern HIDDEN _Thread_local SEGUE_TLS segue_coroutine *segue__current;

#endif
