/* How much of a stack was touched, and the statistics of that by code. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmocka_headers.h"
#include "segue.h"

enum { ROUNDS = 200, THREADS = 2 };

static size_t page;

/* ---- What fails ------------------------------------------------------------------------------------------------- */

static int no_mincore, no_calloc;
int __real_mincore(void *p, size_t size, unsigned char *there);
void *__real_calloc(size_t n, size_t size);

int __wrap_mincore(void *p, size_t size, unsigned char *there);
int __wrap_mincore(void *p, size_t size, unsigned char *there)
{
	if (!no_mincore)
		return __real_mincore(p, size, there);
	errno = ENOSYS;
	return -1;
}

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_calloc ? NULL : __real_calloc(n, size);
}

/* ---- One -------------------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) void touch(size_t size)
{
	volatile unsigned char *p = __builtin_alloca(size);

	for (size_t i = size; i >= 512; i -= 512)
		p[i - 512] = 1;
}

/* Touches as many bytes as it is sent, and yields its own figure. */
static segue_result touch_as_asked(void *unused)
{
	(void)unused;
	for (;;) {
		size_t figure = segue_stack_high_water(segue_current());
		touch((size_t)SEGUE_TRY(segue_yield((void *)figure)));
	}
}

static segue_coroutine *fresh(size_t stack_size)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack_size = stack_size;
	return segue_coroutine_new_with(touch_as_asked, NULL, &attr);
}

/* All of it, and no more than some frames besides. */
static void check_figure(const segue_coroutine *co, size_t touched)
{
	size_t figure = segue_stack_high_water(co);

	assert_int_equal(figure % page, 0);
	assert_in_range(figure, touched, touched + 2 * page + 4096);
	assert_int_equal(segue_stack_high_water(co), figure);
}

static void what_was_touched_counts_and_asking_touches_nothing(void **state)
{
	const size_t sizes[] = { 20000, 100000, 5000, 1200000, 1900000, 100000 };
	segue_coroutine *co = fresh(4 << 20);
	size_t most = 0, seen_inside;

	(void)state;
	check_figure(co, 0);
	segue_send(co, NULL);
	check_figure(co, 0);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (sizes[i] > most)
			most = sizes[i];
		seen_inside = (size_t)segue_send(co, (void *)sizes[i]).value;
		assert_int_equal(seen_inside, segue_stack_high_water(co));
		check_figure(co, most);
	}
	segue_unref(co);
}

static void a_pooled_stack_keeps_the_figure(void **state)
{
	segue_coroutine *co = fresh(2 << 20), *next;
	const void *stack = co;

	(void)state;
	segue_send(co, NULL);
	segue_send(co, (void *)100000);
	segue_unref(co);
	next = fresh(2 << 20);
	if (next == stack) /* not under Valgrind, where stacks come round later */
		check_figure(next, 100000);
	segue_unref(next);
}

static void on_the_users_memory(void **state)
{
	size_t size = 64 * page;
	segue_attr attr = SEGUE_ATTR_INIT;

	(void)state;
	for (size_t skew = 0; skew <= 1000; skew += 1000) {
		unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		segue_coroutine *co;

		assert_ptr_not_equal(memory, MAP_FAILED);
		madvise(memory, size, MADV_NOHUGEPAGE);
		attr.stack = memory + skew;
		attr.stack_size = size - 2 * skew;
		co = segue_coroutine_new_with(touch_as_asked, NULL, &attr);
		segue_send(co, NULL);
		assert_in_range(segue_stack_high_water(co), 1, 3 * page);
		segue_send(co, (void *)(32 * page));
		assert_in_range(segue_stack_high_water(co), 32 * page, 36 * page);
		memory[page + 1] = 1; /* with a skew, that is the first whole page */
		assert_int_equal(segue_stack_high_water(co), skew ? attr.stack_size : size - page);
		segue_unref(co);
		munmap(memory, size);
	}
}

/* Inside one page there is nothing to tell. */
static void on_memory_without_a_whole_page(void **state)
{
	static unsigned char memory[SEGUE_STACK_MIN];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	(void)state;
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	co = segue_coroutine_new_with(touch_as_asked, NULL, &attr);
	segue_send(co, NULL);
	assert_in_range(segue_stack_high_water(co), 1, sizeof memory);
	segue_unref(co);
}

static void errors_are_told(void **state)
{
	segue_coroutine *co = fresh(SEGUE_STACK_DEFAULT);

	(void)state;
	errno = 0;
	assert_int_equal(segue_stack_high_water(NULL), 0);
	assert_int_equal(errno, EINVAL);
	no_mincore = 1;
	assert_int_equal(segue_stack_high_water(co), 0);
	no_mincore = 0;
	assert_int_equal(errno, ENOSYS);
	segue_unref(co);
}

/* ---- By code ---------------------------------------------------------------------------------------------------- */

static segue_result touch_and_end(void *size)
{
	touch((size_t)size);
	return segue_value(NULL);
}

static SEGUE_ASYNC(touch_in_async, (size_t, size))
{
	touch(size);
	return segue_yield(NULL);
}

static segue_result touch_and_ignore_close(void *size)
{
	touch((size_t)size);
	while (segue_yield(NULL).raised != &segue_ValueError)
		;
	return segue_value(NULL);
}

static segue_result touch_on_threads(void *size)
{
	touch((size_t)size);
	return segue_value(NULL);
}

static segue_stack_use found;

static int take_if(const segue_stack_use *use, void *entry)
{
	if ((void *)use->code.entry != entry)
		return 0;
	found = *use;
	return 7;
}

