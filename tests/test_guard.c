/* The guard below every stack: what touches it dies there. Each touch is a child process's last; the stack's bounds come from
   the object itself. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/coroutine.h"
#include "cmocka_headers.h"
#include "descend.h"
#include "process.h"
#include "sanitized.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* ---- The library's madvise() and process_madvise() go through here ------------------------------------------------ */

/* IGNORE: it says yes, as some emulators do. MANY: where many are made in a call, and one in a call is the kernel's affair */
static enum { ASK_KERNEL, REFUSE, IGNORE, REFUSE_MANY, IGNORE_MANY } light_guards;
static long light_guards_asked, calls_for_many;

int __real_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice);
int __wrap_madvise(void *p, size_t size, int advice)
{
	if (advice == MADV_GUARD_INSTALL) {
		light_guards_asked++;
		if (light_guards == IGNORE)
			return 0;
		if (light_guards == REFUSE) {
			errno = EINVAL;
			return -1;
		}
	}
	return __real_madvise(p, size, advice);
}

static long guard_many(long self, long ranges, long n, long advice)
{
	long size = 0;

	calls_for_many++;
	light_guards_asked += n;
	if (light_guards == REFUSE || light_guards == REFUSE_MANY) {
		errno = EPERM;
		return -1;
	}
	for (long i = 0; i < n; i++)
		size += (long)((struct iovec *)ranges)[i].iov_len;
	if (light_guards == IGNORE || light_guards == IGNORE_MANY)
		return size;
	return __real_syscall(SYS_process_madvise, self, ranges, n, advice, 0L);
}

long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long args[5];

	FIVE_ARGUMENTS(args, number);
	if (number == SYS_process_madvise)
		return guard_many(args[0], args[1], args[2], args[3]);
	return __real_syscall(number, args[0], args[1], args[2], args[3], args[4]);
}

/* ---- Children --------------------------------------------------------------------------------------------------- */

static int to_parent;

static void tell_address(int number, siginfo_t *info, void *context)
{
	ssize_t told = write(to_parent, &info->si_addr, sizeof info->si_addr);

	(void)context, (void)told;
	signal(number, SIG_DFL);
	raise(number);
}

/* On a stack of its own: the one that overflows has no room for it. */
static void catch_faults(void)
{
	static char other_stack[65536];
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof other_stack };
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_sigaction = tell_address;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

enum { SURVIVED = 0, FAULTED = 1, FAILED = 2 };

/* Runs `what` in a child. FAULTED: it died by SIGSEGV, at *address. */
static int in_child(void (*what)(void *), void *arg, unsigned char **address)
{
	int ends[2], status;
	pid_t child;
	ssize_t got;

	if (pipe(ends))
		return FAILED;
	child = fork();
	if (child == 0) {
		to_parent = ends[1];
		catch_faults();
		what(arg);
		_exit(SURVIVED);
	}
	close(ends[1]);
	got = read(ends[0], address, sizeof *address);
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return FAILED;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		return got == sizeof *address ? FAULTED : FAILED;
	return WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED ? SURVIVED : FAILED;
}

static void write_byte(void *p)
{
	*(volatile unsigned char *)p = 1;
}

static int faults_at(unsigned char *p)
{
	unsigned char *address = NULL;

	return in_child(write_byte, p, &address) == FAULTED && address == p;
}

/* ---- One stack -------------------------------------------------------------------------------------------------- */

static segue_result suspended(void *unused)
{
	(void)unused;
	return segue_yield(NULL);
}

static segue_coroutine *new_one(size_t stack_size, size_t guard_size)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	attr.stack_size = stack_size;
	attr.guard_size = guard_size;
	co = segue_coroutine_new_with(suspended, NULL, &attr);
	assert_non_null(co);
	return co;
}

/* The byte below the stack, the guard's lowest and a page's edge within it; the stack's lowest byte is its own. */
static void assert_guarded(segue_coroutine *co, size_t guard_size)
{
	assert_true(faults_at(co->stack - 1));
	assert_true(faults_at(co->stack - guard_size));
	assert_true(faults_at(co->stack - guard_size / 2));
	co->stack[0] = 1;
	assert_int_equal(co->stack[0], 1);
	assert_int_equal(is_guarded(co->stack), 0);
}

static void the_default_stack_is_guarded(void **state)
{
	segue_coroutine *co = segue_coroutine_new(suspended, NULL);

	(void)state;
	assert_true(co->stack_size >= SEGUE_STACK_DEFAULT);
	assert_guarded(co, SEGUE_GUARD_DEFAULT);
	segue_unref(co);
}

static void stacks_and_guards_of_other_sizes_are_whole(void **state)
{
	static const size_t stacks[] = { 1, SEGUE_STACK_MIN, 100 * 1000, 1024 * 1024, 16 * 1024 * 1024 };
	static const size_t guards[] = { 1, 4096, 4097, 65536, 1024 * 1024 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		segue_coroutine *co = new_one(stacks[i], guards[4 - i]);
		size_t page = (size_t)sysconf(_SC_PAGESIZE);
		assert_true(co->stack_size >= stacks[i] && co->stack_size >= SEGUE_STACK_MIN);
		assert_guarded(co, guards[4 - i] < page ? page : guards[4 - i]);
		for (size_t below = 1; below <= guards[4 - i]; below += page)
			assert_int_equal(is_guarded(co->stack - below), 1);
		segue_unref(co);
	}
}

