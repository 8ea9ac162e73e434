/* Guarded stacks: classes by size, slabs that hold many stacks of a class, the guards below them, and the pools.
 *
 * A slab is one mapping: a header, then slots. A slot, low addresses first:
 *
 *     guard_size    faults
 *     stack_size    the stack; at its top the object, moved down by the slot's colour
 *
 * The slabs are the registry of coroutines: slots below `carved` hold an object at a known place, live where ops is set. A
 * slot is carved, its guard with it, when it is first used. What lies in a slab never moves, and slabs stay mapped.
 */
#define _GNU_SOURCE
#include "stack.h"

#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "annotate.h"
#include "overflow.h"

#ifndef MAP_STACK
#define MAP_STACK 0
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum {
	LOCAL_ROOM = 64,   /* stacks in a thread's pool of one class */
	BATCH = 32,        /* stacks that move between it and the shared pool at once */
	WORK_ROOM = 1024,  /* bytes that a body has on the least stack, besides a signal's frame */
};
#if __SIZEOF_POINTER__ == 8
#define SLAB_FIRST ((size_t)4 << 20) /* bytes; each further slab of a class doubles, up to: */
#define SLAB_LARGEST ((size_t)4 << 30)
#else
#define SLAB_FIRST ((size_t)1 << 20)
#define SLAB_LARGEST ((size_t)16 << 20)
#endif

struct stack_class segue__classes[CLASSES];
_Thread_local SEGUE_TLS struct local_pool segue__local[LOCAL_CLASSES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all below, the classes' shared pools and slabs */
static segue_coroutine *placed;                          /* those on the user's memory */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	bool fork_handlers; /* without them nobody gets a coroutine */
	size_t page;
	size_t least;      /* bytes: the smallest stack for this machine's signal frame */
	bool light_guards; /* MADV_GUARD_INSTALL works here */
	bool threads;      /* a thread's end can be heard of: else there are no pools but the shared ones */
	uint32_t room;     /* stacks in a thread's pool of one class; none under Valgrind, which then sees each come and go */
	pthread_key_t key; /* whose destructor gives back what a thread has */
} process;

/* ---- What is found out once ------------------------------------------------------------------------------------- */

/* Some kernels, and emulators, answer 0 to advice that they ignore: ask another system call whether the page faults. */
static bool prove_light_guards(size_t page)
{
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool proved;

	if (p == MAP_FAILED)
		return false;
	proved = madvise(p, page, MADV_GUARD_INSTALL) == 0 && syscall(SYS_uname, p) == -1 && errno == EFAULT;
	munmap(p, page);
	return proved;
}

/* To the next power of two: few classes, and a size asked for by a byte more or less finds the same pool. */
static size_t round_up(size_t size, size_t least)
{
	while (least < size)
		least *= 2;
	return least;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void end_thread(void *unused);

static void start(void)
{
	process.page = (size_t)sysconf(_SC_PAGESIZE);
	process.least = getauxval(AT_MINSIGSTKSZ) + sizeof(segue_coroutine) + COLOURS * COLOUR_STEP + WORK_ROOM;
	process.light_guards = prove_light_guards(process.page);
	process.fork_handlers = pthread_atfork(before_fork, after_fork, after_fork) == 0;
	process.threads = pthread_key_create(&process.key, end_thread) == 0;
	process.room = segue__on_valgrind() ? 0 : LOCAL_ROOM;
	segue__classes[0].stack_size = round_up(SEGUE_STACK_DEFAULT, process.page);
	segue__classes[0].guard_size = round_up(SEGUE_GUARD_DEFAULT, process.page);
}

/* There was no memory for the fork handlers: once more. */
static bool ask_again(void)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	if (!process.fork_handlers)
		error = pthread_atfork(before_fork, after_fork, after_fork);
	__atomic_store_n(&process.fork_handlers, error == 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lock);
	if (error)
		errno = error;
	return error == 0;
}

static bool started(void)
{
	pthread_once(&once, start);
	return __atomic_load_n(&process.fork_handlers, __ATOMIC_RELAXED) || ask_again();
}

