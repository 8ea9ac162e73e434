/* How much there is of stacks, how much there may be, and what happens where there is no more. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../src/coroutine.h"
#include "cmocka_headers.h"
#include "process.h"
#include "sanitized.h"

enum { MANY = 300, EACH = 10, TOUCHED = 4 };

static segue_coroutine *many[MANY];
static size_t page;

/* Touches some pages of its stack. */
static segue_result touch(void *arg)
{
	segue_coroutine *self = segue_current();

	for (size_t i = 2; i <= TOUCHED + 1 && i * page < self->stack_size; i++) {
		volatile unsigned char *p = self->stack + self->stack_size - i * page;
		VALGRIND_MAKE_MEM_UNDEFINED(p, 1); /* below the stack pointer */
		*p = 1;
	}
	for (;;)
		arg = SEGUE_TRY(segue_yield(arg));
}

static int make_many(int n)
{
	int made;

	for (made = 0; made < n; made++) {
		many[made] = segue_coroutine_new(touch, NULL);
		if (!many[made] || segue_send(many[made], NULL).raised)
			break;
	}
	return made;
}

static void drop_many(int n)
{
	while (n > 0)
		segue_unref(many[--n]);
}

static segue_stacks now(void)
{
	segue_stacks s;

	segue_stack_statistics(&s, sizeof s);
	return s;
}

/* ---- Statistics ------------------------------------------------------------------------------------------------- */

/* The first test: nothing was made yet. */
static void what_lives_is_counted(void **state)
{
	segue_stacks s = now();

	(void)state;
	assert_int_equal(s.live + s.pooled + s.trimmed + s.most_live + s.placed + s.mappings + s.reserved + s.resident, 0);
	assert_int_equal(make_many(MANY), MANY);
	s = now();
	assert_int_equal(s.live, MANY);
	assert_int_equal(s.pooled, 0);
	assert_int_equal(s.most_live, MANY);
	assert_true(s.mappings > 0 && s.reserved > MANY * (size_t)SEGUE_STACK_DEFAULT);
	drop_many(MANY - EACH);
	for (int i = 0; i < EACH; i++)
		many[i] = many[MANY - EACH + i];
	s = now();
	assert_int_equal(s.live, EACH);
	assert_int_equal(s.pooled, MANY - EACH);
	assert_int_equal(s.most_live, MANY);
	drop_many(EACH);
	assert_int_equal(make_many(MANY), MANY);
	assert_int_equal(now().most_live, MANY);
	drop_many(MANY);
	s = now();
	assert_int_equal(s.live, 0);
	assert_int_equal(s.pooled, MANY);
}

static void what_lives_in_the_users_memory_is_counted_apart(void **state)
{
	static unsigned char memory[SEGUE_STACK_MIN];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_stacks before = now(), s;
	segue_coroutine *co;

	(void)state;
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	co = segue_coroutine_new_with(touch, NULL, &attr);
	s = now();
	assert_int_equal(s.placed, 1);
	assert_int_equal(s.live, before.live);
	segue_unref(co);
	assert_int_equal(now().placed, 0);
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int waiting, go;
} meeting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 };

static void meet(void)
{
	pthread_mutex_lock(&meeting.lock);
	meeting.waiting++;
	pthread_cond_broadcast(&meeting.changed);
	while (!meeting.go)
		pthread_cond_wait(&meeting.changed, &meeting.lock);
	pthread_mutex_unlock(&meeting.lock);
}

static void *pool_some(void *keep)
{
	segue_coroutine *own[EACH];

	for (int i = 0; i < EACH; i++)
		own[i] = segue_coroutine_new(touch, NULL);
	for (int i = 0; i < EACH && !keep; i++)
		segue_unref(own[i]);
	meet();
	for (int i = 0; i < EACH && keep; i++)
		segue_unref(own[i]);
	return NULL;
}

/* Starts it, and waits until it waits. */
static pthread_t start_pooling(void *keep)
{
	pthread_t thread;

	meeting.waiting = meeting.go = 0;
	assert_int_equal(pthread_create(&thread, NULL, pool_some, keep), 0);
	pthread_mutex_lock(&meeting.lock);
	while (!meeting.waiting)
		pthread_cond_wait(&meeting.changed, &meeting.lock);
	pthread_mutex_unlock(&meeting.lock);
	return thread;
}

