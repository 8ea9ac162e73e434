/* How much of its stack a coroutine touched, and statistics of that by code.
 *
 * The table of codes only ever grows, and all in it is atomic, so that it needs no lock: coroutines end on any thread.
 */
#define _GNU_SOURCE
#include "high_water.h"
#include "annotate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum {
	CHUNK = 1 << 20,      /* bytes of stack in one question */
	SMALLEST_PAGE = 4096, /* bytes */
	UNSAID = 0xff,        /* no answer of mincore()'s */
	HEADS = 64,           /* of lists of codes */
	FINE = 8,             /* buckets to a power of two */
	BUCKETS = 256,        /* 2^34 pages, less one */
};

/* A histogram: fewer than 2 * FINE pages have a bucket each, more share one among FINE for each power of two. */
struct usage {
	struct usage *next;
	segue_body *body;
	const segue_code *code; /* of the first one seen, or NULL */
	size_t largest;         /* pages */
	uint32_t counts[BUCKETS];
};
static struct usage *heads[HEADS];

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- One stack -------------------------------------------------------------------------------------------------- */

/* The lowest page in [low, high) that is there; high if none; 0 with errno. How many bytes an answer is for is seen by their number: an
   emulator has its own pages, and passes on the kernel's answers about those. */
static uintptr_t lowest_resident(uintptr_t low, uintptr_t high)
{
	unsigned char there[CHUNK / SMALLEST_PAGE];

	for (; low < high; low += CHUNK) {
		size_t size = high - low < CHUNK ? high - low : CHUNK;
		size_t n = 0;

		memset(there, UNSAID, sizeof there);
		if (mincore((void *)low, size, there))
			return 0;
		while (n < sizeof there && there[n] != UNSAID)
			n++;
		for (size_t i = 0; i < n; i++)
			if (there[i] & 1)
				return (low + i * (size / n)) & -page_size();
	}
	return high;
}

/* The user's memory may begin and end inside a page. The object lies in the last one; what is below the first whole one was touched
   if that was, for all that can be known. */
READS_THREAD size_t segue_stack_high_water(const segue_coroutine *co)
{
	size_t page = page_size();
	uintptr_t stack, end, whole, lowest;

	if (!co) {
		errno = EINVAL;
		return 0;
	}
	stack = (uintptr_t)co->stack;
	end = stack + co->stack_size;
	whole = (stack + page - 1) & -page;
	lowest = lowest_resident(whole, end & -page);
	if (!lowest)
		return 0;
	return lowest <= whole ? co->stack_size : end - lowest;
}

/* ---- By code ---------------------------------------------------------------------------------------------------- */

static struct usage **head_of(segue_body *body)
{
	return &heads[(uintptr_t)body / 16 % HEADS];
}

static struct usage *find(struct usage *u, segue_body *body)
{
	while (u && u->body != body)
		u = u->next;
	return u;
}

/* NULL for no memory. */
static struct usage *usage_of(const segue_coroutine *co)
{
	struct usage **head = head_of(co->body);
	struct usage *first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
	struct usage *found = find(first, co->body), *new;

	if (found)
		return found;
	new = calloc(1, sizeof *new);
	if (!new)
		return NULL;
	new->body = co->body;
	new->code = co->code;
	new->next = first;
	while (!__atomic_compare_exchange_n(head, &new->next, new, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		found = find(new->next, co->body);
		if (found) {
			free(new);
			return found;
		}
	}
	return new;
}

void segue__count_from_here(segue_coroutine *co)
{
	uintptr_t used = (uintptr_t)contexts_of(co)->own.sp & -page_size();

	if (!co->class || !usage_of(co))
		return;
	(void)madvise(co->stack, used - (uintptr_t)co->stack, MADV_DONTNEED); /* locked memory stays */
	co->extras |= EXTRA_COUNTED;
}

static size_t bucket_of(size_t pages)
{
	size_t power = 0;

	while (pages >> power >= 2 * FINE)
		power++;
	return power * FINE + (pages >> power);
}

/* The most pages that are counted there. */
static size_t most_in(size_t bucket)
{
	size_t power = bucket < 2 * FINE ? 0 : bucket / FINE - 1;

	return ((bucket - power * FINE + 1) << power) - 1;
}

void segue__count(segue_coroutine *co)
{
	struct usage *u = usage_of(co);
	size_t pages = segue_stack_high_water(co) / page_size();
	size_t largest = __atomic_load_n(&u->largest, __ATOMIC_RELAXED);

	co->extras &= (uint8_t)~EXTRA_COUNTED;
	if (pages == 0)
		return;
	while (pages > largest && !__atomic_compare_exchange_n(&u->largest, &largest, pages, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	__atomic_fetch_add(&u->counts[bucket_of(pages)], 1, __ATOMIC_RELEASE);
}

int segue_set_stack_statistics(int on)
{
	return segue__want(WANT_COUNT, on ? WANT_COUNT : 0) != 0;
}

/* ---- The report ------------------------------------------------------------------------------------------------- */

static size_t advise(size_t largest)
{
	size_t signal_frame = getauxval(AT_MINSIGSTKSZ);
	size_t wanted = largest + (largest / 2 > signal_frame ? largest / 2 : signal_frame);
	size_t size = SEGUE_STACK_MIN;

	while (size < wanted)
		size *= 2;
	return size;
}

/* In pages; of an even number the larger one. */
static size_t median(const uint32_t counts[BUCKETS], size_t count)
{
	size_t bucket = 0;

	for (size_t below = counts[0]; below <= count / 2; below += counts[bucket])
		bucket++;
	return most_in(bucket);
}

static void fill(segue_stack_use *use, const struct usage *u)
{
	uint32_t counts[BUCKETS];
	size_t most;

	memset(use, 0, sizeof *use);
	for (size_t i = 0; i < BUCKETS; i++)
		use->count += counts[i] = __atomic_load_n(&u->counts[i], __ATOMIC_ACQUIRE);
	if (use->count == 0)
		return;
	use->code.entry = u->body;
	use->code.name = u->code ? u->code->name : NULL;
	if (u->code && !u->code->made_here) {
		use->code.file = u->code->site.file;
		use->code.line = u->code->site.line;
	}
	use->largest = __atomic_load_n(&u->largest, __ATOMIC_RELAXED) * page_size();
	most = median(counts, use->count) * page_size();
	use->median = most < use->largest ? most : use->largest;
	use->advised = advise(use->largest);
}

int segue_stack_usage(int (*report)(const segue_stack_use *use, void *arg), void *arg)
{
	segue_stack_use use;
	int stop = 0;

	for (size_t i = 0; i < HEADS; i++)
		for (const struct usage *u = __atomic_load_n(&heads[i], __ATOMIC_ACQUIRE); u && !stop; u = u->next) {
			fill(&use, u);
			if (use.count == 0)
				continue;
			segue__annotate_defined(&use, sizeof use);
			segue__annotate_call(2);
			stop = report(&use, arg);
		}
	return stop;
}