static void a_pooled_stack_keeps_its_guard(void **state)
{
	segue_coroutine *first = segue_coroutine_new(suspended, NULL), *again;

	(void)state;
	segue_send(first, NULL);
	segue_unref(first);
	again = segue_coroutine_new(suspended, NULL);
	assert_ptr_equal(again, first);
	assert_guarded(again, SEGUE_GUARD_DEFAULT);
	segue_unref(again);
}

/* ---- A real overflow -------------------------------------------------------------------------------------------- */

static void send_to(void *co)
{
	segue_send(co, NULL);
}

static void endless_recursion_ends_in_the_guard(void **state)
{
	segue_coroutine *co = segue_coroutine_new(overflow, NULL);
	unsigned char *address = NULL;

	(void)state;
	assert_int_equal(in_child(send_to, co, &address), FAULTED);
	assert_true(address < co->stack && address >= co->stack - SEGUE_GUARD_DEFAULT);
	segue_unref(co);
}

/* ---- Many ------------------------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

static segue_coroutine *many[MANY];

static void make_many(void)
{
	for (int i = 0; i < MANY; i++) {
		many[i] = segue_coroutine_new(suspended, NULL);
		assert_non_null(many[i]);
		segue_send(many[i], NULL);
	}
}

static void drop_many(void)
{
	for (int i = 0; i < MANY; i++)
		segue_unref(many[i]);
}

static void every_stack_of_many_slabs_is_guarded(void **state)
{
	(void)state;
	make_many();
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(is_guarded(many[i]->stack - 1), 1);
		assert_int_equal(is_guarded(many[i]->stack - SEGUE_GUARD_DEFAULT), 1);
		assert_int_equal(is_guarded(many[i]->stack), 0);
	}
	assert_true(faults_at(many[MANY - 1]->stack - 1));
	drop_many();
	make_many();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(is_guarded(many[i]->stack - 1), 1);
	drop_many();
}

/* Whether a guard of this kind holds here, found without the library. */
static int kernel_has_light_guards(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int has = p != MAP_FAILED && __real_madvise(p, page, MADV_GUARD_INSTALL) == 0 && is_guarded(p) == 1;

	if (p != MAP_FAILED)
		munmap(p, page);
	return has;
}

static int kernel_takes_many(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int self = (int)__real_syscall(SYS_pidfd_open, (long)getpid(), 0L);
	struct iovec range = { p, page };
	int takes = p != MAP_FAILED && __real_syscall(SYS_process_madvise, (long)self, &range, 1L, (long)MADV_GUARD_INSTALL, 0L) == (long)page;

	close(self);
	munmap(p, page);
	return takes;
}

static void light_guards_split_no_mappings_where_the_kernel_has_them(void **state)
{
	long before = mappings(), more;
	int descriptor, again;

	(void)state;
	if (!kernel_has_light_guards()) {
		print_message("no MADV_GUARD_INSTALL here: guards are made by mprotect\n");
		skip();
	}
	descriptor = dup(STDOUT_FILENO);
	close(descriptor);
	make_many();
	more = mappings() - before;
	again = dup(STDOUT_FILENO);
	close(again);
	assert_int_equal(again, descriptor); /* and none is left open */
	assert_true(light_guards_asked >= MANY);
	if (!RUNNING_ON_VALGRIND && !ON_TSAN) { /* they have mappings of their own, and Valgrind does not know process_madvise() */
		assert_true(more < 50);
		if (kernel_takes_many())
			assert_in_range(calls_for_many, 1, MANY / 16);
	}
	drop_many();
}

/* ---- The other kind of guard: in a child, since the library asks once in a process ------------------------------ */

static void run_with_other_guards(void *test)
{
	void (*const *run)(void **) = test;

	if (segue_coroutine_new(suspended, NULL))
		(*run)(NULL);
	fflush(NULL);
}

/* Before any coroutine was made here, in each way that light guards may be missing. A failed assertion ends the child with another status. */
static void each_test_passes_with_other_guards(void **state)
{
	static void (*const tests[])(void **) = {
		the_default_stack_is_guarded,
		stacks_and_guards_of_other_sizes_are_whole,
		a_pooled_stack_keeps_its_guard,
		endless_recursion_ends_in_the_guard,
		every_stack_of_many_slabs_is_guarded,
	};
	unsigned char *address;

	(void)state;
	assert_int_equal(light_guards_asked, 0);
	for (light_guards = REFUSE; light_guards <= IGNORE_MANY; light_guards++)
		for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
			assert_int_equal(in_child(run_with_other_guards, (void *)&tests[i], &address), SURVIVED);
	light_guards = ASK_KERNEL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_passes_with_other_guards),
		cmocka_unit_test(light_guards_split_no_mappings_where_the_kernel_has_them),
		cmocka_unit_test(the_default_stack_is_guarded),
		cmocka_unit_test(stacks_and_guards_of_other_sizes_are_whole),
		cmocka_unit_test(a_pooled_stack_keeps_its_guard),
		cmocka_unit_test(endless_recursion_ends_in_the_guard),
		cmocka_unit_test(every_stack_of_many_slabs_is_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
