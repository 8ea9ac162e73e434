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
	void *pc;              /* where it goes on: for the line of the call look one byte before it. Of one that was only created: its entry */
	void *sp;              /* the lowest byte of the frame */
	const char *function;  /* the name of what exports it, or NULL: programs export theirs if they are linked with -rdynamic */
	uintptr_t at;          /* bytes from that function's start to pc */
	const char *object;    /* the executable or library, a file's name; or NULL */
	uintptr_t offset;      /* of pc there: `addr2line -fe OBJECT OFFSET - 1`, both numbers in hexadecimal, finds the line */
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

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