static void end_pooling(pthread_t thread)
{
	pthread_mutex_lock(&meeting.lock);
	meeting.go = 1;
	pthread_cond_broadcast(&meeting.changed);
	pthread_mutex_unlock(&meeting.lock);
	pthread_join(thread, NULL);
}

static void other_threads_are_counted(void **state)
{
	segue_stacks before = now(), s;
	pthread_t thread;

	(void)state;
	thread = start_pooling(NULL);
	s = now();
	assert_int_equal(s.live, before.live);
	assert_int_equal(s.live + s.pooled, before.live + before.pooled);
	end_pooling(thread);
	thread = start_pooling(&thread);
	assert_int_equal(now().live, before.live + EACH);
	end_pooling(thread);
	assert_int_equal(now().live, before.live);
	assert_int_equal(now().pooled, before.pooled);
}

static void a_child_counts_its_own(void **state)
{
	pthread_t thread = start_pooling(NULL);
	segue_stacks before = now();
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		segue_stacks s = now();
		bool right = s.live == before.live && make_many(MANY) == MANY && now().live == before.live + MANY;
		_exit(right && s.pooled == before.pooled - (RUNNING_ON_VALGRIND ? 0 : 32 + 1) ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	end_pooling(thread);
}

static void a_structure_of_another_size_is_filled_as_far_as_it_goes(void **state)
{
	struct {
		segue_stacks known;
		size_t later[2];
	} larger;
	segue_stacks smaller;

	(void)state;
	memset(&larger, 0xff, sizeof larger);
	memset(&smaller, 0xff, sizeof smaller);
	make_many(EACH);
	segue_stack_statistics(&larger.known, sizeof larger);
	assert_int_equal(larger.known.live, EACH);
	assert_int_equal(larger.later[0] + larger.later[1], 0);
	segue_stack_statistics(&smaller, offsetof(segue_stacks, pooled));
	assert_int_equal(smaller.live, EACH);
	assert_int_equal(smaller.pooled, SIZE_MAX);
	drop_many(EACH);
}

/* ---- Trimming --------------------------------------------------------------------------------------------------- */

static bool kernel_takes_pages_back(void)
{
	unsigned char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool does;

	*p = 1;
	does = madvise(p, page, MADV_DONTNEED) == 0 && *(volatile unsigned char *)p == 0;
	munmap(p, page);
	return does;
}

/* Emulators may refuse to look over what is guarded. */
static bool kernel_tells_what_is_resident(void)
{
	unsigned char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), in[64] = { 0 };
	bool does;

	*p = 1;
	does = mprotect(p + page, page, PROT_NONE) == 0 && mincore(p, 3 * page, in) == 0 && in[0] & 1 && !(in[1] & 1) && !(in[2] & 1);
	munmap(p, 3 * page);
	return does;
}

static void resident_bytes_are_those_touched(void **state)
{
	const size_t least = MANY * page, touched = TOUCHED * least;
	segue_stacks s;

	(void)state;
	if (RUNNING_ON_VALGRIND || !kernel_takes_pages_back() || !kernel_tells_what_is_resident()) {
		print_message("mincore() is not this kernel's\n");
		skip();
	}
	segue_stack_trim();
	s = now();
	assert_true(s.resident < least / 2);
	make_many(MANY);
	s = now();
	assert_in_range(s.resident, least + touched, least + touched + least / 2);
	drop_many(MANY);
	assert_in_range(now().resident, least + touched, least + touched + least / 2);
	segue_stack_trim();
	assert_true(now().resident < least / 2);
}

