/* Whatever the library asks of the system is refused once, at every place: what lives goes on, errno says why, and nothing
   is lost. Each case is a child process, since the library starts once in a process. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/coroutine.h"
#include "cmocka_headers.h"
#include "process.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* ---- Refusing ----------------------------------------------------------------------------------------------------- */

static struct {
	bool armed;
	bool from_then_on; /* not only that call: all that follow, too */
	long at;           /* 1: the first call */
	bool mmap, light_guards, mprotect; /* these always */
	bool all_but_three;                /* of many guards asked for in a call three are made */
	size_t larger_than;                /* mappings of more bytes, if not 0 */
	unsigned long signal_frame;        /* what AT_MINSIGSTKSZ says, if not 0 */
} refuse;

/* What a child tells its parent, in shared memory. */
static struct report {
	int line;   /* of the first check that failed */
	long calls; /* that could have been refused */
} *report;

static struct region {
	unsigned char *p;
	size_t size;
} regions[1000]; /* what is mapped by the library, and not unmapped */

static bool refused(void)
{
	if (!refuse.armed)
		return false;
	report->calls++;
	return refuse.from_then_on ? report->calls >= refuse.at : report->calls == refuse.at;
}

static int refusal(int error)
{
	errno = error;
	return -1;
}

static void note_region(unsigned char *old, unsigned char *p, size_t size)
{
	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
		if (regions[i].p == old) {
			regions[i].p = p;
			regions[i].size = size;
			return;
		}
}

void *__real_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (refused() || refuse.mmap || (refuse.larger_than && size > refuse.larger_than)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	p = __real_mmap(p, size, protection, flags, fd, offset);
	if (p != MAP_FAILED)
		note_region(NULL, p, size);
	return p;
}

int __real_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size);
int __wrap_munmap(void *p, size_t size)
{
	if (refused())
		return refusal(ENOMEM);
	note_region(p, NULL, 0);
	return __real_munmap(p, size);
}

int __real_mprotect(void *p, size_t size, int protection);
int __wrap_mprotect(void *p, size_t size, int protection);
int __wrap_mprotect(void *p, size_t size, int protection)
{
	return refused() || refuse.mprotect ? refusal(ENOMEM) : __real_mprotect(p, size, protection);
}

int __real_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice)
{
	if (advice == MADV_GUARD_INSTALL && refuse.light_guards)
		return refusal(EINVAL);
	return refused() ? refusal(ENOMEM) : __real_madvise(p, size, advice);
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long args[5];

	FIVE_ARGUMENTS(args, number);
	if (number == SYS_process_madvise) {
		if (refuse.light_guards || refused())
			return refusal(EPERM);
		if (refuse.all_but_three && args[2] > 3)
			args[2] = 3;
	} else if (number == SYS_pidfd_open && refused())
		return refusal(EMFILE);
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4]);
}

unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type)
{
	return type == AT_MINSIGSTKSZ && refuse.signal_frame ? refuse.signal_frame : __real_getauxval(type);
}

int __real_pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
	return refused() ? ENOMEM : __real_pthread_atfork(before, parent, child);
}

int __real_pthread_key_create(pthread_key_t *key, void (*end)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*end)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*end)(void *))
{
	return refused() ? EAGAIN : __real_pthread_key_create(key, end);
}

int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
	return refused() ? ENOMEM : __real_pthread_setspecific(key, value);
}

/* ---- Children --------------------------------------------------------------------------------------------------- */

/* In a child: no assertion of cmocka's, which would go on with the parent's tests. */
#define CHECK(condition) ((condition) ? (void)0 : end_child(__LINE__))

static void end_child(int line)
{
	report->line = line;
	_exit(EXIT_FAILURE);
}

