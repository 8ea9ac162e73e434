/* Guarded stacks: classes by size, slabs that hold many stacks of a class, the guards below them, and the pools.
 *
 * A slab is one mapping: a header, then slots. A slot, low addresses first:
 *
 *     guard_size    faults
 *     stack_size    the stack; at its top the object, moved down by the slot's colour
 *
 * The slabs are the registry of coroutines: slots below `carved` hold an object at a known place, live where ops is set; a
 * trimmed one's reads as zeros. A slot is carved when it is first used; guards run ahead of that, made in batches. What lies in a
 * slab never moves, and slabs stay mapped: who looks for a stack by an address, in a signal handler say, can't take the lock.
 */
#define _GNU_SOURCE
#include "stack.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "annotate.h"
#include "guard.h"
#include "overflow.h"

#ifndef MAP_STACK
#define MAP_STACK 0
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum {
	LOCAL_ROOM = 64,   /* stacks in a thread's pool of one class */
	BATCH = 32,        /* stacks that move between it and the shared pool at once */
	GUARDS_FIRST = 16, /* made at once in a new slab; then as many again as it has, up to GUARDS_AT_ONCE */
	WORK_ROOM = 1024,  /* bytes that a body has on the least stack, besides a signal's frame */
};
#if __SIZEOF_POINTER__ == 8
#define SLAB_FIRST ((size_t)4 << 20) /* bytes; each further slab of a class doubles, up to: */
#define SLAB_LARGEST ((size_t)4 << 30)
#else
#define SLAB_FIRST ((size_t)1 << 20)
#define SLAB_LARGEST ((size_t)16 << 20)
#endif

struct stacks segue__stacks = { .lock = PTHREAD_MUTEX_INITIALIZER, .limit = SIZE_MAX, .layout = &segue_debug_layout };
struct stack_class segue__classes[CLASSES];
_Thread_local SEGUE_TLS struct local_pool segue__local[LOCAL_CLASSES];
static _Thread_local SEGUE_TLS struct pooling_thread this_thread;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	bool fork_handlers; /* without them nobody gets a coroutine */
	size_t page;
	size_t least;      /* bytes: the smallest stack for this machine's signal frame */
	bool threads;      /* a thread's end can be heard of: else there are no pools but the shared ones */
	uint32_t room;     /* stacks in a thread's pool of one class; none under Valgrind, which then sees each come and go */
	pthread_key_t key; /* whose destructor gives back what a thread has */
} process;

/* ---- Threads that have pools ------------------------------------------------------------------------------------- */

static size_t pooled_by(const struct pooling_thread *thread)
{
	size_t n = 0;

	for (size_t i = 0; thread->pools && i < LOCAL_CLASSES; i++)
		n += process.room - __atomic_load_n(&thread->pools[i].room, __ATOMIC_RELAXED);
	return n;
}

size_t segue__stacks_of_threads(void)
{
	size_t n = 0;

	for (const struct pooling_thread *thread = segue__stacks.threads; thread; thread = thread->next)
		n += pooled_by(thread);
	return n;
}

static void link_thread(void)
{
	this_thread.next = segue__stacks.threads;
	this_thread.link = &segue__stacks.threads;
	if (segue__stacks.threads)
		segue__stacks.threads->link = &this_thread.next;
	segue__stacks.threads = &this_thread;
}

static void unlink_thread(void)
{
	*this_thread.link = this_thread.next;
	if (this_thread.next)
		this_thread.next->link = this_thread.link;
}

/* ---- What is found out once ------------------------------------------------------------------------------------- */

/* To the next power of two: few classes, and a size asked for by a byte more or less finds the same pool. */
static size_t round_up(size_t size, size_t least)
{
	while (least < size)
		least *= 2;
	return least;
}

static size_t lost_by_fork; /* stacks in pools of threads that the child won't have */

static void before_fork(void)
{
	pthread_mutex_lock(&segue__stacks.lock);
	segue__lock_roots();
	lost_by_fork = segue__stacks_of_threads() - pooled_by(&this_thread);
}

static void after_fork(void)
{
	segue__unlock_roots();
	pthread_mutex_unlock(&segue__stacks.lock);
}

/* What other threads had pooled is lost there: a pool may have been caught between two writes. */
static void after_fork_in_child(void)
{
	segue__stacks.outside -= lost_by_fork;
	segue__stacks.made -= lost_by_fork;
	segue__stacks.threads = NULL;
	if (this_thread.pools)
		link_thread();
	after_fork();
}

static void end_thread(void *unused);

