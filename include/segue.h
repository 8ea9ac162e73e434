/* segue.h: coroutines for C, with the protocol of Python's.
 *
 * A coroutine is a function call that can be suspended in its middle, on a guarded stack of its own, and resumed from any
 * thread. Whatever can end in more than one way returns a segue_result: a value, or an exception's type and value.
 *
 * Threads: segue_ref() and segue_unref() may be called from any thread at any time. Everything else on one coroutine is
 * for one thread at a time, and the user orders them (a lock, a queue, a join). One that is suspended may be resumed by
 * another thread than before. Who sends to a coroutine has a reference until the send returns; the body itself may drop
 * it (the coroutine is then closed as it suspends), another thread may not.
 *
 * Nothing here is async-signal-safe unless it says so.
 */
#ifndef SEGUE_H
#define SEGUE_H

#include <stddef.h>
#include <stdint.h>
#include <segue/context.h>
#include <segue/debug.h>
#include <segue/stacks.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* ---- Version --------------------------------------------------------------------------------------------------- */

#define SEGUE_VERSION_MAJOR 0
#define SEGUE_VERSION_MINOR 1
#define SEGUE_VERSION_PATCH 0
/** This header's version as a number to compare, 1002003 for 1.2.3, and as a string. */
#define SEGUE_VERSION (SEGUE_VERSION_MAJOR * 1000000 + SEGUE_VERSION_MINOR * 1000 + SEGUE_VERSION_PATCH)
#define SEGUE_VERSION_STRING SEGUE_VERSION_DOTTED(SEGUE_VERSION_MAJOR, SEGUE_VERSION_MINOR, SEGUE_VERSION_PATCH)
#define SEGUE_VERSION_DOTTED(major, minor, patch) SEGUE_VERSION_DOTTED_1(major, minor, patch)
#define SEGUE_VERSION_DOTTED_1(major, minor, patch) #major "." #minor "." #patch

/** The library's version: what SEGUE_VERSION was when it was built. A program that is older than its shared library finds the larger
 * number here. Thread: any; async-signal-safe. Since: 0.1
 */
uint32_t segue_version(void);

/* ---- Results and exception types ------------------------------------------------------------------------------- */

/** An exception type: a static object, told by its address. Its size is frozen, since programs hold copies of exported ones. */
typedef struct segue_type {
	const char *name;             /* as a message would show it */
	const struct segue_type *base; /* NULL only in segue_BaseException */
	void (*release)(void *value); /* for a value that nobody took; may be NULL */
	const void *reserved[5];      /* NULL */
} segue_type;

/** What an operation gives: `value`, where `raised` is NULL; else an exception of that type with that value. */
typedef struct segue_result {
	const segue_type *raised;
	void *value;
} segue_result;

/** The library's own types, under each other as in Python.
 *
 * Values: segue_StopIteration carries what the body returned. segue_GeneratorExit carries NULL where the library raises
 * it. All the others carry a message, a static string, or NULL: see segue_message().
 */
extern const segue_type segue_BaseException;
extern const segue_type segue_GeneratorExit; /* under BaseException: this coroutine is being closed */
extern const segue_type segue_Exception;     /* under BaseException; all that follow are under Exception */
extern const segue_type segue_StopIteration; /* it returned */
extern const segue_type segue_RuntimeError;   /* what the protocol does not allow */
extern const segue_type segue_RecursionError; /* under RuntimeError: a stack overflowed */
extern const segue_type segue_ValueError;     /* it runs already */
extern const segue_type segue_TypeError;      /* no value, or no object, for this */
extern const segue_type segue_AttributeError; /* it lacks a method */
extern const segue_type segue_MemoryError;    /* there is none, or was none to make it */

/** Defines an exception type of the user's: SEGUE_EXCEPTION(Timeout, segue_Exception); `static` may stand in front. */
#define SEGUE_EXCEPTION(name_, base_) const segue_type name_ = { #name_, &base_, 0, { 0, 0, 0, 0, 0 } }

/** A result that is a value. */
static inline segue_result segue_value(void *value)
{
	segue_result r;
	r.raised = 0;
	r.value = value;
	return r;
}

/** A place in the source. */
typedef struct segue_site {
	const char *file;
	const char *function;
	uint32_t line;
} segue_site;

/** The place where this stands: a const segue_site *. A GNU statement expression, as all that uses it. */
#define SEGUE_HERE                                                                          \
	__extension__({                                                                     \
		static const segue_site segue_here = { __FILE__, __func__, __LINE__ };      \
		&segue_here;                                                                \
	})

/** Notes a place in the running coroutine's traceback: the first, where something was raised, or one that it passed. What follows
 * the macros segue_raise() and SEGUE_TRY() do; outside any coroutine nothing. */
