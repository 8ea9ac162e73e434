/* The coroutine object: what src/ shares about it. */
#ifndef SEGUE_SRC_COROUTINE_H
#define SEGUE_SRC_COROUTINE_H

#include "context.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The gate word. 0: suspended, root and leaf of its own chain, nothing rare: it may be sent to. GATE_RUNNING alone: it runs, and
   may yield. All else goes to the slow paths, so that what comes later needs only a bit. */
enum {
	GATE_RUNNING = 1,     /* true of a root: it or its leaf runs, or waits for one that it sent to */
	GATE_CREATED = 2,     /* its body has not started */
	GATE_CLOSED = 4,      /* its body has ended */
	GATE_DROPPED = 8,     /* a root: its last reference went while it ran */
	GATE_OUTER = 16,      /* it awaits a coroutine, and what is sent goes to a leaf further in */
	GATE_INNER = 32,      /* a coroutine awaits it: it is no root */
	GATE_FENV = 64,       /* it has a floating-point environment of its own */
	GATE_FENV_BELOW = 128, /* it awaits one that has, or did */
	GATE_CLOSING = 256,   /* a root: its last reference went while it was suspended, and now it is being closed */
	GATE_OWNED = 512,     /* debugging: which thread runs it is noted */
	GATE_OVERFLOWED = 1024, /* its body has ended, as its stack overflowed: all of that has been touched */
	GATE_KEPT = 2048,     /* its body has ended or never runs, and its argument is there until its last reference goes */
	GATE_WATCHED = 4096,  /* a sanitizer hears of its switches: annotate.h */
	GATE_OF_ENDED = GATE_OVERFLOWED | GATE_KEPT | GATE_WATCHED,
};

enum { TRACEBACK = 16 }; /* places kept of a traceback: the first half from where it was raised, the others the last */

/* The handle points at the second of two hot cache lines (64-bit). Below it lie the two contexts, then the arguments, then the
   first frame.

   A chain: a root awaits another, and so on to the leaf. `awaiter` is the truth; a root's `leaf` and a leaf's `root` are a cache of
   it, one to one. Each one's sender context is where it goes when it ends: an inner one's its awaiter, waiting in segue_await(); a
   root's whoever sent to it last, and there goes what the leaf yields. */
struct segue_coroutine {
	const segue_ops *ops;      /* NULL while the stack is in a pool: what the registry goes by */
	uint32_t gate;
	uint32_t refs;             /* atomic */
	segue_coroutine *leaf;     /* of a root */
	segue_coroutine *root;     /* of a leaf */
	segue_coroutine *resumer;  /* of a root: who was current when it was resumed, NULL for a thread's own stack */
	segue_coroutine *next;     /* in a pool, or on the user's memory */
	segue_body *body;
	void *arg;

	/* Cold. The first three are the stack's, and stay when it is pooled. */
	unsigned char *stack;      /* the lowest byte */
	size_t stack_size;
	struct stack_class *class; /* NULL: the user's memory */
	segue_coroutine *awaiter;  /* of an inner one */
	void *awaited;             /* the iterator that segue_await() delegates to: a reference */
	void (*dispose)(void *arg);
	const segue_code *code;    /* or NULL */
	uint8_t kind;
	uint8_t inner_ended;       /* why it woke in segue_await(): the inner one ended, or it was itself resumed */
	uint8_t traced;            /* places in traceback[] */
	uint8_t extras;            /* what of the next lines is there */
	uint32_t valgrind_id;      /* the stack's, too */

	/* Colder: set by whom it concerns. */
	const char *name;          /* EXTRA_NAME */
	void **origin;             /* EXTRA_ORIGIN: return addresses, innermost first, NULL at the end; on the stack */
	uint32_t fenv[2];          /* GATE_FENV: the one that is not in force, its own or its resumer's */
	segue_coroutine *previous; /* on the user's memory: a list with next; on an allocator's: a list */
	struct segue_locals *locals; /* EXTRA_LOCALS: local.c's table */
	void *fiber, *fake_stack;  /* what sanitizers have for it, or NULL; the first is the stack's, too */
	int owner;                 /* GATE_OWNED, of a root that runs: its thread's number. Atomic */
	const segue_site *traceback[TRACEBACK];
};