static void in_child(void (*what)(void))
{
	pid_t child;
	int status = -1;

	memset(report, 0, sizeof *report);
	child = fork();
	if (child == 0) {
		what();
		_exit(EXIT_SUCCESS);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	if (report->line)
		fail_msg("line %d, with call %ld refused%s", report->line, refuse.at, refuse.from_then_on ? ", and what followed" : "");
	assert_int_equal(status, 0);
}

/* ---- A little of everything --------------------------------------------------------------------------------------- */

enum { DEFAULTS = 80, LARGE = 20, ALL = DEFAULTS + LARGE + 1 }; /* more than the first slabs hold */
static const size_t large_stack = 256 * 1024, large_guard = 64 * 1024;
static unsigned char memory[SEGUE_STACK_MIN];
static segue_coroutine *all[ALL];

static segue_result echo(void *arg)
{
	for (;;)
		arg = SEGUE_TRY(segue_yield(arg));
}

static segue_coroutine *make(int i)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	if (i < DEFAULTS)
		return i % 2 ? segue_coroutine_new(echo, &all[i]) : segue_generator_new(echo, &all[i]);
	if (i == ALL - 1) {
		attr.stack = memory;
		attr.stack_size = sizeof memory;
	} else {
		attr.stack_size = large_stack;
		attr.guard_size = large_guard;
	}
	return segue_coroutine_new_with(echo, &all[i], &attr);
}

/* What creation may fail with for want of something. */
static bool is_want(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EAGAIN;
}

/* Those that are not there yet; how many still are not. */
static int make_missing(void)
{
	int missing = 0;

	for (int i = 0; i < ALL; i++) {
		if (all[i])
			continue;
		errno = 0;
		all[i] = make(i);
		CHECK(all[i] || is_want(errno));
		missing += !all[i];
	}
	return missing;
}

static void check_guard(const segue_coroutine *co, size_t guard)
{
	CHECK(is_guarded(co->stack - 1) == 1);
	CHECK(is_guarded(co->stack - guard) == 1);
	CHECK(is_guarded(co->stack) == 0);
}

/* Whatever lives works, and none without its guard was handed out. */
static void use_all(void)
{
	segue_result r;

	for (int i = 0; i < ALL; i++) {
		if (!all[i])
			continue;
		r = segue_send(all[i], segue_state(all[i]) == SEGUE_CREATED ? NULL : &all[i]);
		CHECK(!r.raised && r.value == &all[i]);
		if (i < ALL - 1)
			check_guard(all[i], i < DEFAULTS ? SEGUE_GUARD_DEFAULT : large_guard);
	}
}

static void drop_all(void)
{
	for (int i = 0; i < ALL; i++) {
		segue_unref(all[i]);
		all[i] = NULL;
	}
}

/* A thread that has some at once, and ends. */
static void *some(void *unused)
{
	segue_coroutine *own[10];

	(void)unused;
	for (int i = 0; i < 10; i++) {
		errno = 0;
		own[i] = segue_coroutine_new(echo, NULL);
		CHECK(own[i] || is_want(errno));
		CHECK(!own[i] || !segue_send(own[i], NULL).raised);
	}
	for (int i = 0; i < 10; i++)
		segue_unref(own[i]);
	return NULL;
}

static void run_thread(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, some, NULL) == 0);
	pthread_join(thread, NULL);
}

/* How many bytes of slabs can be reached, if there is nothing more to be had: each stack that a new one gets, until none does. */
static size_t bytes_to_be_had(int like)
{
	size_t bytes = 0;
	segue_coroutine *first = NULL, *co;

	while ((co = make(like))) {
		bytes += co->stack_size + (like < DEFAULTS ? SEGUE_GUARD_DEFAULT : large_guard);
		memcpy(co->stack, &first, sizeof first);
		first = co;
	}
	CHECK(is_want(errno));
	while ((co = first)) {
		memcpy(&first, co->stack, sizeof first);
		segue_unref(co);
	}
	return bytes;
}

static void check_that_no_mapping_is_lost(void)
{
	size_t mapped = 0, page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
		if (regions[i].p) {
			CHECK(regions[i].size > page); /* not one by which was tried what is short */
			mapped += regions[i].size - page; /* a slab's header */
		}
	refuse.mmap = true;
	CHECK(bytes_to_be_had(0) + bytes_to_be_had(DEFAULTS) == mapped);
	refuse.mmap = false;
}

static void live_through_it(void)
{
	refuse.armed = true;
	make_missing();
	run_thread();
	refuse.armed = false;
	use_all();
	CHECK(make_missing() == 0);
	use_all();
	drop_all();
	CHECK(make_missing() == 0);
	use_all();
	run_thread();
	drop_all();
	check_that_no_mapping_is_lost();
}