/* What was noted of a body, or zeros. */
static void look_up(segue_body *body)
{
	memset(&found, 0, sizeof found);
	if (segue_stack_usage(take_if, (void *)body))
		assert_true(found.count > 0);
}

static int stop_at_once(const segue_stack_use *use, void *calls)
{
	(void)use;
	return ++*(int *)calls;
}

static void run_one(size_t size)
{
	segue_coroutine *co = segue_coroutine_new(touch_and_end, (void *)size);

	segue_send(co, NULL);
	segue_unref(co);
}

static void check_advice(void)
{
	assert_true(found.advised >= SEGUE_STACK_MIN && found.advised >= found.largest + found.largest / 2);
	assert_true((found.advised & (found.advised - 1)) == 0);
	assert_true(found.advised == SEGUE_STACK_MIN || found.advised < 2 * (found.largest + found.largest / 2) + 2 * 16384);
}

static void each_that_ends_is_noted_by_its_code(void **state)
{
	int calls = 0;

	(void)state;
	run_one(40000);
	look_up(touch_and_end);
	assert_int_equal(found.count, 0); /* off */
	assert_int_equal(segue_set_stack_statistics(1), 0);
	assert_int_equal(segue_set_stack_statistics(1), 1);
	segue_unref(touch_in_async(100));
	run_one(50000);
	for (int i = 0; i < 3; i++)
		run_one(20000);
	run_one(0);
	assert_int_equal(segue_set_stack_statistics(0), 1);
	run_one(60000);
	look_up(touch_and_end);
	assert_int_equal(found.count, 5);
	assert_in_range(found.largest, 50000, 50000 + 2 * page + 4096);
	assert_in_range(found.median, 20000, 20000 + 2 * page + 8192);
	assert_string_equal(found.code.name, "touch_and_end");
	assert_null(found.code.file);
	check_advice();
	assert_int_equal(segue_stack_usage(stop_at_once, &calls), 1);
	assert_int_equal(calls, 1);
}

/* Whatever was on that stack before. */
static void the_figures_are_their_own(void **state)
{
	segue_coroutine *co = segue_coroutine_new(touch_on_threads, (void *)60000);

	(void)state;
	segue_send(co, NULL);
	segue_unref(co);
	segue_set_stack_statistics(1);
	co = segue_coroutine_new(touch_on_threads, (void *)100);
	segue_send(co, NULL);
	segue_set_stack_statistics(0);
	check_figure(co, 100);
	segue_unref(co);
	look_up(touch_on_threads);
	assert_in_range(found.largest, page, 2 * page);
}

static void however_it_ends(void **state)
{
	segue_coroutine *co;

	(void)state;
	segue_set_stack_statistics(1);
	co = touch_in_async(30000);
	segue_send(co, NULL);
	segue_unref(co); /* closed */
	co = segue_coroutine_new(touch_and_ignore_close, (void *)30000);
	segue_send(co, NULL);
	segue_unref(co); /* abandoned */
	segue_unref(segue_coroutine_new(touch_and_ignore_close, NULL)); /* never ran */
	segue_set_stack_statistics(0);
	look_up(touch_and_ignore_close);
	assert_int_equal(found.count, 1);
	assert_in_range(found.largest, 30000, 30000 + 2 * page + 4096);
	look_up(segue_run_touch_in_async);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.code.name, "touch_in_async");
	assert_string_equal(found.code.file, __FILE__);
}

static segue_result nothing_to_note(void *arg)
{
	return segue_value(arg);
}

static void what_cannot_be_noted_runs_all_the_same(void **state)
{
	static unsigned char memory[SEGUE_STACK_MIN];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co[3];

	(void)state;
	segue_set_stack_statistics(1);
	no_calloc = 1;
	co[0] = segue_coroutine_new(nothing_to_note, NULL);
	no_calloc = 0;
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	co[1] = segue_coroutine_new_with(nothing_to_note, NULL, &attr);
	co[2] = segue_coroutine_new(nothing_to_note, NULL);
	segue_set_stack_statistics(0);
	no_mincore = 1;
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(segue_send(co[i], NULL).raised, &segue_StopIteration);
		segue_unref(co[i]);
	}
	no_mincore = 0;
	look_up(nothing_to_note);
	assert_int_equal(found.count, 0);
}

static void *run_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		segue_coroutine *co = segue_coroutine_new(touch_on_threads, (void *)(i % 2 ? 20000 : (size_t)100));
		segue_send(co, NULL);
		segue_unref(co);
	}
	return NULL;
}

static void on_many_threads(void **state)
{
	pthread_t threads[THREADS];
	size_t before;

	(void)state;
	look_up(touch_on_threads);
	before = found.count;
	segue_set_stack_statistics(1);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	segue_set_stack_statistics(0);
	look_up(touch_on_threads);
	assert_int_equal(found.count - before, THREADS * ROUNDS);
	assert_in_range(found.largest, 20000, 20000 + 2 * page + 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_touched_counts_and_asking_touches_nothing),
		cmocka_unit_test(a_pooled_stack_keeps_the_figure),
		cmocka_unit_test(on_the_users_memory),
		cmocka_unit_test(on_memory_without_a_whole_page),
		cmocka_unit_test(errors_are_told),
		cmocka_unit_test(each_that_ends_is_noted_by_its_code),
		cmocka_unit_test(the_figures_are_their_own),
		cmocka_unit_test(however_it_ends),
		cmocka_unit_test(what_cannot_be_noted_runs_all_the_same),
		cmocka_unit_test(on_many_threads),
	};

	page = (size_t)sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