static void what_is_trimmed_is_used_again_behind_its_guard(void **state)
{
	segue_stacks before, s;
	segue_coroutine *kept;

	(void)state;
	make_many(MANY);
	kept = many[0];
	for (int round = 0; round < 3; round++) {
		drop_many(MANY);
		many[0] = kept = segue_coroutine_new(touch, NULL);
		before = now();
		assert_int_equal(segue_stack_trim(), before.pooled);
		s = now();
		assert_int_equal(s.live, 1);
		assert_int_equal(s.pooled, 0);
		assert_int_equal(s.trimmed, before.pooled + before.trimmed);
		assert_int_equal(s.reserved, before.reserved);
		assert_false(segue_send(kept, NULL).raised);
		segue_unref(kept);
		assert_int_equal(make_many(MANY), MANY);
		assert_int_equal(now().reserved, before.reserved);
		for (int i = 0; i < MANY; i++)
			assert_int_equal(is_guarded(many[i]->stack - 1), 1);
	}
	drop_many(MANY);
}

/* ---- The limit -------------------------------------------------------------------------------------------------- */

static void at_the_limit_creation_fails(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *other;

	(void)state;
	make_many(MANY);
	drop_many(MANY);
	assert_int_equal(segue_stack_limit(EACH), SIZE_MAX);
	for (int round = 0; round < 3; round++) {
		errno = 0;
		assert_int_equal(make_many(EACH + 1), EACH);
		assert_int_equal(errno, EDQUOT);
		assert_false(segue_send(many[0], NULL).raised);
		segue_unref(many[0]);
		many[0] = segue_coroutine_new(touch, NULL);
		assert_non_null(many[0]);
		drop_many(EACH);
	}
	attr.stack_size = 2 * SEGUE_STACK_DEFAULT;
	other = segue_coroutine_new_with(touch, NULL, &attr); /* though stacks of another size are in the pool */
	assert_int_equal(make_many(EACH), EACH - 1);
	drop_many(EACH - 1);
	segue_unref(other);
	assert_int_equal(segue_stack_limit(SIZE_MAX), EACH);
	assert_int_equal(make_many(MANY), MANY);
	assert_int_equal(segue_stack_limit(EACH), SIZE_MAX);
	assert_false(segue_send(many[MANY - 1], NULL).raised); /* what lives stays */
	assert_null(segue_coroutine_new(touch, NULL));
	drop_many(MANY);
	segue_stack_limit(SIZE_MAX);
}

/* ---- The system's limits: in a child each -------------------------------------------------------------------------- */

#define CHECK(condition) ((condition) ? (void)0 : end_child(__LINE__))
enum { NOT_ENFORCED = 99 };

static void end_child(int line)
{
	fprintf(stderr, "line %d\n", line);
	_exit(EXIT_FAILURE);
}

static segue_result echo(void *arg)
{
	for (;;)
		arg = SEGUE_TRY(segue_yield(arg));
}

/* As many as there can be, of the least size; then they still work, go, and come again. */
static void make_until(int error, size_t least)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *first = NULL, *co;
	size_t made = 0, before = now().live;

	attr.stack_size = SEGUE_STACK_MIN;
	attr.guard_size = 1;
	errno = 0;
	for (; (co = segue_coroutine_new_with(echo, first, &attr)); first = co, made++)
		CHECK(segue_send(co, NULL).value == first);
	CHECK(errno == error);
	CHECK(made >= least);
	CHECK(now().live == before + made);
	for (; (co = first); made--) {
		first = segue_send(co, co->arg).value;
		CHECK(is_guarded(co->stack - 1) == 1);
		segue_unref(co);
	}
	CHECK(made == 0 && now().live == before);
	CHECK((co = segue_coroutine_new_with(echo, NULL, &attr)) && !segue_send(co, NULL).raised);
	segue_unref(co);
}