static void refuse_every_call(bool from_then_on)
{
	refuse.from_then_on = from_then_on;
	for (refuse.at = 1;; refuse.at += RUNNING_ON_VALGRIND && refuse.at > 10 ? 7 : 1) {
		in_child(live_through_it);
		if (report->calls < refuse.at)
			break;
	}
	assert_true(refuse.at > (refuse.light_guards ? DEFAULTS + LARGE : 15)); /* a guard for each, or some in a call */
}

static int forget_refusals(void **state)
{
	(void)state;
	memset(&refuse, 0, sizeof refuse);
	return 0;
}

static void any_call_may_be_refused(void **state)
{
	(void)state;
	refuse_every_call(false);
}

static void all_calls_from_one_on_may_be_refused(void **state)
{
	(void)state;
	refuse_every_call(true);
}

static void any_call_may_be_refused_without_light_guards(void **state)
{
	(void)state;
	refuse.light_guards = true;
	refuse_every_call(false);
}

static void all_calls_from_one_on_may_be_refused_without_light_guards(void **state)
{
	(void)state;
	refuse.light_guards = true;
	refuse_every_call(true);
}

/* ---- Guards ----------------------------------------------------------------------------------------------------- */

static void make_use_drop(void)
{
	CHECK(make_missing() == 0);
	use_all();
	drop_all();
}

static void find_no_guard(void)
{
	refuse.light_guards = refuse.mprotect = true;
	CHECK(make_missing() == ALL - 1); /* but the one on our own memory */
	use_all();
	refuse.mprotect = false;
	make_use_drop();
	check_that_no_mapping_is_lost();
}

/* They worked when they were tried, and do not any more: as where memory is locked. */
static void lose_light_guards(void)
{
	segue_coroutine *co = segue_coroutine_new(echo, NULL);

	CHECK(co);
	refuse.light_guards = true;
	make_use_drop();
	refuse.mprotect = true;
	while (make_missing() == 0)
		for (int i = 0; i < ALL; i++)
			all[i] = NULL; /* until pools and slabs are empty */
	refuse.mprotect = refuse.light_guards = false;
	use_all();
	segue_unref(co);
}

/* The kernel may stop early. */
static void get_three_at_once(void)
{
	segue_coroutine *co = segue_coroutine_new(echo, NULL); /* then batches are trusted */

	CHECK(co);
	refuse.all_but_three = true;
	make_use_drop();
	segue_unref(co);
	check_that_no_mapping_is_lost();
}

static void a_batch_may_be_done_in_part(void **state)
{
	(void)state;
	in_child(get_three_at_once);
}

static void without_a_guard_there_is_no_stack(void **state)
{
	(void)state;
	in_child(find_no_guard);
}

static void mprotect_stands_in_for_light_guards(void **state)
{
	(void)state;
	in_child(lose_light_guards);
}

/* ---- Slabs ------------------------------------------------------------------------------------------------------ */

static int count_regions(void)
{
	int n = 0;

	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
		n += regions[i].p != NULL;
	return n;
}

/* Address space in small pieces only: each slab is as large as can be had, and the next is not larger for want of trying. */
static void make_do_with_little(void)
{
	refuse.larger_than = 5 * (SEGUE_STACK_DEFAULT + SEGUE_GUARD_DEFAULT);
	for (int i = 0; i < DEFAULTS; i++)
		CHECK((all[i] = make(i)));
	use_all();
	CHECK(count_regions() >= DEFAULTS / 5);
	refuse.larger_than = 0;
	make_use_drop();
	check_that_no_mapping_is_lost();
}

static void smaller_slabs_do_where_large_ones_are_not_to_be_had(void **state)
{
	(void)state;
	in_child(make_do_with_little);
}

/* ---- What is asked for ------------------------------------------------------------------------------------------ */

static int errno_of(segue_attr attr)
{
	segue_coroutine *co;

	errno = 0;
	co = segue_coroutine_new_with(echo, NULL, &attr);
	segue_unref(co);
	return co ? 0 : errno;
}

static int errno_of_sizes(size_t stack_size, size_t guard_size)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack_size = stack_size;
	attr.guard_size = guard_size;
	return errno_of(attr);
}

/* More than there are addresses, though less than overflows. A GiB, which it is where pointers have 32 bits, may be had. */
static bool is_too_much(int error)
{
	return error == ENOMEM || (error == EINVAL && RUNNING_ON_VALGRIND) || (error == 0 && sizeof(void *) == 4);
}

