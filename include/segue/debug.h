/* segue/debug.h: what coroutines are doing: backtraces of suspended ones, and dumps of all. segue.h includes it. */
#ifndef SEGUE_DEBUG_H
#define SEGUE_DEBUG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

struct segue_coroutine;

/** A frame of a call stack. Its size is frozen. */
typedef struct segue_frame {
	const struct segue_coroutine *co; /* whose frame it is */
	void *pc;              /* where it goes on: for the line of the call look one byte before it. Its entry, if it did not start */
	void *sp;              /* the lowest byte of the frame */
	const char *function;  /* its name, where it is exported, as programs' are that are linked with -rdynamic; or NULL */
	uintptr_t at;          /* bytes from that function's start to pc */
	const char *object;    /* the executable or library, a file's name; or NULL */
	uintptr_t offset;      /* of pc there, as addr2line and gdb take it */
} segue_frame;

/** SEGUE_AWAITERS: after its own frames come those of the coroutine that awaits it, and so on to the root of its chain. */
#define SEGUE_AWAITERS 1u

/** The call stack of a coroutine, innermost frame first, by libgcc's unwinder: code that has no frame pointers has frames, too.
 *
 * One that is suspended, or waits for one that it awaits or resumed on this thread: from where it goes on. The one that runs here: from
 * the caller of segue_backtrace(). One that was created: its entry alone. One that has ended: none. The library's switch, and what
 * calls the body, are left out; code that has no unwind tables, as C on 32-bit ARM without -funwind-tables, ends it.
 *
 * @param flags   SEGUE_AWAITERS or 0
 * @param frames  filled with the first n; strings in them stay valid while their object is loaded
 *
 * Returns how many frames there are, of which n may be fewer; 0 where there are none, and with errno:
 *   EINVAL  co is NULL, or there is no such flag
 *   EBUSY   it runs, and not on this thread; or it waits in a segue_call_on_thread_stack()
 *   others  no stack for the unwinder to run on: as segue_coroutine_new()
 * Thread: as the top of segue.h says. Not async-signal-safe: see segue_dump(). Cost: microseconds a frame.
 * Source: cr_frame; Python's traceback.walk_stack(). Since: 0.1
 */
size_t segue_backtrace(const struct segue_coroutine *co, uint32_t flags, segue_frame *frames, size_t n);

/** Writes every coroutine that has a reference to fd, as text: its address and name, state, where it was made, what it awaits, who
 * awaits it and who resumed it, and where it is suspended, 16 frames at the most; then all chains of those that await.
 *
 * Places are OBJECT+OFFSET, as addr2line takes them, if segue_dump_prepare() was called before, and else bare addresses. They are
 * where a function goes on: for the line of a call look one byte before it. Frames are found by the chain of frame pointers: those
 * of code that was compiled without are missing, and where it uses that register for something else there may be some that are
 * none. 32-bit ARM has no such chain: there one place is all. Of what other threads run no frames are known.
 *
 * Thread: any, at any time; async-signal-safe, errno is kept. It takes no lock and allocates nothing; other threads may make, resume
 * and drop coroutines meanwhile, and are shown as they are then. Memory that is not the library's is read by system calls, through a
 * pipe, since it might be gone: with no file descriptors left for that, what lies there is missing, and the names of segue_attr.
 * Cost: some microseconds for each coroutine, besides the writing; 8 KiB of stack.
 * Source: faulthandler, asyncio.print_call_graph(). Since: 0.1
 */
void segue_dump(int fd);

/** The same as a graph for Graphviz's dot: a node for each coroutine, with its name and state; who awaits what, and who resumed whom.
 * Since: 0.1 */
void segue_dump_dot(int fd);

/** Reads what executables and libraries are loaded, for segue_dump() to tell places by; segue_install_overflow_handler() does that, too.
 * After dlopen() it is due again. Returns 0; or -1 with errno ENOMEM. Thread: any; not in signal handlers. Since: 0.1
 */
int segue_dump_prepare(void);

/** Where a debugger finds coroutines: for the gdb commands that come with the library. Programs have no use for it. */
extern const struct segue_layout segue_debug_layout;

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
