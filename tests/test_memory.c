/* Memory that others bring: coroutines in place, for which nothing is allocated, and an embedder's allocator. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmocka_headers.h"
#include "sanitized.h"
#include "segue.h"

/* ---- Whoever allocates comes by here, by the linker's --wrap; where glibc is shared, its own functions, too ------------- */

#if defined __GLIBC__ && !ON_ASAN && !ON_TSAN && !ON_MSAN /* which have their own */
#define OWN_MALLOC 1
#define REAL(function) __libc_##function
#else
#define OWN_MALLOC 0
#define REAL(function) __real_##function
#endif

static volatile bool counting; /* volatile: compilers know that malloc() looks at nothing of ours */
static volatile int allocations;

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations += counting;
	return REAL(malloc)(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations += counting;
	return REAL(calloc)(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations += counting;
	return REAL(realloc)(p, size);
}

#if OWN_MALLOC /* weak: a program that is linked statically has glibc's */
__attribute__((weak)) void *malloc(size_t size)
{
	return __wrap_malloc(size);
}

__attribute__((weak)) void *calloc(size_t n, size_t size)
{
	return __wrap_calloc(n, size);
}

__attribute__((weak)) void *realloc(void *p, size_t size)
{
	return __wrap_realloc(p, size);
}
#endif

void *__real_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset)
{
	allocations += counting;
	return __real_mmap(p, size, protection, flags, fd, offset);
}

int __real_mprotect(void *p, size_t size, int protection);
int __wrap_mprotect(void *p, size_t size, int protection);
int __wrap_mprotect(void *p, size_t size, int protection)
{
	allocations += counting;
	return __real_mprotect(p, size, protection);
}

int __real_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice)
{
	allocations += counting;
	return __real_madvise(p, size, advice);
}

/* Once in a process; musl allocates there. */
int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	bool counted = counting;
	int error;

	counting = false;
	error = __real_pthread_atfork(prepare, parent, child);
	counting = counted;
	return error;
}

/* ---- In place --------------------------------------------------------------------------------------------------- */

static unsigned char array[SEGUE_STACK_MIN], arena[3 * SEGUE_STACK_MIN + 1];

static segue_result echo(void *arg)
{
	for (;;)
		arg = SEGUE_TRY(segue_yield(arg));
}

static segue_coroutine *make_in(void *memory, segue_body *body, void *arg, uint32_t kind)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack = memory;
	attr.stack_size = SEGUE_STACK_MIN;
	attr.name = "in place";
	attr.kind = kind;
	attr.flags = SEGUE_OWN_FENV;
	return segue_coroutine_new_with(body, arg, &attr);
}

static segue_result await_another(void *memory)
{
	return segue_await(make_in(memory, echo, NULL, SEGUE_KIND_COROUTINE));
}

/* Every operation, on a static array and on pieces of an arena of any alignment. Returns how many went wrong. */
static int live_in_place(void)
{
	segue_coroutine *generator = make_in(array, echo, array, SEGUE_KIND_GENERATOR), *outer, *unstarted;
	segue_stacks s;
	int wrong = !generator;

	wrong += segue_send(generator, NULL).value != array || segue_send(generator, arena).value != arena;
	wrong += segue_throw(generator, &segue_ValueError, NULL).raised != &segue_ValueError;
	outer = make_in(arena + 1, await_another, arena + 1 + SEGUE_STACK_MIN, SEGUE_KIND_COROUTINE);
	wrong += segue_send(outer, NULL).raised || segue_send(outer, array).value != array;
	unstarted = make_in(arena + 1 + 2 * SEGUE_STACK_MIN, echo, NULL, SEGUE_KIND_COROUTINE);
	segue_stack_statistics(&s, sizeof s);
	wrong += s.placed != 4 || s.live + s.reserved != 0;
	wrong += segue_close(outer).raised != NULL;
	segue_unref(generator);
	segue_unref(outer);
	segue_unref(unstarted);
	return wrong;
}