static void start(void)
{
	process.page = (size_t)sysconf(_SC_PAGESIZE);
	process.least = getauxval(AT_MINSIGSTKSZ) + sizeof(segue_coroutine) + COLOURS * COLOUR_STEP + WORK_ROOM;
	process.fork_handlers = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
	process.threads = pthread_key_create(&process.key, end_thread) == 0;
	process.room = segue__on_valgrind() ? 0 : LOCAL_ROOM;
	segue__classes[0].stack_size = round_up(SEGUE_STACK_DEFAULT, process.page);
	segue__classes[0].guard_size = round_up(SEGUE_GUARD_DEFAULT, process.page);
}

/* There was no memory for the fork handlers: once more. */
static bool ask_again(void)
{
	int error = 0;

	pthread_mutex_lock(&segue__stacks.lock);
	if (!process.fork_handlers)
		error = pthread_atfork(before_fork, after_fork, after_fork_in_child);
	__atomic_store_n(&process.fork_handlers, error == 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&segue__stacks.lock);
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
	pthread_mutex_lock(&segue__stacks.lock);
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
	pthread_mutex_unlock(&segue__stacks.lock);
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

static bool can_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p != MAP_FAILED && munmap(p, size) == 0;
}

/* Why so many bytes were not to be had; mmap() says ENOMEM to all, but EAGAIN where memory must be locked. */
static int what_is_short(size_t size)
{
	struct rlimit addresses;

	if (errno == EAGAIN || can_map(size)) /* addresses there are: promises are short */
		return ENOBUFS;
	if (can_map(process.page) || getrlimit(RLIMIT_AS, &addresses) || addresses.rlim_cur != RLIM_INFINITY)
		return ENOMEM;
	return EAGAIN;
}

/* Twice the last one, or as much less as can be had. */
static struct slab *new_slab(struct stack_class *class)
{
	size_t stride = class->guard_size + class->stack_size;
	size_t most = (process.page - sizeof(struct slab)) * CHAR_BIT; /* bits that its header has room for */
	size_t size = class->slabs ? 2 * class->slabs->mapped : SLAB_FIRST;
	size_t slots = (size < SLAB_LARGEST ? size : SLAB_LARGEST) / stride;
	struct slab *s = NULL;

	for (slots = slots == 0 ? 1 : slots < most ? slots : most; slots > 0 && !s; slots /= 2)
		s = map_slab(class, slots);
	if (s)
		__atomic_store_n(&class->slabs, s, __ATOMIC_RELEASE);
	else
		errno = what_is_short(process.page + stride);
	return s;
}

unsigned char *segue__slot(struct slab *s, size_t i)
{
	return (unsigned char *)s + process.page + i * (s->class->guard_size + s->class->stack_size);
}

/* The next ones, few where few are used. */
static bool guard_next(struct slab *s)
{
	uint32_t left = s->slots - s->guarded, n = s->guarded < GUARDS_FIRST ? GUARDS_FIRST : s->guarded;
	size_t made = segue__guard(segue__slot(s, s->guarded), s->class->guard_size, s->class->guard_size + s->class->stack_size,
				   n < left ? n : left);

	s->guarded += (uint32_t)made;
	return made > 0;
}

/* Everything of the stack below its object. */
static size_t room_below(const segue_coroutine *co)
{
	return (size_t)((unsigned char *)co - co->stack);
}

static segue_coroutine *object_of_slot(struct slab *s, size_t i)
{
	return segue__object_at(segue__slot(s, i) + s->class->guard_size, s->class->stack_size, i % COLOURS);
}

/* Sets the stack's own fields. It is the n-th. */
static segue_coroutine *place_object(struct stack_class *class, unsigned char *guard, size_t n)
{
	unsigned char *stack = guard + class->guard_size;
	segue_coroutine *co = segue__object_at(stack, class->stack_size, n % COLOURS);

	co->stack = stack;
	co->stack_size = class->stack_size;
	co->class = class;
	co->fiber = NULL;
	co->valgrind_id = segue__annotate_stack(stack, class->stack_size);
	return co;
}

static segue_coroutine *carve(struct stack_class *class)
{
	struct slab *s = class->slabs;
	segue_coroutine *co;

	if (!s || s->carved == s->slots)
		s = new_slab(class);
	if (!s || (s->carved == s->guarded && !guard_next(s)))
		return NULL;
	segue__annotate_pooled(segue__slot(s, s->carved), class->guard_size); /* nobody's: what Valgrind can't know of a light guard */
	co = place_object(class, segue__slot(s, s->carved), s->carved);
	__atomic_store_n(&s->carved, s->carved + 1, __ATOMIC_RELEASE);
	segue__stacks.made++;
	return co;
}