/* ---- Classes ---------------------------------------------------------------------------------------------------- */

struct stack_class *segue__stack_class(size_t stack_size, size_t guard_size)
{
	struct stack_class *c = NULL;
	size_t i;

	if (stack_size - 1 >= PTRDIFF_MAX / 2 || guard_size - 1 >= PTRDIFF_MAX / 2) { /* 0 too */
		errno = EINVAL;
		return NULL;
	}
	segue__spare_locks();
	if (!started())
		return NULL;
	guard_size = round_up(guard_size, process.page);
	stack_size = round_up(stack_size, process.page < SEGUE_STACK_MIN ? SEGUE_STACK_MIN : process.page);
	if (stack_size < process.least) {
		errno = ENOSPC;
		return NULL;
	}
	pthread_mutex_lock(&lock);
	for (i = 0; i < CLASSES && segue__classes[i].stack_size; i++)
		if (segue__classes[i].stack_size == stack_size && segue__classes[i].guard_size == guard_size)
			break;
	if (i == CLASSES)
		errno = EMFILE;
	else {
		c = &segue__classes[i];
		c->stack_size = stack_size;
		c->guard_size = guard_size;
	}
	pthread_mutex_unlock(&lock);
	return c;
}

/* ---- Slabs and guards; all with the lock held ------------------------------------------------------------------- */

static struct slab *map_slab(struct stack_class *class, size_t slots)
{
	size_t mapped = process.page + slots * (class->guard_size + class->stack_size);
	struct slab *s = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	(void)madvise(s, mapped, MADV_NOHUGEPAGE); /* or a stack may cost 2 MiB; a kernel without them says EINVAL */
	*s = (struct slab){ .next = class->slabs, .class = class, .mapped = mapped, .slots = (uint32_t)slots };
	return s;
}

/* Twice the last one, or as much less as can be had. */
static struct slab *new_slab(struct stack_class *class)
{
	size_t stride = class->guard_size + class->stack_size;
	size_t size = class->slabs ? 2 * class->slabs->mapped : SLAB_FIRST;
	size_t slots = (size < SLAB_LARGEST ? size : SLAB_LARGEST) / stride;
	struct slab *s = NULL;

	for (slots += slots == 0; slots > 0 && !s; slots /= 2)
		s = map_slab(class, slots);
	if (s)
		__atomic_store_n(&class->slabs, s, __ATOMIC_RELEASE);
	return s;
}

static int install_guard(void *page, size_t size)
{
	if (process.light_guards && madvise(page, size, MADV_GUARD_INSTALL) == 0)
		return 0;
	return mprotect(page, size, PROT_NONE); /* also where memory is locked: no light guards there */
}

/* Everything of the stack below its object. */
static size_t room_below(const segue_coroutine *co)
{
	return (size_t)((unsigned char *)co - co->stack);
}

static segue_coroutine *carve(struct stack_class *class)
{
	struct slab *s = class->slabs;
	unsigned char *slot;
	segue_coroutine *co;

	if (!s || s->carved == s->slots)
		s = new_slab(class);
	if (!s)
		return NULL;
	slot = (unsigned char *)s + process.page + s->carved * (class->guard_size + class->stack_size);
	if (install_guard(slot, class->guard_size))
		return NULL;
	segue__annotate_pooled(slot, class->guard_size); /* nobody's: what Valgrind can't know of a light guard */
	co = segue__object_at(slot + class->guard_size, class->stack_size, s->carved % COLOURS);
	co->stack = slot + class->guard_size;
	co->stack_size = class->stack_size;
	co->class = class;
	co->valgrind_id = segue__annotate_stack(co->stack, co->stack_size);
	__atomic_store_n(&s->carved, s->carved + 1, __ATOMIC_RELEASE);
	return co;
}

/* ---- Pools ------------------------------------------------------------------------------------------------------ */

/* Moves up to n stacks from one list to another. */
static uint32_t move(segue_coroutine **from, segue_coroutine **to, uint32_t n)
{
	uint32_t moved;

	for (moved = 0; moved < n && *from; moved++) {
		segue_coroutine *co = *from;
		*from = co->next;
		co->next = *to;
		*to = co;
	}
	return moved;
}