void segue_trace_raise(const segue_site *here);
void segue_trace_pass(const segue_site *here);

/** A result that is an exception. `type` is not NULL; who gets the result owns `value`. As a macro it notes the place in the
 * running coroutine's traceback; in parentheses, (segue_raise)(type, value), it does not. */
static inline segue_result segue_raise(const segue_type *type, void *value)
{
	segue_result r;
	r.raised = type;
	r.value = value;
	return r;
}
#define segue_raise(type, value) (segue_trace_raise(SEGUE_HERE), (segue_raise)(type, value))

/** Whether r is an exception of this type or of one under it, as Python's isinstance(). A value is of no type: 0.
 *
 * Thread: any; async-signal-safe. Cost: a walk up the bases.
 */
int segue_isinstance(segue_result r, const segue_type *type);

/** The message of an exception that the library raised, as CPython words it: "coroutine already executing".
 *
 * Returns a static string; NULL for a value, for types whose values are data (StopIteration, GeneratorExit, users' own),
 * and where the exception has no message.
 * Thread: any; async-signal-safe.
 */
const char *segue_message(segue_result r);

/** Lets go of an exception that is handled and not passed on: its type's release() gets the value. A value is left alone. */
static inline void segue_discard(segue_result r)
{
	if (r.raised && r.raised->release)
		r.raised->release(r.value);
}

/** The value of a result; where it is an exception, returns that from the enclosing function, which itself returns a
 * segue_result: `char *line = (char *)SEGUE_TRY(segue_yield(NULL));`. So exceptions pass through C by ordinary returns,
 * and __attribute__((cleanup)) does what it says. A GNU statement expression.
 */