/* From the embedder's allocator. */
static segue_coroutine *allocate(struct stack_class *class)
{
	unsigned char *guard;
	segue_coroutine *co;

	segue__annotate_call(2);
	guard = segue__stacks.allocator.allocate(class->stack_size, class->guard_size);
	if (!guard)
		return NULL;
	co = place_object(class, guard, segue__stacks.made);
	co->ops = NULL;
	co->resumer = NULL;
	co->previous = segue__stacks.allocated;
	segue__stacks.allocated = co;
	segue__stacks.allocated_bytes += class->guard_size + class->stack_size;
	segue__stacks.made++;
	return co;
}

/* ---- Stacks without memory -------------------------------------------------------------------------------------- */

static struct slab *slab_of(const segue_coroutine *co)
{
	struct slab *s = co->class->slabs;

	while ((uintptr_t)co->stack - (uintptr_t)s >= s->mapped)
		s = s->next;
	return s;
}

bool segue__stack_empty(segue_coroutine *co)
{
	struct slab *s = slab_of(co);
	size_t i = (size_t)(co->stack - segue__slot(s, 0)) / (s->class->guard_size + s->class->stack_size);
	uint32_t number = co->valgrind_id;
	unsigned char *stack = co->stack;

	segue__drop_fiber(co);
	if (madvise(co->stack, co->stack_size, MADV_DONTNEED))
		return false;
	segue__annotate_no_stack(stack, s->class->stack_size, number);
	s->empty[i / 32] |= UINT32_C(1) << i % 32;
	if (s->first_word > i / 32)
		s->first_word = (uint32_t)(i / 32);
	s->trimmed++;
	return true;
}

/* One of those; NULL if there is none. */
static segue_coroutine *refill(struct stack_class *class)
{
	struct slab *s = class->slabs;
	size_t i;

	while (s && s->trimmed == 0)
		s = s->next;
	if (!s)
		return NULL;
	while (s->empty[s->first_word] == 0)
		s->first_word++;
	i = s->first_word * 32 + (size_t)__builtin_ctz(s->empty[s->first_word]);
	s->empty[s->first_word] &= s->empty[s->first_word] - 1;
	s->trimmed--;
	return place_object(class, segue__slot(s, i), i);
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
	if (this_thread.pools)
		return true;
	if (!process.threads || this_thread.ended)
		return false;
	if (pthread_setspecific(process.key, &process))
		return false;
	for (size_t i = 0; i < LOCAL_CLASSES; i++)
		segue__local[i].room = process.room;
	this_thread.pools = segue__local;
	link_thread();
	return true;
}

static void share(size_t i, uint32_t most)
{
	uint32_t moved = move(&segue__local[i].free, &segue__classes[i].shared, most);

	segue__add_room(&segue__local[i], moved);
	segue__stacks.outside -= moved;
}

void segue__stacks_share(void)
{
	for (size_t i = 0; i < LOCAL_CLASSES; i++)
		share(i, UINT32_MAX);
}

/* Another destructor may use coroutines after this one: without pools, since nothing would hear of their end. */
static void end_thread(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&segue__stacks.lock);
	segue__stacks_share();
	for (size_t i = 0; i < LOCAL_CLASSES; i++)
		segue__local[i].room = 0;
	unlink_thread();
	this_thread.pools = NULL;
	this_thread.ended = true;
	pthread_mutex_unlock(&segue__stacks.lock);
}

/* How many more there may be. */
static size_t allowed(void)
{
	if (segue__stacks.outside >= segue__stacks.limit)
		segue__stacks_share();
	return segue__stacks.outside < segue__stacks.limit ? segue__stacks.limit - segue__stacks.outside : 0;
}

/* And some for this thread's pool, if there is one. */
static segue_coroutine *take_shared(struct stack_class *class, bool pooling, size_t i, size_t most)
{
	segue_coroutine *co = NULL;
	uint32_t moved, batch = most > BATCH ? BATCH : (uint32_t)most - 1;

	move(&class->shared, &co, 1);
	if (co && pooling && segue__local[i].room >= batch) {
		moved = move(&class->shared, &segue__local[i].free, batch);
		segue__add_room(&segue__local[i], -moved);
		segue__stacks.outside += moved;
	}
	return co;
}

