/* What Valgrind is told of stacks: runs itself under Valgrind. Each case is a child process, of which the errors are counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/coroutine.h"
#include "cmocka_headers.h"
#include "on_valgrind.h"

static unsigned *errors; /* of the last child; shared with it */
static unsigned char memory[SEGUE_STACK_MIN];

static void count_errors(void (*what)(void))
{
	pid_t child;
	int status = -1;

	*errors = ~0u;
	child = fork();
	if (child == 0) {
		unsigned before = VALGRIND_COUNT_ERRORS;
		what();
		*errors = VALGRIND_COUNT_ERRORS - before;
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_true(WIFEXITED(status));
}

/* Leaves the address of a variable on its stack. */
static segue_result expose(void *where)
{
	volatile int local = 1;

	*(volatile int **)where = &local;
	return segue_yield(NULL);
}

static void use_a_dropped_one(void)
{
	volatile int *local;
	segue_coroutine *co = segue_coroutine_new(expose, (void *)&local);

	segue_send(co, NULL);
	segue_unref(co);
	*local = 2;
}

static void a_use_of_a_dropped_coroutines_stack_is_reported(void **state)
{
	(void)state;
	count_errors(use_a_dropped_one);
	assert_int_equal(*errors, 1);
}

static void use_one_that_lives(void)
{
	volatile int *local;
	segue_coroutine *co = segue_coroutine_new(expose, (void *)&local);

	segue_send(co, NULL);
	*local += 1;
	segue_unref(co);
}

static void a_use_of_a_suspended_ones_stack_is_not(void **state)
{
	(void)state;
	count_errors(use_one_that_lives);
	assert_int_equal(*errors, 0);
}

/* Nothing was written there in this life. */
static void decide_by_what_an_old_stack_holds(void)
{
	volatile int *local;
	segue_coroutine *co = segue_coroutine_new(expose, (void *)&local);

	segue_send(co, NULL);
	segue_unref(co);
	co = segue_coroutine_new(expose, (void *)&local);
	if (*local)
		memory[0] = 1;
	segue_unref(co);
}

static void what_a_stack_held_before_counts_as_nothing(void **state)
{
	(void)state;
	count_errors(decide_by_what_an_old_stack_holds);
	assert_int_equal(*errors, 1);
}

static void ask_about_a_guard(void)
{
	segue_coroutine *co = segue_coroutine_new(expose, NULL);

	(void)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(co->stack - 1, 1);
	(void)VALGRIND_CHECK_MEM_IS_ADDRESSABLE(co->stack - SEGUE_GUARD_DEFAULT, 1);
	segue_unref(co);
}

static void a_guard_is_nobodys(void **state)
{
	(void)state;
	count_errors(ask_about_a_guard);
	assert_int_equal(*errors, 2);
}

static __attribute__((noinline)) int use_much(void)
{
	volatile char much[2000];

	much[0] = 0;
	return much[0];
}

static segue_result use_and_expose(void *where)
{
	return use_much() ? segue_value(NULL) : expose(where);
}

static void use_own_memory_again(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	volatile int *local;
	segue_coroutine *co;

	attr.stack = memory;
	attr.stack_size = sizeof memory;
	for (int sends = 0; sends <= 2; sends++) {
		co = segue_coroutine_new_with(use_and_expose, (void *)&local, &attr);
		for (int i = 0; i < sends; i++)
			segue_send(co, NULL);
		segue_unref(co);
		memset(memory, 0, sizeof memory);
	}
}

static void the_users_memory_is_the_users_again(void **state)
{
	(void)state;
	count_errors(use_own_memory_again);
	assert_int_equal(*errors, 0);
}

static segue_result drop_oneself(void *self)
{
	segue_unref(*(segue_coroutine **)self);
	return segue_yield(NULL);
}

static segue_result send_to_one_that_drops_itself(void *unused)
{
	segue_coroutine *co = segue_coroutine_new(drop_oneself, &co);

	(void)unused;
	return segue_send(co, NULL);
}

/* What is left to do is done on its resumer's stack: a thread's, a coroutine's */
static void let_two_drop_themselves(void)
{
	segue_coroutine *co = segue_coroutine_new(send_to_one_that_drops_itself, NULL);

	send_to_one_that_drops_itself(NULL);
	segue_send(co, NULL);
	segue_unref(co);
}

static void one_that_drops_itself_is_no_error(void **state)
{
	(void)state;
	count_errors(let_two_drop_themselves);
	assert_int_equal(*errors, 0);
}

/* Not without Valgrind, nor in a library that was built without its headers. */
static void start_on_valgrind(char *program)
{
	static char again[] = "SEGUE_TEST_ON_VALGRIND";

	if (!getenv(again) && setenv(again, "1", 1) == 0)
		execlp("valgrind", "valgrind", "-q", "--child-silent-after-fork=yes", program, (char *)NULL);
	puts("skipped: there is no Valgrind, or there were no headers of it");
	exit(77);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_use_of_a_dropped_coroutines_stack_is_reported),
		cmocka_unit_test(a_use_of_a_suspended_ones_stack_is_not),
		cmocka_unit_test(what_a_stack_held_before_counts_as_nothing),
		cmocka_unit_test(a_guard_is_nobodys),
		cmocka_unit_test(the_users_memory_is_the_users_again),
		cmocka_unit_test(one_that_drops_itself_is_no_error),
	};

	(void)argc;
	if (!RUNNING_ON_VALGRIND)
		start_on_valgrind(argv[0]);
	errors = mmap(NULL, sizeof *errors, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (errors == MAP_FAILED)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
