/* segue/stacks.h: how much there is of stacks, and how much there may be. segue.h includes it. */
#ifndef SEGUE_STACKS_H
#define SEGUE_STACKS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/** What segue_stack_statistics() tells. Stacks are counted that the library made, in memory of its own or of an allocator's. */
typedef struct segue_stacks {
	size_t live;      /* with a coroutine that is not gone yet */
	size_t pooled;    /* ready for the next ones, by threads or by all together */
	size_t trimmed;   /* they had one once, and are no more than addresses now */
	size_t most_live; /* the most at once so far. With several threads it may be too high by what other threads had pooled */
	size_t placed;    /* coroutines that live in memory of the user's */
	size_t mappings;  /* of which the kernel allows a process a number (vm.max_map_count): at most so many are for stacks */
	size_t reserved;  /* bytes of addresses */
	size_t resident;  /* bytes of memory, without what the kernel needs to find it; none of an allocator's are counted */
} segue_stacks;

/** Fills *s.
 *
 * @param size  sizeof (segue_stacks): a smaller one, of an older program, is filled as far as it goes, a larger one's rest zeroed
 *
 * Thread: any; what changes meanwhile is counted or not. Cost: `resident` asks the kernel about every page of every stack that was
 * ever used, the slower the more there were, and is left 0 by a size that ends before it; the rest is a lock and a look at each thread.
 */
void segue_stack_statistics(segue_stacks *s, size_t size);

/** The most stacks that may live at once, from now on; SIZE_MAX, as at first: any number. At the limit creation fails with EDQUOT.
 * What other threads have pooled counts as if it lived: at most 64 stacks a thread and size. Returns what it was. Thread: any.
 */
size_t segue_stack_limit(size_t most);

/** Gives the memory of pooled stacks back to the system: this thread's, and those that no thread has to itself. Their guards and
 * their addresses stay. Returns how many there were. Where the memory is locked it is kept. Thread: any. Cost: a system call a stack.
 */
size_t segue_stack_trim(void);

/** Where stacks come from, for who embeds the library. Its stacks are pooled as the library's own; segue_stack_trim() releases those. */
typedef struct segue_stack_allocator {
	size_t size; /* sizeof (segue_stack_allocator) */
	/** Returns guard_size + stack_size bytes that begin at a page, of which the lowest guard_size fault: that is its own affair; or
	 * NULL with errno, which creation then fails with. Both sizes are whole pages. */
	void *(*allocate)(size_t stack_size, size_t guard_size);
	void (*release)(void *memory, size_t stack_size, size_t guard_size);
} segue_stack_allocator;

/** Has all stacks come from there; *allocator is copied. NULL: from the library itself, as at first. Neither of its functions may
 * use the library; no two of them are called at once.
 *
 * Returns 0; or -1 with errno: EBUSY while there is a stack, live or pooled, or addresses of one; EINVAL for a function that is
 * missing, or a size that is another's. Thread: any.
 */
int segue_set_stack_allocator(const segue_stack_allocator *allocator);

/** One sentence about an errno that creation fails with: what was short, and what to do. Of any other: that creation does not fail
 * with it. A static string. Thread: any; async-signal-safe.
 */
const char *segue_strerror(int error);

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