static segue_coroutine *take(struct stack_class *class, size_t i)
{
	bool pooling = i < LOCAL_CLASSES && enter_thread();
	size_t most = allowed();
	segue_coroutine *co;

	if (most == 0) {
		errno = EDQUOT;
		return NULL;
	}
	co = take_shared(class, pooling, i, most);
	if (!co)
		co = refill(class);
	if (!co)
		co = segue__stacks.allocator.allocate ? allocate(class) : carve(class);
	if (!co)
		return NULL;
	segue__stacks.outside++;
	if (segue__stacks.most_outside < segue__stacks.outside)
		segue__stacks.most_outside = segue__stacks.outside;
	return co;
}

segue_coroutine *segue__stack_take_slow(struct stack_class *class)
{
	segue_coroutine *co;

	segue__spare_locks();
	if (!started() || !segue__prepare_thread())
		return NULL;
	if (class->stack_size < process.least) { /* the default one, which nobody asked for by its size */
		errno = ENOSPC;
		return NULL;
	}
	pthread_mutex_lock(&segue__stacks.lock);
	co = take(class, (size_t)(class - segue__classes));
	pthread_mutex_unlock(&segue__stacks.lock);
	if (co)
		segue__annotate_taken(co->stack, room_below(co));
	return co;
}

static void forget_placed(segue_coroutine *co)
{
	pthread_mutex_lock(&segue__stacks.lock);
	*(co->previous ? &co->previous->next : &segue__stacks.placed) = co->next;
	if (co->next)
		co->next->previous = co->previous;
	segue__stacks.places--;
	pthread_mutex_unlock(&segue__stacks.lock);
	segue__drop_fiber(co);
	segue__annotate_no_stack(co->stack, co->stack_size, co->valgrind_id);
}

static void give_slow(segue_coroutine *co)
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
	pthread_mutex_lock(&segue__stacks.lock);
	if (i < LOCAL_CLASSES && enter_thread() && segue__local[i].room == 0)
		share(i, BATCH);
	move(&(segue_coroutine *){ co }, &class->shared, 1);
	segue__stacks.outside--;
	pthread_mutex_unlock(&segue__stacks.lock);
}

void segue__stack_give(segue_coroutine *co)
{
	if (unlikely(!segue__stack_give_own(co)))
		give_slow(co);
}

void segue__stack_clean(segue_coroutine *co)
{
	unsigned char *top = (unsigned char *)contexts_of(co);
	unsigned char *last = (unsigned char *)((uintptr_t)top & -(uintptr_t)process.page);

	segue__annotate_taken(co->stack, (size_t)(top - co->stack));
	(void)madvise(co->stack, (size_t)(last - co->stack), MADV_DONTNEED);
	memset(last, 0, (size_t)(top - last));
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
	co->fiber = NULL;
	co->valgrind_id = segue__annotate_stack(memory, size);
	co->ops = NULL;
	co->resumer = NULL; /* on a slab it is from the first; who resumes it looks before it writes */
	pthread_mutex_lock(&segue__stacks.lock);
	co->previous = NULL;
	co->next = segue__stacks.placed;
	if (segue__stacks.placed)
		segue__stacks.placed->previous = co;
	segue__stacks.placed = co;
	segue__stacks.places++;
	pthread_mutex_unlock(&segue__stacks.lock);
	return co;
}

/* ---- The registry ------------------------------------------------------------------------------------------------ */

static bool is_live(const segue_coroutine *co)
{
	return __atomic_load_n(&co->ops, __ATOMIC_RELAXED) != NULL;
}

static int foreach_in_slab(struct slab *s, int (*fn)(segue_coroutine *co, void *arg), void *arg)
{
	int stop = 0;

	for (uint32_t i = 0; i < s->carved && !stop; i++) {
		segue_coroutine *co = object_of_slot(s, i);

		if (is_live(co))
			stop = fn(co, arg);
	}
	return stop;
}

int segue__stack_foreach(int (*fn)(segue_coroutine *co, void *arg), void *arg)
{
	int stop = 0;

	pthread_mutex_lock(&segue__stacks.lock);
	for (size_t i = 0; i < CLASSES && !stop; i++)
		for (struct slab *s = segue__classes[i].slabs; s && !stop; s = s->next)
			stop = foreach_in_slab(s, fn, arg);
	for (segue_coroutine *co = segue__stacks.allocated; co && !stop; co = co->previous)
		if (is_live(co))
			stop = fn(co, arg);
	for (segue_coroutine *co = segue__stacks.placed; co && !stop; co = co->next)
		if (is_live(co))
			stop = fn(co, arg);
	pthread_mutex_unlock(&segue__stacks.lock);
	return stop;
}