/* Whether this thread's end will be heard of; the first time it gets its pools. */
static bool enter_thread(void)
{
	if (!process.threads)
		return false;
	if (pthread_getspecific(process.key))
		return true;
	if (pthread_setspecific(process.key, &process))
		return false;
	for (size_t i = 0; i < LOCAL_CLASSES; i++)
		segue__local[i].room = process.room;
	return true;
}

/* Another destructor may use coroutines after this one: then it enters again, and this is run once more. */
static void end_thread(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < LOCAL_CLASSES; i++) {
		move(&segue__local[i].free, &segue__classes[i].shared, UINT32_MAX);
		segue__local[i].room = 0;
	}
	pthread_mutex_unlock(&lock);
}

segue_coroutine *segue__stack_take_slow(struct stack_class *class)
{
	size_t i = (size_t)(class - segue__classes);
	segue_coroutine *co = NULL;
	uint32_t room;

	segue__spare_locks();
	if (!started() || !segue__prepare_thread())
		return NULL;
	if (class->stack_size < process.least) { /* the default one, which nobody asked for by its size */
		errno = ENOSPC;
		return NULL;
	}
	room = i < LOCAL_CLASSES && enter_thread() ? segue__local[i].room : 0;
	pthread_mutex_lock(&lock);
	move(&class->shared, &co, 1);
	if (co && room >= BATCH)
		segue__local[i].room -= move(&class->shared, &segue__local[i].free, BATCH);
	if (!co)
		co = carve(class);
	pthread_mutex_unlock(&lock);
	if (co)
		segue__annotate_taken(co->stack, room_below(co));
	return co;
}

static void forget_placed(segue_coroutine *co)
{
	pthread_mutex_lock(&lock);
	*(co->previous ? &co->previous->next : &placed) = co->next;
	if (co->next)
		co->next->previous = co->previous;
	pthread_mutex_unlock(&lock);
	segue__annotate_no_stack(co->valgrind_id);
}

void segue__stack_give_slow(segue_coroutine *co)
{
	struct stack_class *class = co->class;
	size_t i = (size_t)(class - segue__classes);

	segue__spare_locks();
	co->ops = NULL;
	if (!class) {
		forget_placed(co);
		segue__annotate_taken(co->stack, room_below(co)); /* by the user: what was popped there is nobody's till then */
		return;
	}
	segue__annotate_pooled(co->stack, room_below(co));
	pthread_mutex_lock(&lock);
	if (i < LOCAL_CLASSES && enter_thread() && segue__local[i].room == 0)
		segue__local[i].room += move(&segue__local[i].free, &class->shared, BATCH);
	move(&(segue_coroutine *){ co }, &class->shared, 1);
	pthread_mutex_unlock(&lock);
}

void segue__stack_clean(segue_coroutine *co)
{
	uintptr_t page = process.page;

	(void)madvise(co->stack, (size_t)(((uintptr_t)contexts_of(co) & -page) - (uintptr_t)co->stack), MADV_DONTNEED);
}

/* ---- The user's memory ------------------------------------------------------------------------------------------ */

segue_coroutine *segue__stack_place(void *memory, size_t size)
{
	segue_coroutine *co;

	if (size < SEGUE_STACK_MIN || size > UINTPTR_MAX - (uintptr_t)memory) {
		errno = EINVAL;
		return NULL;
	}
	segue__spare_locks();
	if (!started() || !segue__prepare_thread())
		return NULL;
	if (size < process.least) {
		errno = ENOSPC;
		return NULL;
	}
	co = segue__object_at(memory, size, 0);
	co->stack = memory;
	co->stack_size = size;
	co->class = NULL;
	co->valgrind_id = segue__annotate_stack(memory, size);
	pthread_mutex_lock(&lock);
	co->previous = NULL;
	co->next = placed;
	if (placed)
		placed->previous = co;
	placed = co;
	pthread_mutex_unlock(&lock);
	return co;
}
