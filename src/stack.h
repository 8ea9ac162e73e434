/* Guarded stacks with room for an object at their top, and their pools. Nothing of the protocol. */
#ifndef SEGUE_SRC_STACK_H
#define SEGUE_SRC_STACK_H

#include <pthread.h>
#include <stdbool.h>

#include "coroutine.h"

enum {
	CLASSES = 64,
	LOCAL_CLASSES = 8, /* so many of them have a pool in every thread */
	COLOURS = 8,
	COLOUR_STEP = 320, /* bytes: 5 cache lines apart, the tops of 8 stacks fall into 8 places of a page */
};

/* Stacks of one size with guards of one size. */
struct stack_class {
	size_t stack_size, guard_size; /* both 0: not in use yet */
	segue_coroutine *shared;       /* the pool behind the threads' own */
	struct slab *slabs;            /* newest first; only that one has room. Atomic, for who looks without the lock */
};

/* A mapping: this header, in pages of its own, then slots, each a guard and a stack. `carved` is atomic, as the classes' lists are. */
struct slab {
	struct slab *next;
	struct stack_class *class;
	size_t mapped;             /* bytes, this header's page included */
	uint32_t slots;
	uint32_t guarded;          /* slots whose guards stand: those that will be carved next, too */
	uint32_t carved;
	uint32_t trimmed;          /* of these, how many are in empty[] */
	uint32_t first_word;       /* of empty[]: those before it are 0 */
	uint32_t empty[];          /* a bit a slot: carved once, but its memory was given back, its object with it. To the page's end */
};

/* A thread's own pool of one class, last in first out. */
struct local_pool {
	segue_coroutine *free;
	uint32_t room; /* how many more it takes; 0 as well in a thread that has no pools yet. Only its thread writes, others read */
};

/* A thread that has pools. */
struct pooling_thread {
	struct pooling_thread *next, **link; /* `link` points at what points here */
	struct local_pool *pools; /* NULL: it has none */
	bool ended;               /* and gets none any more */
};

/* All that threads share but the classes, whose shared pools and slabs the lock is for, too. */
struct stacks {
	pthread_mutex_t lock;
	struct pooling_thread *threads;
	segue_coroutine *placed; /* those on the user's memory */
	size_t places;           /* how many they are */
	segue_stack_allocator allocator; /* its functions are NULL: none */
	segue_coroutine *allocated;      /* by it: all that are not released, live or pooled, linked by `previous` */
	size_t allocated_bytes;
	size_t made;             /* stacks that there are, the trimmed ones included */
	size_t outside;          /* of which so many live or are in a thread's pool */
	size_t most_outside;
	size_t limit;            /* of `outside` */
	const struct segue_layout *layout; /* so that it is in every program that has these */
};

extern HIDDEN struct stacks segue__stacks;
extern HIDDEN struct stack_class segue__classes[];
extern HIDDEN _Thread_local SEGUE_TLS struct local_pool segue__local[LOCAL_CLASSES];

/* Where the object of a stack lies: at the top, so moved that the tops of many stacks don't share a few cache sets. */
static inline segue_coroutine *segue__object_at(unsigned char *stack, size_t size, size_t colour)
{
	uintptr_t end = (uintptr_t)stack + size - colour * COLOUR_STEP - sizeof(segue_coroutine);

	return (segue_coroutine *)(end & -(uintptr_t)CACHE_LINE);
}

/* The class of such stacks, sizes in bytes: stack and guard are rounded up. NULL with errno, as segue_coroutine_new_with(). */
HIDDEN struct stack_class *segue__stack_class(size_t stack_size, size_t guard_size);

/* A pooled or a new stack: an object of which only the stack's own fields are set. NULL with errno. */
HIDDEN segue_coroutine *segue__stack_take_slow(struct stack_class *class);

/* With the lock held. How many stacks all threads have pooled; this thread's own go to the shared pools. */
HIDDEN size_t segue__stacks_of_threads(void);
HIDDEN void segue__stacks_share(void);

/* With the lock held: gives the memory of one in no pool back. False: it could not, and the stack is as it was. */
HIDDEN bool segue__stack_empty(segue_coroutine *co);

/* Of a carved slot: the stack and its guard. */
HIDDEN unsigned char *segue__slot(struct slab *s, size_t i);

/* Another thread may read it. */
static inline void segue__add_room(struct local_pool *pool, uint32_t n)
{
	__atomic_store_n(&pool->room, pool->room + n, __ATOMIC_RELAXED);
}

static inline segue_coroutine *segue__stack_take(struct stack_class *class)
{
	size_t i = (size_t)(class - segue__classes);
	segue_coroutine *co = i < LOCAL_CLASSES ? segue__local[i].free : NULL;

	if (unlikely(!co))
		return segue__stack_take_slow(class);
	segue__local[i].free = co->next;
	segue__add_room(&segue__local[i], 1);
	return co;
}

/* Gives it back to this thread's own pool, if there is room: then it may be the one that the caller runs on, who leaves it next, since
   nobody else takes from there. */
static inline bool segue__stack_give_own(segue_coroutine *co)
{
	size_t i = (size_t)(co->class - segue__classes);

	if (unlikely(!co->class || i >= LOCAL_CLASSES || segue__local[i].room == 0))
		return false;
	co->ops = NULL;
	co->next = segue__local[i].free;
	segue__local[i].free = co;
	segue__add_room(&segue__local[i], -1u);
	return true;
}

/* Gives it back: not the one that the caller runs on. */
HIDDEN void segue__stack_give(segue_coroutine *co) READS_THREAD;

/* Makes it as clean as a new one below its object. */
HIDDEN void segue__stack_clean(segue_coroutine *co);

/* An object at the top of the user's memory. NULL with errno. segue__stack_give() takes it back. */
HIDDEN segue_coroutine *segue__stack_place(void *memory, size_t size);

/* Calls fn with every live one until it returns something else than 0, and returns that. The lock is held meanwhile. */
HIDDEN int segue__stack_foreach(int (*fn)(segue_coroutine *co, void *arg), void *arg);

#endif