static void ask_for_absurd_sizes(void)
{
	static const size_t overflowing[] = { 0, SIZE_MAX, SIZE_MAX - 4095, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1 };

	for (size_t i = 0; i < sizeof overflowing / sizeof *overflowing; i++) {
		CHECK(errno_of_sizes(overflowing[i], 4096) == EINVAL);
		CHECK(errno_of_sizes(65536, overflowing[i]) == EINVAL);
		CHECK(errno_of_sizes(overflowing[i], overflowing[i]) == EINVAL);
	}
	CHECK(is_too_much(errno_of_sizes(PTRDIFF_MAX / 2, 4096)));
	CHECK(is_too_much(errno_of_sizes(65536, PTRDIFF_MAX / 2)));
	CHECK(is_too_much(errno_of_sizes(PTRDIFF_MAX / 2, PTRDIFF_MAX / 2)));
	CHECK(errno_of_sizes(1, 1) == 0);
	make_use_drop();
}

static void absurd_sizes_are_refused(void **state)
{
	(void)state;
	in_child(ask_for_absurd_sizes);
}

static void bring_bad_memory(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack = memory;
	attr.guard_size = 0;
	attr.stack_size = sizeof memory;
	CHECK(errno_of(attr) == 0);
	attr.stack_size = SEGUE_STACK_MIN - 1;
	CHECK(errno_of(attr) == EINVAL);
	attr.stack_size = 0;
	CHECK(errno_of(attr) == EINVAL);
	attr.stack_size = SIZE_MAX;
	CHECK(errno_of(attr) == EINVAL);
	attr.stack = (void *)(UINTPTR_MAX - 4096);
	attr.stack_size = SEGUE_STACK_MIN;
	CHECK(errno_of(attr) == EINVAL);
}

static void memory_that_is_too_small_is_refused(void **state)
{
	(void)state;
	in_child(bring_bad_memory);
}

static void ask_for_unknown_things(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.kind = SEGUE_KIND_ITERABLE_COROUTINE + 1;
	CHECK(errno_of(attr) == EINVAL);
	attr.kind = UINT32_MAX;
	CHECK(errno_of(attr) == EINVAL);
	attr.kind = SEGUE_KIND_GENERATOR;
	for (uint32_t flag = 1; flag; flag <<= 1) {
		attr.flags = flag;
		CHECK(errno_of(attr) == (flag & (SEGUE_OWN_FENV | SEGUE_RECOVER_OVERFLOW) ? 0 : EINVAL));
	}
	attr.flags = 0;
	CHECK(errno_of(attr) == 0);
	errno = 0;
	CHECK(!segue_coroutine_new_with(NULL, NULL, &attr) && errno == EINVAL);
	errno = 0;
	CHECK(!segue_generator_new(NULL, NULL) && errno == EINVAL);
}

static void unknown_kinds_and_flags_are_refused(void **state)
{
	(void)state;
	in_child(ask_for_unknown_things);
}

/* Of a later library's header, or of an earlier one's. */
static void bring_attributes_of_other_sizes(void)
{
	struct {
		segue_attr known;
		unsigned char later[32];
	} larger = { SEGUE_ATTR_INIT, { 0 } };
	segue_attr smaller = SEGUE_ATTR_INIT;

	larger.known.size = sizeof larger;
	CHECK(errno_of_sizes(65536, 4096) == 0);
	CHECK(segue_state(all[0] = segue_coroutine_new_with(echo, NULL, &larger.known)) == SEGUE_CREATED);
	larger.later[31] = 1;
	errno = 0;
	CHECK(!segue_coroutine_new_with(echo, NULL, &larger.known) && errno == E2BIG);
	memset((unsigned char *)&smaller + offsetof(segue_attr, stack), 0xff, sizeof smaller - offsetof(segue_attr, stack));
	smaller.size = offsetof(segue_attr, stack); /* what follows does not exist */
	all[1] = segue_coroutine_new_with(echo, NULL, &smaller);
	CHECK(all[1] && !segue_send(all[1], NULL).raised);
	smaller.size = 0;
	CHECK(errno_of(smaller) == EINVAL);
	smaller.size = sizeof smaller.size;
	CHECK(errno_of(smaller) == EINVAL);
	drop_all();
}

