/* How much there is of stacks, how much there may be, and what creation fails for. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "annotate.h"
#include "guard.h"
#include "stack.h"

/* ---- Statistics ------------------------------------------------------------------------------------------------- */

enum { PAGES_AT_ONCE = 512 };

/* Asked in parts of 512 pages of 4 KiB, whatever a page is: an emulator of larger ones may pass the question on as it is, and is
   answered about pages of 4 KiB. */
static size_t resident_bytes(unsigned char *p, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), part = (size_t)PAGES_AT_ONCE * 4096;
	unsigned char in[PAGES_AT_ONCE];
	size_t pages = 0;

	for (size_t n; size > 0; p += n, size -= n) {
		n = size < part ? size : part;
		if (mincore(p, n, in))
			continue;
		for (size_t i = 0; i < n / page; i++)
			pages += in[i] & 1;
	}
	return pages * page;
}

/* Slabs are only ever added in front, and stay. */
static size_t resident_slabs(struct slab *s)
{
	size_t bytes = 0;

	for (; s; s = s->next)
		bytes += resident_bytes((unsigned char *)s, (size_t)(segue__slot(s, __atomic_load_n(&s->carved, __ATOMIC_RELAXED)) - (unsigned char *)s));
	return bytes;
}

static void count(segue_stacks *s, struct slab *slabs[CLASSES])
{
	size_t of_threads;

	pthread_mutex_lock(&segue__stacks.lock);
	of_threads = segue__stacks_of_threads();
	s->live = segue__stacks.outside - of_threads;
	s->pooled = segue__stacks.made - s->live;
	s->most_live = segue__stacks.most_outside;
	s->placed = segue__stacks.places;
	s->mappings = segue__guard_mappings();
	s->reserved = segue__stacks.allocated_bytes;
	for (size_t i = 0; i < CLASSES; i++) {
		slabs[i] = segue__classes[i].slabs;
		for (struct slab *slab = slabs[i]; slab; slab = slab->next) {
			s->mappings++;
			s->reserved += slab->mapped;
			s->pooled -= slab->trimmed;
			s->trimmed += slab->trimmed;
		}
	}
	pthread_mutex_unlock(&segue__stacks.lock);
}

void segue_stack_statistics(segue_stacks *s, size_t size)
{
	segue_stacks full = { 0 };
	struct slab *slabs[CLASSES];

	count(&full, slabs);
	for (size_t i = 0; i < CLASSES && size >= sizeof full; i++)
		full.resident += resident_slabs(slabs[i]);
	memcpy(s, &full, size < sizeof full ? size : sizeof full);
	if (size > sizeof full)
		memset((unsigned char *)s + sizeof full, 0, size - sizeof full);
	segue__annotate_defined(s, size);
}

/* ---- The limit -------------------------------------------------------------------------------------------------- */

size_t segue_stack_limit(size_t most)
{
	size_t before;

	pthread_mutex_lock(&segue__stacks.lock);
	before = segue__stacks.limit;
	segue__stacks.limit = most;
	if (segue__stacks.outside > most)
		segue__stacks_share();
	pthread_mutex_unlock(&segue__stacks.lock);
	return before;
}

/* ---- Trimming --------------------------------------------------------------------------------------------------- */

enum { STACKS_AT_ONCE = 64 }; /* so that other threads wait no longer than that for the lock */

/* Up to so many of a class; 0: there are no more. */
static size_t trim(struct stack_class *class)
{
	size_t n;

	for (n = 0; n < STACKS_AT_ONCE && class->shared; n++) {
		segue_coroutine *co = class->shared, *next = co->next;
		if (!segue__stack_empty(co))
			break;
		class->shared = next;
	}
	return n;
}

enum { TO_RELEASE = UINT8_MAX }; /* as the kind of one in a pool */

static void release(segue_coroutine *co)
{
	const struct stack_class *class = co->class;
	unsigned char *stack = co->stack;

	segue__drop_fiber(co);
	segue__annotate_no_stack(stack, class->stack_size, co->valgrind_id);
	segue__annotate_taken(stack, class->stack_size);
	segue__stacks.allocated_bytes -= class->guard_size + class->stack_size;
	segue__stacks.made--;
	segue__annotate_call(3);
	segue__stacks.allocator.release(stack - class->guard_size, class->stack_size, class->guard_size);
}

/* An allocator's: those in shared pools, found in the list of all. */
static size_t release_shared(void)
{
	segue_coroutine *co, **link = &segue__stacks.allocated;
	size_t n = 0;

	for (size_t i = 0; i < CLASSES; i++) {
		for (co = segue__classes[i].shared; co; co = co->next)
			co->kind = TO_RELEASE;
		segue__classes[i].shared = NULL;
	}
	while ((co = *link)) {
		if (co->kind != TO_RELEASE) {
			link = &co->previous;
			continue;
		}
		*link = co->previous;
		release(co);
		n++;
	}
	return n;
}

size_t segue_stack_trim(void)
{
	size_t n, all = 0;

	pthread_mutex_lock(&segue__stacks.lock);
	segue__stacks_share();
	if (segue__stacks.allocator.release)
		all = release_shared();
	for (size_t i = 0; i < CLASSES; i++)
		for (n = STACKS_AT_ONCE; n == STACKS_AT_ONCE;) {
			n = trim(&segue__classes[i]);
			all += n;
			pthread_mutex_unlock(&segue__stacks.lock);
			pthread_mutex_lock(&segue__stacks.lock);
		}
	pthread_mutex_unlock(&segue__stacks.lock);
	return all;
}

/* ---- The allocator ---------------------------------------------------------------------------------------------- */

int segue_set_stack_allocator(const segue_stack_allocator *allocator)
{
	int error = 0;

	if (allocator && (allocator->size != sizeof *allocator || !allocator->allocate || !allocator->release))
		error = EINVAL;
	pthread_mutex_lock(&segue__stacks.lock);
	if (!error && segue__stacks.made > 0)
		error = EBUSY;
	if (!error)
		segue__stacks.allocator = allocator ? *allocator : (segue_stack_allocator){ 0 };
	pthread_mutex_unlock(&segue__stacks.lock);
	if (error)
		errno = error;
	return error ? -1 : 0;
}

/* ---- What was short ----------------------------------------------------------------------------------------------- */

const char *segue_strerror(int error)
{
	switch (error) {
	case EINVAL:
		return "a size, kind or flag that makes no sense, or no body: see segue_attr";
	case E2BIG:
		return "the attributes are of a later library and ask for what this one does not know, or the arguments fill more than a "
		       "quarter of the stack: update segue, or pass a pointer";
	case ENOMEM:
		return "no addresses or no memory for one more stack: raise RLIMIT_AS (ulimit -v), or have fewer or smaller stacks";
	case ENOBUFS:
		return "no more memory may be promised or locked for stacks: raise RLIMIT_DATA or RLIMIT_MEMLOCK, or the share that "
		       "vm.overcommit_memory=2 leaves, or have fewer or smaller stacks";
	case EAGAIN:
		return "no more mappings for stacks and their guards: raise vm.max_map_count, use Linux 6.13 or newer, whose guards need "
		       "none, or have fewer coroutines at once";
	case EDQUOT:
		return "as many stacks live as segue_stack_limit() allows: raise it, or wait for some to end";
	case ENOSPC:
		return "this processor's signal frame does not fit so small a stack: ask for a larger one";
	case EMFILE:
		return "more than 64 pairs of stack and guard size: use fewer";
	default:
		return "no error that creating a coroutine fails with";
	}
}