enum {
	EXTRA_NAME = 1,
	EXTRA_ORIGIN = 2,
	EXTRA_LOCALS = 4, /* values of its own, to be destroyed */
	EXTRA_COUNTED = 8, /* how much of its stack it touches is wanted */
	EXTRA_RECOVER = 16, /* an overflow ends it, and not the process */
	EXTRA_KEEP = 32, /* its argument, until its last reference goes */
	EXTRA_AT_END = EXTRA_LOCALS | EXTRA_COUNTED | EXTRA_KEEP, /* those with something to do as its body ends */
};

/* What those made from now on are to have: one load as one is made, 0 as a rule. Atomic. */
enum { WANT_ORIGIN = 127, WANT_COUNT = 128, WANT_OWNER = 256, WANT_WATCH = 512 }; /* the first is a depth */
extern HIDDEN uint32_t segue__wanted;

/* Changes the bits of `mask`. Returns what they were. */
HIDDEN uint32_t segue__want(uint32_t mask, uint32_t bits);

static inline const char *segue__name(const segue_coroutine *co)
{
	if (co->extras & EXTRA_NAME)
		return co->name;
	return co->code ? co->code->name : NULL;
}

/* The two contexts of a coroutine, in one cache line: its own while it is suspended, and that of whoever it goes back to. */
typedef struct segue_contexts {
	segue_context own, sender;
} segue_contexts;

static inline segue_contexts *contexts_of(segue_coroutine *co)
{
	return (segue_contexts *)co - 1;
}

/* A first frame, at the end of a stack: calls fn with what lies just above these contexts. Its caller is their sender. */
static inline void segue__first_call(segue_contexts *contexts, void *top, void (*fn)(void))
{
	segue__first_frame(&contexts->own, top, segue_arch_entry, fn, contexts + 1, (char *)&contexts->sender.fp + SEGUE_ARCH_RECORD);
}

enum { CACHE_LINE = 64 };
/* A function that each switch, or each end, comes by is on as few lines as can be, wherever the rest of the library puts it. */
#define ON_A_LINE __attribute__((aligned(CACHE_LINE)))
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(segue_contexts) == CACHE_LINE, "the saved contexts are one cache line");
_Static_assert(offsetof(segue_coroutine, stack) == CACHE_LINE, "what send and yield use is the next one");
_Static_assert(offsetof(segue_coroutine, name) == 2 * CACHE_LINE, "making one writes no more than one further line");
#endif

/* What inlined code calls: segue/inline.h declares them. */
EXPORTED segue_pair PAIR(segue_send_slowly)(segue_coroutine *co, void *value) READS_THREAD;
EXPORTED segue_pair PAIR(segue_yield_slowly)(void *value) READS_THREAD;
EXPORTED void segue_unref_slowly(segue_coroutine *co) READS_THREAD;

/* Runs the body; never returns. */
HIDDEN void segue__run(segue_coroutine *co);

/* Where the overflow handler sends one that recovers; never returns. */
HIDDEN void segue__overflowed(segue_coroutine *co);

/* What was raised in one goes on in another, that gets it, and so does its traceback. */
HIDDEN void segue__trace_on(const segue_coroutine *from, segue_coroutine *to);

/* Hooks, each called while one reference is left. */
HIDDEN void segue__never_awaited(segue_coroutine *co);
HIDDEN void segue__unraisable(segue_coroutine *co, segue_result what);

/* GATE_OWNED: this thread resumes a root; and says on stderr if one is in use that another thread runs. */
HIDDEN void segue__own(segue_coroutine *root);
HIDDEN void segue__check_owner(const segue_coroutine *co);

/* Prints to stderr where one was made. */
HIDDEN void segue__print_origin(const segue_info *info);

/* The running coroutine of this thread: the leaf of the running chain. The only mutable thing outside the objects that send
   and yield touch. */
#define SEGUE_TLS __attribute__((tls_model("initial-exec")))
extern EXPORTED _Thread_local SEGUE_TLS segue_coroutine *segue_running;

#endif