static void attributes_of_other_sizes_are_read_as_they_are_meant(void **state)
{
	(void)state;
	in_child(bring_attributes_of_other_sizes);
}

static void ask_for_many_sizes(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), least = page < SEGUE_STACK_MIN ? SEGUE_STACK_MIN : page;
	int pairs = 0, refusals = 0;

	for (size_t stack = least; stack <= least << 8; stack *= 2)
		for (size_t guard = page; guard <= page << 7; guard *= 2) {
			int error = errno_of_sizes(stack, guard);
			CHECK(error == 0 || error == EMFILE);
			CHECK(error || refusals == 0);
			pairs += !error;
			refusals += error != 0;
		}
	CHECK(pairs == 64 || pairs == 63); /* the default one counts, whether it was among them or not */
	CHECK(refusals > 0);
	CHECK(errno_of_sizes(least, page) == 0); /* known ones go on */
	make_missing();
	CHECK(all[0]);
}

static void a_65th_pair_of_sizes_is_refused(void **state)
{
	(void)state;
	in_child(ask_for_many_sizes);
}

static void have_a_large_signal_frame(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	refuse.signal_frame = SEGUE_STACK_MIN;
	CHECK(errno_of_sizes(SEGUE_STACK_MIN, 4096) == (sysconf(_SC_PAGESIZE) > SEGUE_STACK_MIN ? 0 : ENOSPC));
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	CHECK(errno_of(attr) == ENOSPC);
	CHECK(errno_of_sizes(2 * SEGUE_STACK_MIN, 4096) == 0);
	CHECK(make(0));
}

static void have_a_huge_signal_frame(void)
{
	refuse.signal_frame = SEGUE_STACK_DEFAULT;
	CHECK(errno_of_sizes(SEGUE_STACK_DEFAULT, SEGUE_GUARD_DEFAULT) == ENOSPC);
	errno = 0;
	CHECK(!segue_coroutine_new(echo, NULL) && errno == ENOSPC);
	CHECK(errno_of_sizes(4 * SEGUE_STACK_DEFAULT, SEGUE_GUARD_DEFAULT) == 0);
}

static void a_stack_that_a_signal_frame_does_not_fit_is_refused(void **state)
{
	(void)state;
	in_child(have_a_large_signal_frame);
	in_child(have_a_huge_signal_frame);
}

/* New stacks may leave the errno of something that need not work; pooled ones none. It is never set to 0. */
static void look_at_errno(void)
{
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < DEFAULTS; i++) {
			errno = EDOM;
			all[i] = make(i);
			CHECK(all[i] && (round ? errno == EDOM : errno != 0));
		}
		drop_all();
	}
}

static void success_never_clears_errno(void **state)
{
	(void)state;
	in_child(look_at_errno);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_call_may_be_refused, forget_refusals),
		cmocka_unit_test_setup(all_calls_from_one_on_may_be_refused, forget_refusals),
		cmocka_unit_test_setup(any_call_may_be_refused_without_light_guards, forget_refusals),
		cmocka_unit_test_setup(all_calls_from_one_on_may_be_refused_without_light_guards, forget_refusals),
		cmocka_unit_test_setup(without_a_guard_there_is_no_stack, forget_refusals),
		cmocka_unit_test_setup(a_batch_may_be_done_in_part, forget_refusals),
		cmocka_unit_test_setup(mprotect_stands_in_for_light_guards, forget_refusals),
		cmocka_unit_test_setup(smaller_slabs_do_where_large_ones_are_not_to_be_had, forget_refusals),
		cmocka_unit_test_setup(absurd_sizes_are_refused, forget_refusals),
		cmocka_unit_test_setup(memory_that_is_too_small_is_refused, forget_refusals),
		cmocka_unit_test_setup(unknown_kinds_and_flags_are_refused, forget_refusals),
		cmocka_unit_test_setup(attributes_of_other_sizes_are_read_as_they_are_meant, forget_refusals),
		cmocka_unit_test_setup(a_65th_pair_of_sizes_is_refused, forget_refusals),
		cmocka_unit_test_setup(a_stack_that_a_signal_frame_does_not_fit_is_refused, forget_refusals),
		cmocka_unit_test_setup(success_never_clears_errno, forget_refusals),
	};

	report = __real_mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