/* The first test, so that what the library does once in a process is among it. */
static void in_place_nothing_is_allocated(void **state)
{
	int wrong = 0;
	segue_key key;

	(void)state;
	if (ON_ASAN || ON_TSAN || ON_MSAN)
		skip();
	assert_int_equal(segue_key_create(&key, NULL), 0);
	counting = true;
	for (int i = 0; i < 3; i++)
		wrong += live_in_place();
	counting = false;
	assert_int_equal(wrong, 0);
	assert_int_equal(allocations, 0);
	counting = true;
	wrong = segue_set_local(key, array); /* what allocates is seen */
	counting = false;
	assert_int_equal(wrong, 0);
	segue_key_delete(key);
	assert_true(allocations > 0);
}

/* ---- An allocator ----------------------------------------------------------------------------------------------- */

enum { MANY = 100 };

static struct {
	int allocated, released, wrong, at_most;
} given;

static void *allocate(size_t stack_size, size_t guard_size)
{
	unsigned char *p;

	if (given.allocated - given.released == given.at_most) {
		errno = EDOM;
		return NULL;
	}
	p = mmap(NULL, guard_size + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p, guard_size, PROT_NONE))
		abort();
	given.allocated++;
	return p;
}

static void release(void *memory, size_t stack_size, size_t guard_size)
{
	memset((unsigned char *)memory + guard_size, 0, stack_size);
	given.wrong += munmap(memory, guard_size + stack_size);
	given.released++;
}

static segue_stack_allocator allocator = { sizeof allocator, allocate, release };
static segue_coroutine *many[MANY];

static void make_many(void)
{
	for (int i = 0; i < MANY; i++) {
		many[i] = segue_coroutine_new(echo, &many[i]);
		assert_ptr_equal(segue_send(many[i], NULL).value, &many[i]);
	}
}

static void drop_many(int from)
{
	for (int i = from; i < MANY; i++)
		segue_unref(many[i]);
}

static void an_allocators_stacks_are_pooled_and_released_by_trim(void **state)
{
	segue_stacks s;

	(void)state;
	given.at_most = MANY;
	assert_int_equal(segue_set_stack_allocator(&allocator), 0);
	for (int round = 1; round <= 3; round++) {
		make_many();
		drop_many(0);
		make_many();
		assert_int_equal(given.allocated, round * MANY - round + 1);
		segue_stack_statistics(&s, sizeof s);
		assert_int_equal(s.live, MANY);
		assert_true(s.reserved >= MANY * (size_t)SEGUE_STACK_DEFAULT);
		errno = 0;
		assert_null(segue_coroutine_new(echo, NULL));
		assert_int_equal(errno, EDOM);
		drop_many(1);
		assert_int_equal(segue_stack_trim(), MANY - 1);
		assert_int_equal(given.released, round * (MANY - 1));
		assert_ptr_equal(segue_send(many[0], many).value, many); /* what lives was not released */
		segue_unref(many[0]);
	}
	segue_stack_trim();
	assert_int_equal(given.released, given.allocated);
	assert_int_equal(given.wrong, 0);
	segue_stack_statistics(&s, sizeof s);
	assert_int_equal(s.live + s.pooled + s.trimmed + s.reserved, 0);
}

static void an_allocator_is_set_before_there_is_a_stack(void **state)
{
	segue_stack_allocator wrong = allocator;
	segue_coroutine *co;

	(void)state;
	errno = 0;
	wrong.release = NULL;
	assert_int_equal(segue_set_stack_allocator(&wrong), -1);
	assert_int_equal(errno, EINVAL);
	wrong = allocator;
	wrong.size = 1;
	assert_int_equal(segue_set_stack_allocator(&wrong), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(segue_set_stack_allocator(NULL), 0); /* the library's own again: none of the other's are left */
	co = segue_coroutine_new(echo, NULL);
	assert_non_null(co);
	assert_int_equal(given.allocated, given.released);
	assert_int_equal(segue_set_stack_allocator(&allocator), -1);
	assert_int_equal(errno, EBUSY);
	segue_unref(co);
	assert_int_equal(segue_set_stack_allocator(&allocator), -1);
	assert_int_equal(errno, EBUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_place_nothing_is_allocated),
		cmocka_unit_test(an_allocators_stacks_are_pooled_and_released_by_trim),
		cmocka_unit_test(an_allocator_is_set_before_there_is_a_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