static void limit_to(int which, rlim_t more)
{
	struct rlimit limit = { 0, 0 };
	long pages = 0, data = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	CHECK(f && fscanf(f, "%ld %*d %*d %*d %*d %ld", &pages, &data) == 2);
	fclose(f);
	limit.rlim_cur = limit.rlim_max = (rlim_t)(which == RLIMIT_AS ? pages : data) * page + more;
	CHECK(setrlimit(which, &limit) == 0);
	if (mmap(NULL, 2 * more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
		_exit(NOT_ENFORCED);
}

static void run_out_of_addresses(void)
{
	limit_to(RLIMIT_AS, 64 << 20);
	make_until(ENOMEM, 100);
}

static void run_out_of_promises(void)
{
	limit_to(RLIMIT_DATA, 64 << 20);
	make_until(ENOBUFS, 100);
}

/* All but so many mappings; each page of another protection takes two. */
static void use_up_mappings(int leave)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
	long most = 0, i = 0;
	unsigned char *p;

	CHECK(f && fscanf(f, "%ld", &most) == 1);
	fclose(f);
	p = mmap(NULL, (size_t)most * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(p != MAP_FAILED);
	while (i < most / 2 && mprotect(p + 2 * (size_t)i * page, page, PROT_READ) == 0)
		i++;
	for (; leave > 0; leave -= 2)
		CHECK(mprotect(p + 2 * (size_t)--i * page, page, PROT_NONE) == 0);
}

static void run_out_of_mappings_for_guards(void)
{
	setenv("SEGUE_TEST_NO_LIGHT_GUARDS", "1", 1);
	use_up_mappings(2000);
	make_until(EAGAIN, 900);
	CHECK(now().mappings > 1800);
}

static void run_out_of_mappings_for_slabs(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co = segue_coroutine_new(echo, NULL);

	CHECK(co);
	use_up_mappings(0);
	while (mmap(NULL, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		;
	attr.stack_size = 2 * SEGUE_STACK_DEFAULT;
	errno = 0;
	CHECK(!segue_coroutine_new_with(echo, NULL, &attr) && errno == EAGAIN);
	CHECK(!segue_send(co, NULL).raised);
}

static void in_child(void (*what)(void))
{
	int status = -1;
	pid_t child;

	if (RUNNING_ON_VALGRIND || ON_TSAN || ON_MSAN) {
		print_message("Valgrind itself would run out, or a sanitizer\n");
		skip();
	}
	child = fork();
	if (child == 0) {
		what();
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ENFORCED) {
		print_message("this limit does not hold here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void out_of_addresses_is_ENOMEM(void **state)
{
	(void)state;
	in_child(run_out_of_addresses);
}

static void out_of_promised_memory_is_ENOBUFS(void **state)
{
	(void)state;
	in_child(run_out_of_promises);
}

static void out_of_mappings_for_guards_is_EAGAIN(void **state)
{
	(void)state;
	in_child(run_out_of_mappings_for_guards);
}

static void out_of_mappings_for_slabs_is_EAGAIN(void **state)
{
	(void)state;
	in_child(run_out_of_mappings_for_slabs);
}

static void each_error_has_its_sentence(void **state)
{
	static const int errors[] = { EINVAL, E2BIG, ENOMEM, ENOBUFS, EAGAIN, EDQUOT, ENOSPC, EMFILE, 0 };
	const size_t n = sizeof errors / sizeof *errors;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(segue_strerror(errors[i]), segue_strerror(errors[j]));
	assert_non_null(strstr(segue_strerror(ENOMEM), "RLIMIT_AS"));
	assert_non_null(strstr(segue_strerror(EAGAIN), "max_map_count"));
	assert_non_null(strstr(segue_strerror(ENOBUFS), "overcommit"));
	assert_non_null(strstr(segue_strerror(EDQUOT), "segue_stack_limit"));
	assert_string_equal(segue_strerror(EPERM), segue_strerror(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Those in children come while nothing was made: there the library starts */
		cmocka_unit_test(out_of_addresses_is_ENOMEM),
		cmocka_unit_test(out_of_promised_memory_is_ENOBUFS),
		cmocka_unit_test(out_of_mappings_for_guards_is_EAGAIN),
		cmocka_unit_test(out_of_mappings_for_slabs_is_EAGAIN),
		cmocka_unit_test(each_error_has_its_sentence),
		cmocka_unit_test(what_lives_is_counted),
		cmocka_unit_test(what_lives_in_the_users_memory_is_counted_apart),
		cmocka_unit_test(other_threads_are_counted),
		cmocka_unit_test(a_child_counts_its_own),
		cmocka_unit_test(a_structure_of_another_size_is_filled_as_far_as_it_goes),
		cmocka_unit_test(resident_bytes_are_those_touched),
		cmocka_unit_test(what_is_trimmed_is_used_again_behind_its_guard),
		cmocka_unit_test(at_the_limit_creation_fails),
	};

	page = (size_t)sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