#define SEGUE_TRY(expression) SEGUE_TRY_1(expression, __COUNTER__)
#define SEGUE_TRY_1(expression, n) SEGUE_TRY_2(expression, n)
#define SEGUE_TRY_2(expression, n)                                        \
	__extension__({                                                   \
		segue_result segue_try_##n = (expression);                \
		if (__builtin_expect(segue_try_##n.raised != 0, 0)) {     \
			segue_trace_pass(SEGUE_HERE);                     \
			return segue_try_##n;                             \
		}                                                         \
		segue_try_##n.value;                                      \
	})

/* ---- Objects --------------------------------------------------------------------------------------------------- */

/** A coroutine, or a generator: opaque, and counted in references. */
typedef struct segue_coroutine segue_coroutine;

/** A coroutine's body. It runs at the first send, on the coroutine's stack.
 *
 * Returns segue_value(v), which its resumer sees as StopIteration with v; or segue_raise(&type, v), or a raised result
 * that it got, which its resumer sees as it is (a StopIteration becomes a RuntimeError, as in PEP 479).
 */
typedef segue_result segue_body(void *arg);

/** What a coroutine is, as in Python. */
typedef enum segue_kind {
	SEGUE_KIND_COROUTINE,         /* async def: may be awaited */
	SEGUE_KIND_GENERATOR,         /* may be iterated, not awaited */
	SEGUE_KIND_ITERABLE_COROUTINE /* @types.coroutine: both */
} segue_kind;

/** Where a coroutine stands. */
enum segue_state {
	SEGUE_CREATED,   /* it has not started */
	SEGUE_RUNNING,   /* it runs, or it waits for one that it resumed or awaits and that runs */
	SEGUE_SUSPENDED, /* it yielded, or what it awaits did */
	SEGUE_CLOSED     /* it returned, raised, or was closed */
};

/** The names under which the protocol's messages mention an object: SEGUE_NAMED("Iterator"). */
typedef char segue_names;
#define SEGUE_NAMED(name)                                               \
	name "\0"                                                       \
	     "object " name " can't be used in 'await' expression\0"    \
	     "'" name "' object is not iterable\0"                      \
	     "'" name "' object has no attribute 'send'\0"              \
	     "__await__() returned non-iterator of type '" name "'"

/** What an object can do. Anything that starts with a pointer to one of these is an object; a coroutine is one. An iterator's functions run
 * on the coroutine that awaits it, and may yield and await there. */
typedef struct segue_ops {
	uint32_t size;                 /* sizeof (segue_ops) */
	uint32_t flags;                /* 0 */
	const segue_names *names;      /* SEGUE_NAMED("...") */
	void (*ref)(void *self);       /* takes one more reference; NULL for a static object, as is release */
	void (*release)(void *self);   /* drops one reference */
	void *(*await_)(void *self);   /* __await__: a new reference to an iterator, NULL for no memory; absent: not awaitable */
	segue_result (*next)(void *self); /* this and the next three may be absent; an iterator has next or send */
	segue_result (*send)(void *self, void *value);
	segue_result (*throw_)(void *self, segue_result what);
	segue_result (*close)(void *self);
} segue_ops;

/* ---- Making one ------------------------------------------------------------------------------------------------ */

#define SEGUE_STACK_DEFAULT ((size_t)64 * 1024) /* bytes */
/** The least stack, in bytes: holds the object, and a signal's frame on any processor known. Fit for static arrays. */
#if __SIZEOF_POINTER__ == 8
#define SEGUE_STACK_MIN 16384
#else
#define SEGUE_STACK_MIN 8192
#endif

/** SEGUE_OWN_FENV: the coroutine has a floating-point environment (rounding mode, masks, flush to zero) of its own. It starts
 * with its creator's; switches save and load it. Without it the environment is the thread's. */
#define SEGUE_OWN_FENV 1u

/** SEGUE_RECOVER_OVERFLOW: should its stack overflow, the coroutine ends, and not the process. See segue_install_overflow_handler(),
 * without which it does nothing. Not with memory of the caller's, which has no guard. */
#define SEGUE_RECOVER_OVERFLOW 2u

/** SEGUE_KEEP_ARGUMENT: the argument lives as long as the coroutine, and dispose(arg) is called when its last reference has gone, whatever
 * became of its body. See segue_argument(). */
#define SEGUE_KEEP_ARGUMENT 4u

/** How a coroutine is made, where the plain functions don't say it. Start from SEGUE_ATTR_INIT:
 *
 *     segue_attr attr = SEGUE_ATTR_INIT;
 *     attr.stack_size = 256 * 1024;
 */
typedef struct segue_attr {
	size_t size;               /* sizeof (segue_attr) */
	size_t stack_size;         /* bytes; rounded up. With `stack`: exactly this many, at least SEGUE_STACK_MIN */
	size_t guard_size;         /* bytes below the stack that fault; rounded up. Not looked at with `stack` */
	void *stack;               /* memory of the caller's, any alignment, until the coroutine is gone: no guard; or NULL */
	const char *name;          /* for people; a string that outlives the coroutine; or NULL */
	void (*dispose)(void *arg); /* frees the argument of a body that never ran; or NULL */
	uint32_t kind;             /* a segue_kind */
	uint32_t flags;            /* SEGUE_OWN_FENV | SEGUE_RECOVER_OVERFLOW | SEGUE_KEEP_ARGUMENT, or 0 */
	size_t argument_size;      /* not 0: the argument is so many bytes on the stack, aligned for any type, copied from arg; where that is
	                              NULL they are left as they are, for segue_argument() to find */
} segue_attr;

#if defined __aarch64__
#define SEGUE_GUARD_DEFAULT ((size_t)64 * 1024) /* bytes: as far apart as compilers probe large frames here */
#else
#define SEGUE_GUARD_DEFAULT ((size_t)4 * 1024) /* bytes */
#endif
/** A coroutine with the defaults. */
#define SEGUE_ATTR_INIT { sizeof(segue_attr), SEGUE_STACK_DEFAULT, SEGUE_GUARD_DEFAULT, 0, 0, 0, SEGUE_KIND_COROUTINE, 0, 0 }

/** Compilers warn where nothing is done with what such a function returns: a coroutine that nobody has never runs, and stays. */
#define SEGUE_MUST_USE __attribute__((__warn_unused_result__))

/** Makes a coroutine that will run body(arg) at the first send. Nothing runs yet.
 *
 * @param body  not NULL
 * @param arg   passed on as it is; the caller's until the body runs, then the body's to care for
 *
 * Returns a new coroutine, one reference, for the caller to segue_unref(); or NULL with errno, and segue_strerror() says in a
 * sentence what to do:
 *   EINVAL  body is NULL; in attr: a size that is zero or overflows, memory under SEGUE_STACK_MIN, an unknown kind or flag;
 *           SEGUE_RECOVER_OVERFLOW with memory of the caller's; SEGUE_KEEP_ARGUMENT without dispose
 *   E2BIG   attr is larger than this library's, and says something in the part that it doesn't know; argument_size is more than a
 *           quarter of the stack
 *   ENOMEM  no address space for the stack (RLIMIT_AS), or no memory at all
 *   ENOBUFS there are addresses, but no more memory may be promised or locked (RLIMIT_DATA, RLIMIT_MEMLOCK, vm.overcommit_memory=2)
 *   EAGAIN  no mapping for the stack or for its guard (vm.max_map_count): where guards are made by mprotect() each takes two
 *   EDQUOT  as many stacks live as segue_stack_limit() allows
 *   ENOSPC  this processor's signal frame does not fit a stack of the size asked for (AT_MINSIGSTKSZ)
 *   EMFILE  more than 64 different pairs of stack and guard size in one process
 * Thread: any. Cost: where this thread has a pooled stack no system call; else now and then a few.
 * Since: 0.1
 */
segue_coroutine *segue_coroutine_new(segue_body *body, void *arg) SEGUE_MUST_USE;
#define segue_coroutine_new(body, arg) segue_new_here(body, arg, SEGUE_KIND_COROUTINE, SEGUE_MADE_HERE(#body))

/** The same for a generator: what it yields is for iteration, and it can't be awaited. */
segue_coroutine *segue_generator_new(segue_body *body, void *arg) SEGUE_MUST_USE;
#define segue_generator_new(body, arg) segue_new_here(body, arg, SEGUE_KIND_GENERATOR, SEGUE_MADE_HERE(#body))

/** What a coroutine's code is called and where it stands; or, with `made_here`, the place where the coroutine was made. Static. */
typedef struct segue_code {
	const char *name;
	segue_site site;
	uint32_t made_here;
	void (*constructor)(void); /* the function that returns such coroutines, where there is one: no part of an origin */
} segue_code;

/** What the macros above call: they tell the name and the place. `kind` is a segue_kind. */
segue_coroutine *segue_new_here(segue_body *body, void *arg, uint32_t kind, const segue_code *code) SEGUE_MUST_USE;
#define SEGUE_MADE_HERE(name)                                                                           \
	__extension__({                                                                                 \
		static const segue_code segue_code_here = { name, { __FILE__, __func__, __LINE__ }, 1, 0 }; \
		&segue_code_here;                                                                       \
	})

/** The same, as *attr says; NULL for the defaults. Nothing of *attr is kept but what it points at. */
segue_coroutine *segue_coroutine_new_with(segue_body *body, void *arg, const segue_attr *attr) SEGUE_MUST_USE;

/** The argument of one that was made with SEGUE_KEEP_ARGUMENT and this very dispose, which tells what it is; NULL of any other, and where
 * co is NULL. Thread: any that has a reference. Since: 0.1
 */
void *segue_argument(const segue_coroutine *co, void (*dispose)(void *arg));

/** Takes one more reference. Returns co; NULL is passed on. Thread: any. */
segue_coroutine *segue_ref(segue_coroutine *co);

/** Drops one reference. The last one closes a suspended coroutine, on this thread, and gives its stack back; one that never
 * started never runs (see dispose); one that runs goes on, and is closed when it suspends. One that ended keeps its
 * stack until here. What a close raises then goes to the unraisable hook. NULL: nothing.
 * Thread: any; not while another thread sends to it, if this is the last reference.
 */
void segue_unref(segue_coroutine *co);

/* ---- Driving one ----------------------------------------------------------------------------------------------- */

/* On ABIs that return two words in memory the exported functions return one 64-bit integer, and these are inline. */
#if defined __arm__ || defined __i386__
#define SEGUE_PAIRED 1
#define SEGUE_UNPAIRS static inline
#else
#define SEGUE_PAIRED 0
#define SEGUE_UNPAIRS
#endif

/** Resumes co, and waits until it yields, returns or raises.
 *
 * @param co     NULL raises MemoryError: a constructor that failed surfaces where its coroutine is used
 * @param value  what the segue_yield() in which it is suspended returns; NULL at the first send, when there is none
 *
 * Returns
 *   a value              it yielded that
 *   StopIteration, v     it returned v; or co is a generator that has ended before, then v is NULL
 *   TypeError            a value to one that has not started; it still has not
 *   ValueError           it runs already
 *   RuntimeError         it has ended before; or its body let a StopIteration out
 *   any other exception  it came out of the body
 * Thread: see the top of the file. Cost: one switch each way.
 * Source: Python's generator.send(), coroutine.send(). Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_send(segue_coroutine *co, void *value);

/** Suspends the running coroutine: its resumer's call returns `value`.
 *
 * Returns the value of the next send; or what segue_throw() or segue_close() raise here. Outside any coroutine:
 * RuntimeError "yield outside a coroutine".
 * Thread: it may return on another thread than it was called on: an address of a thread-local, errno's included, that the
 * calling function holds is then the old thread's. Cost: one switch each way.
 * Source: Python's yield expression. Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_yield(void *value);

/** Resumes co with an exception: the segue_yield() in which it is suspended returns it.
 *
 * @param co     as for segue_send()
 * @param type   NULL raises TypeError, and co is not touched
 * @param value  the body's from here on; where the exception is not delivered, its type's release() gets it
 *
 * Returns as segue_send() does. One that has not started is closed without running, and what was thrown comes back; so it
 * does from a generator that has ended, while a coroutine that has ended gives RuntimeError. A StopIteration arrives at a yield of a
 * coroutine as RuntimeError "generator raised StopIteration", as at Python's await; at a generator's it arrives as it is.
 * Source: Python's generator.throw(), coroutine.throw(). Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_throw(segue_coroutine *co, const segue_type *type, void *value);

/** Ends co: GeneratorExit is raised where it is suspended.
 *
 * Returns
 *   a value            the body returned it; NULL where it let GeneratorExit out, never started, had ended, or co is NULL
 *   RuntimeError       it yielded instead: "coroutine ignored GeneratorExit"; it stays suspended
 *   ValueError         it runs
 *   another exception  it came out of the body
 * Source: Python's generator.close() as of 3.13, coroutine.close(). Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_close(segue_coroutine *co);

/** Awaits x: the running coroutine waits until x has ended; meanwhile what is sent and thrown to it goes in to x, and what x yields
 * comes out of it. In a generator or an iterable coroutine it is Python's `yield from`.
 *
 * @param x  a coroutine, or anything that starts with a pointer to its segue_ops. One reference is dropped in every case, refusals
 *           too: segue_await(fetch(url)) leaks nothing; to keep x take a reference before. NULL raises MemoryError.
 *
 * Returns
 *   a value          what x returned
 *   TypeError        x can't be awaited here; or what its await_ gave is no iterator
 *   RuntimeError     it is being awaited already, or has ended; or outside any coroutine: "await outside a coroutine"
 *   ValueError       it runs: oneself, too
 *   another          what x raised, or what was thrown in and x passed on
 * Thread: as segue_yield(). Cost: what is sent to the outermost goes straight to the innermost, whatever the depth.
 * Source: PEP 492, PEP 380. Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_await(void *x);

/** Drives co to its end from plain C: sends NULL until it ends. Drops one reference, in every case.
 *
 * Returns what it returned, a value; or what it raised. What it yields on the way is not looked at.
 * Since: 0.1
 */
SEGUE_UNPAIRS segue_result segue_run(segue_coroutine *co);

/** The object as a coroutine, borrowed; NULL where it is something else, or NULL. */
segue_coroutine *segue_as_coroutine(void *object);

/** One reference more, one less, of any object with a segue_ops; NULL is passed on. */
void *segue_object_ref(void *object);
void segue_object_unref(void *object);

/** Makes a generator that has not started an iterable coroutine, which may be awaited too. Takes the reference and returns it; NULL is
 * passed on. One that has started, or is no generator, comes back as it is, with errno EINVAL.
 * Source: types.coroutine(). Since: 0.1
 */
segue_coroutine *segue_types_coroutine(segue_coroutine *generator);

/** The coroutine that runs on this thread, borrowed; NULL outside any. */
segue_coroutine *segue_current(void);

/** Calls fn(arg) on the thread's own stack, below the frames of whoever resumed the outermost coroutine that runs: so that one on a
 * small stack can call what needs a large one, getaddrinfo() or dlopen() or printf(). Outside any coroutine it is a plain call.
 *
 * While fn runs, this thread is outside any coroutine: segue_current() is NULL, segue_yield() and segue_await() raise
 * RuntimeError; the caller is running, and refuses what is sent to it. Fn may drive other coroutines, and these may call this, too.
 * It must return: no longjmp() and no C++ exception out of it.
 *
 * @param fn  not NULL; its floating-point environment is the caller's
 *
 * Returns what fn returned. Where the outermost resumer runs in a segue_context, on a stack of the user's, it is that stack.
 * Thread: fn runs on the calling one. Cost: one switch each way; no system call, no allocation.
 * Since: 0.1
 */
void *segue_call_on_thread_stack(void *(*fn)(void *arg), void *arg);

/** Asks the processor for the memory that a send to co will touch: the object, and its stack's top. A scheduler that knows who comes
 * next can so hide the cache misses of many coroutines: with each send, for the one that is to run some 4 to 16 turns later.
 *
 * @param co  may be NULL, or gone by then: nothing is read
 *
 * Thread: any; async-signal-safe. Cost: a few instructions that wait for nothing; it earns them where the coroutines outgrow the caches.
 * Since: 0.1
 */
static inline void segue_prefetch(const segue_coroutine *co)
{
	uintptr_t hot = (uintptr_t)co;

	__builtin_prefetch((const void *)hot, 1);
	__builtin_prefetch((const void *)(hot - 64), 1);  /* the contexts */
	__builtin_prefetch((const void *)(hot - 128), 1); /* the first frames, the registers that the switch saved */
	__builtin_prefetch((const void *)(hot - 192), 1);
#if defined __aarch64__ || defined __riscv
	__builtin_prefetch((const void *)(hot - 256), 1); /* there are more of them, or wider */
	__builtin_prefetch((const void *)(hot - 320), 1);
#endif
	__asm__ volatile("" : : "r"(co)); /* or gcc takes a function that does nothing else for one that does nothing */
}

/** Where co stands. Source: inspect.getcoroutinestate(). */
enum segue_state segue_state(const segue_coroutine *co);

/* ---- Coroutine-local data ---------------------------------------------------------------------------------------- */

/** A key, under which each coroutine keeps a value of its own. Never 0. */
typedef uint32_t segue_key;
#define SEGUE_KEYS_MAX 128 /* at a time */

/** Makes a key, under which every coroutine, and every thread, has NULL at first.
 *
 * @param key         set to it
 * @param destructor  called with a value that is not NULL when its coroutine ends, by whatever way; or NULL. In what order they are
 *                    called for several keys is not said, nor what segue_get_local() finds meanwhile. If one sets values, it goes on
 *                    with those, 4 rounds at the most.
 *
 * It runs on the coroutine, as the last thing of its body: while it still runs, before its resumer has the result. It must not yield
 * or await. Where a dropped coroutine ignored the close, so that its stack is abandoned, it runs on the stack of who dropped that.
 * A thread's values are destroyed as the thread ends; not the main thread's at exit().
 *
 * Returns 0; or -1 with errno:
 *   EAGAIN  SEGUE_KEYS_MAX are in use
 * Thread: any. Cost: no allocation.
 * Source: pthread_key_create(). Since: 0.1
 */
int segue_key_create(segue_key *key, void (*destructor)(void *value));

/** Gives a key back. Values that are there under it are forgotten; no destructor is called.
 * Returns 0; or -1 with errno EINVAL: there is no such key, any more. Thread: any. Since: 0.1
 */
int segue_key_delete(segue_key key);

/** Sets the running coroutine's value under a key; outside any coroutine, this thread's. What was there before is not destroyed.
 *
 * Returns 0; or -1 with errno, and nothing is changed:
 *   EINVAL  there is no such key
 *   ENOMEM  no memory for the table of values
 *   EAGAIN  outside any coroutine: this process has no pthread key left
 * Thread: any. Cost: an allocation where it is the first value, or its key is beyond the table's; else none.
 * Source: pthread_setspecific(). Since: 0.1
 */
int segue_set_local(segue_key key, void *value);

/** The running coroutine's value under a key; outside any coroutine, this thread's. NULL where none was set, or there is no such key.
 * Who awaits a coroutine, and what segue_call_on_thread_stack() calls, is another: it does not see that one's.
 * Thread: any. Cost: a few loads. Source: pthread_getspecific(). Since: 0.1
 */
void *segue_get_local(segue_key key);

/* ---- Looking at one ---------------------------------------------------------------------------------------------- */

/** A coroutine's code. */
typedef struct segue_code_info {
	const char *name; /* or NULL */
	const char *file; /* or NULL */
	uint32_t line;
	segue_body *entry;
} segue_code_info;

/** Where one was made. */
typedef struct segue_origin {
	const segue_site *made;
	void *const *frames;
} segue_origin;

/** What segue_inspect() tells, under Python's names; a generator's may be used for any of them. */
typedef struct segue_info {
	/** The object that it awaits, borrowed; NULL where it merely yields, runs, has not started or has ended. */
	__extension__ union {
		void *cr_await, *gi_yieldfrom;
	};
	/** Its code. The name is the function's, or the attribute's; file and line are known of SEGUE_ASYNC() and SEGUE_GENERATOR(). */
	__extension__ union {
		segue_code_info cr_code, gi_code;
	};
	/** Its call stack's innermost frame, where it is suspended; NULL when it has ended. While it runs, where it last was. */
	__extension__ union {
		const segue_context *cr_frame, *gi_frame;
	};
	/** Where it was made: the place of the macro, or NULL; and return addresses, innermost first, NULL at the end, if
	 * segue_set_origin_tracking_depth() asked for them when it was made; or NULL. */
	segue_origin cr_origin;
	__extension__ union {
		int cr_running, gi_running;
	};
	__extension__ union {
		int cr_suspended, gi_suspended;
	};
	const void *stack; /* its lowest byte */
	size_t stack_size; /* bytes */
	segue_kind kind;
} segue_info;

/** Fills *info about co.
 *
 * @param size  sizeof (segue_info): a smaller one, of an older program, is filled as far as it goes, a larger one's rest zeroed
 *
 * Thread: as the top of the file says; on the thread that runs it, from inside too.
 * Source: Python's "Internal types", coroutine objects; inspect.getcoroutinestate(). Since: 0.1
 */
void segue_inspect(const segue_coroutine *co, segue_info *info, size_t size);

/** A live coroutine, as segue_foreach_live() shows it. */
typedef struct segue_live {
	segue_coroutine *co;
	const void *stack; /* its lowest byte */
	size_t stack_size; /* bytes */
	/** Where its stack ends that is in use: what it holds lies from here to stack + stack_size, with its registers, its argument and its
	 * object. Code with inlined moves (segue/inline.h) may use the ABI's red zone below it, 128 bytes on x86-64. NULL in one that
	 * has ended, and in one that runs or waits for one that it resumed: there that one's resumer_sp has it. */
	const void *sp;
	/** Of one that was resumed and runs, or whose leaf does: who waits for it, a coroutine or, NULL, the thread's own stack; and
	 * where that one's stack ends that is in use. NULL in all others. */
	segue_coroutine *resumer;
	const void *resumer_sp;
	enum segue_state state;
} segue_live;

/** Shows every coroutine that has a reference, for garbage collectors and profilers.
 *
 * @param fn  called with each, until it returns something else than 0. It may look and must not make, resume or drop coroutines: it
 *            would wait for itself.
 *
 * What a collector finds on the stacks is all that coroutines hold but their values of segue_set_local(), which malloc() keeps.
 *
 * Returns what the last call of fn returned; 0 where there was none.
 * Thread: any, while no other thread makes, resumes or drops coroutines. A collector stops them before, where they are in none of
 * this library's functions: the registry's lock might be theirs. Cost: a cache line or two of each stack that was ever made.
 * Since: 0.1
 */
int segue_foreach_live(int (*fn)(const segue_live *live, void *arg), void *arg);

/** How much of its stack was ever touched: bytes from its top down to the lowest page that is there, rounded up to pages. Asking touches none.
 *
 * A pooled stack keeps what those had touched that it belonged to before: the figure is then theirs, if it is the larger one. It is
 * co's own where stack statistics were on when that was made. On memory of the caller's it is what was ever touched there, by whomever;
 * the memory must not be a file's. What was swapped out counts as untouched, if all below it is, too.
 *
 * Returns bytes, the object included; or 0 with errno:
 *   EINVAL  co is NULL
 *   ENOSYS  this system can't tell, and any other error of mincore()
 * Thread: as the top of the file says; on the thread that runs it, from inside too. Cost: a system call for each MiB of stack.
 * Since: 0.1
 */
size_t segue_stack_high_water(const segue_coroutine *co);

/** Whether, from now on, of each coroutine that is made it will be noted when it ends how much of its stack it touched, by its
 * code. At first not, and then it costs nothing. Those that never ran don't count, nor those on memory of the caller's.
 *
 * Returns whether it was. Thread: any. Cost: where it is on, a system call as one is made, which gives the pages of its stack back
 * to the system, and another as it ends. Since: 0.1
 */
int segue_set_stack_statistics(int on);

/** What was noted of a code: bytes, in whole pages, as segue_stack_high_water() has them. */
typedef struct segue_stack_use {
	segue_code_info code;  /* as cr_code; the entry is what it goes by */
	size_t count;          /* of those that have ended */
	size_t median;         /* rounded up by an eighth at the most */
	size_t largest;
	/** A stack_size for segue_attr: the largest and half of it again, or a signal's frame, if that is more; rounded up as stacks are, to a
	 * power of two, and at least SEGUE_STACK_MIN. As good as what was run: inputs that recurse deeper need more. */
	size_t advised;
} segue_stack_use;

/** Reports each code of which something was noted, in no order, until `report` returns something else than 0.
 *
 * Returns what the last call of it returned; 0 where there was none. Thread: any, at any time. Since: 0.1
 */
int segue_stack_usage(int (*report)(const segue_stack_use *use, void *arg), void *arg);

/** How many return addresses a coroutine keeps of where it was made, from now on: cr_origin. 0, as at first: none. At most 64.
 * Returns what it was. Thread: any. Source: sys.set_coroutine_origin_tracking_depth().
 */
int segue_set_origin_tracking_depth(int depth);

/** The places that the last exception in co has come by: where segue_raise() stood, unless the library raised it or it was thrown
 * in, then each SEGUE_TRY() that passed it on; first those in what co awaited or resumed. Of more than 16 the middle is missing. It can
 * be read when co has failed, until its last reference goes. In the body of SEGUE_ASYNC(name) the function is segue_body_of_name.
 *
 * @param sites  filled with up to n pointers to static places
 * Returns how many there are.
 */
size_t segue_traceback(const segue_coroutine *co, const segue_site **sites, size_t n);

/** Called with a coroutine that never ran, as its last reference goes; not of one that was closed or thrown into, nor of generators.
 * The hook may look at it and may not keep it. */
typedef void segue_never_awaited_hook(segue_coroutine *co);

/** Called with what a coroutine raised when it was closed since its last reference went, or RuntimeError if it ignored that.
 * The value is released after it. */
typedef void segue_unraisable_hook(segue_coroutine *co, segue_result what);

/** Sets a hook; NULL: none. Returns the one before. At first there is none; with SEGUE_DEBUG=1 in the environment there are two that
 * print to stderr. With SEGUE_DEBUG=owner stderr hears, besides, of a coroutine that one thread sends to, throws into, closes, awaits or
 * drops for the last time while another runs it; each switch then takes the library's slow path, and a system call.
 * Thread: any. Source: "coroutine … was never awaited", sys.unraisablehook. Since: 0.1 */
segue_never_awaited_hook *segue_set_never_awaited_hook(segue_never_awaited_hook *hook);
segue_unraisable_hook *segue_set_unraisable_hook(segue_unraisable_hook *hook);

/* ---- Overflow ---------------------------------------------------------------------------------------------------- */

/** Handles SIGSEGV from now on: where a coroutine has come upon the guard below its stack, stderr is told its name, its origin, the
 * stack's size, by how much it was too small, and the top frames as object+offset, as addr2line takes them. Then, and at once for
 * any other fault, the signal goes to what handled it before, or kills the process.
 *
 * It runs on an alternate stack of the thread's, which the caller gets here, unless it has one, and every other thread as the library
 * first gives it a stack; what the library made goes with the thread. A thread that only resumes what others made, or that had
 * stacks before, calls this too: called again it prepares the thread, and reads anew what objects are loaded, as is due after
 * dlopen(). Who sets a handler of SIGSEGV later wants SA_ONSTACK, and passes on to this one what it doesn't know.
 *
 * A coroutine made with SEGUE_RECOVER_OVERFLOW ends instead, and nothing is printed: its resumer, or who awaits it, gets
 * RecursionError "stack overflow". Its frames are abandoned as they are, not unwound: no cleanup attribute runs, and what
 * they hold stays held: memory, references, locks (libc's too: if it was inside malloc() or stdio, the next one in there waits
 * forever), and the mask of a signal whose handler was running on that stack. What it awaits is let go with its last reference.
 *
 * Returns 0; or -1 with errno: ENOMEM, EAGAIN (no thread-specific key).
 * Thread: any. A guard that a system call comes upon is no fault: that returns EFAULT. Memory of the user's has no guard.
 * Since: 0.1
 */
int segue_install_overflow_handler(void);

#if SEGUE_PAIRED
static inline uint64_t segue_to_pair(segue_result r)
{
	return (uint64_t)(uintptr_t)r.value << 32 | (uintptr_t)r.raised;
}

static inline segue_result segue_from_pair(uint64_t pair)
{
	segue_result r;
	r.raised = (const segue_type *)(uintptr_t)(uint32_t)pair;
	r.value = (void *)(uintptr_t)(uint32_t)(pair >> 32);
	return r;
}

uint64_t segue_send_pair(segue_coroutine *co, void *value);
uint64_t segue_yield_pair(void *value);
uint64_t segue_throw_pair(segue_coroutine *co, const segue_type *type, void *value);
uint64_t segue_close_pair(segue_coroutine *co);
uint64_t segue_await_pair(void *x);
uint64_t segue_run_pair(segue_coroutine *co);

#ifndef SEGUE_INLINED_MOVES
static inline segue_result segue_send(segue_coroutine *co, void *value)
{
	return segue_from_pair(segue_send_pair(co, value));
}

static inline segue_result segue_yield(void *value)
{
	return segue_from_pair(segue_yield_pair(value));
}
#endif

static inline segue_result segue_throw(segue_coroutine *co, const segue_type *type, void *value)
{
	return segue_from_pair(segue_throw_pair(co, type, value));
}

static inline segue_result segue_close(segue_coroutine *co)
{
	return segue_from_pair(segue_close_pair(co));
}

static inline segue_result segue_await(void *x)
{
	return segue_from_pair(segue_await_pair(x));
}

static inline segue_result segue_run(segue_coroutine *co)
{
	return segue_from_pair(segue_run_pair(co));
}
#endif

/* ---- async def, def with yield, for --------------------------------------------------------------------------------- */

#include <segue/async.h>

/** What SEGUE_ASYNC() and SEGUE_GENERATOR() call: a coroutine that will run body(a copy of the arguments). The copy, of `size` bytes, lies
 * on its stack, aligned for any type. Errors as segue_coroutine_new(), and E2BIG where the arguments fill more than a quarter of
 * the stack. */
segue_coroutine *segue_new_copied(segue_body *body, const void *arguments, size_t size, uint32_t kind, const segue_code *code);

/** A loop of SEGUE_FOREACH()'s. */
typedef struct segue_foreach {
	void *iterator;
	segue_result *end;
} segue_foreach;

/** What SEGUE_FOREACH() calls: 1 with the next value, or 0 at the end; and as the loop is left. */
int segue_foreach_next(segue_foreach *loop, void **value);
void segue_foreach_leave(segue_foreach *loop);

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
