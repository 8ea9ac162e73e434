/* Stack overflows: what the handler reports, to whom it passes on, and coroutines that end alone. All of it in children, with the
   signals as a program has them at first: cmocka has a handler of its own. */
#define _GNU_SOURCE
#include <alloca.h>
#include <errno.h>
#include <fenv.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/coroutine.h"
#include "cmocka_headers.h"
#include "descend.h"
#include "process.h"
#include "sanitized.h"

/* ---- The library's mmap() goes through here --------------------------------------------------------------------- */

static int no_memory;

void *__real_mmap(void *p, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *p, size_t size, int protection, int flags, int file, off_t offset)
{
	if (no_memory) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mmap(p, size, protection, flags, file, offset);
}

/* ---- Children --------------------------------------------------------------------------------------------------- */

static struct {
	int status;      /* as waitpid() has it */
	char said[8192]; /* on stderr */
} child;

static void read_all(int from)
{
	size_t length = 0;
	ssize_t n;

	while ((n = read(from, child.said + length, sizeof child.said - 1 - length)) > 0)
		length += (size_t)n;
	child.said[length] = '\0';
}

/* What `what` returns is its status: 0, or the line of what is wrong. */
static void in_child(int (*what)(void))
{
	int ends[2], wrong;
	pid_t pid;

	fflush(NULL);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		signal(SIGSEGV, SIG_DFL);
		VALGRIND_DISABLE_ERROR_REPORTING; /* of guards that are touched; its stderr is read here */
		wrong = what();
		VALGRIND_ENABLE_ERROR_REPORTING;
		if (wrong)
			printf("%s:%d\n", __FILE__, wrong);
		exit(wrong != 0);
	}
	close(ends[1]);
	read_all(ends[0]);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &child.status, 0), pid);
}

#define EXPECT(condition)                 \
	do                                \
		if (!(condition))         \
			return __LINE__;  \
	while (0)

static void assert_well(int (*what)(void))
{
	in_child(what);
	assert_true(WIFEXITED(child.status));
	assert_int_equal(WEXITSTATUS(child.status), 0);
	if (!RUNNING_ON_VALGRIND)
		assert_string_equal(child.said, "");
}

static void assert_killed(int (*what)(void))
{
	in_child(what);
	assert_true(WIFSIGNALED(child.status));
	assert_int_equal(WTERMSIG(child.status), SIGSEGV);
}

/* What was said, but for what Valgrind and qemu-user say of a process that dies. */
static const char *report(void)
{
	const char *begin = strstr(child.said, "segue: ");

	return begin ? begin : "";
}

static int lines_with(const char *words)
{
	int n = 0;

	for (const char *at = report(); (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* ---- Overflows -------------------------------------------------------------------------------------------------- */

static segue_coroutine *new_with(segue_body *body, void *arg, const char *name, uint32_t flags)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.name = name;
	attr.flags = flags;
	return segue_coroutine_new_with(body, arg, &attr);
}

static int is_overflow(segue_result r)
{
	return r.raised == &segue_RecursionError && strcmp(segue_message(r), "stack overflow") == 0;
}

/* ---- The report ------------------------------------------------------------------------------------------------- */

static int overflow_with_a_name(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	segue_send(new_with(overflow, NULL, "descent", 0), NULL);
	return __LINE__;
}

static int first_base(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	*(uintptr_t *)base = info->dlpi_addr;
	return 1;
}

/* The frame that faulted is descend()'s: the offset leads there. */
static void assert_in_descend(const char *line)
{
	const char *plus = line ? strstr(line, "test_overflow+0x") : NULL;
	uintptr_t base, address;

	assert_non_null(plus);
	assert_null(memchr(line + 1, '\n', (size_t)(plus - line - 1)));
	dl_iterate_phdr(first_base, &base);
	address = base + strtoul(plus + strlen("test_overflow+"), NULL, 16);
	assert_in_range(address, (uintptr_t)descend & ~(uintptr_t)1, (uintptr_t)descend + (ON_ASAN || ON_TSAN || ON_MSAN ? 4096 : 256));
}

static void an_overflow_is_reported_by_name(void **state)
{
	static const char first[] = "segue: stack overflow in 'descent', ";
	char *rest;
	long distance;

	(void)state;
	assert_killed(overflow_with_a_name);
	assert_memory_equal(report(), first, strlen(first));
	distance = strtol(report() + strlen(first), &rest, 10);
	assert_in_range(distance, 1, SEGUE_GUARD_DEFAULT);
	assert_memory_equal(rest, " bytes below its stack of 65536 bytes\n  in ", 43);
	assert_in_descend(strstr(rest, "\n  in "));
	assert_in_descend(strstr(rest, "\n  called from "));
	assert_int_equal(lines_with("  called from "), SEGUE_ARCH_FRAME_CHAIN ? 15 : 1);
}

static const int made_at = __LINE__ + 4;
static int overflow_where_it_was_made(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	segue_send(segue_generator_new(overflow, NULL), NULL);
	return __LINE__;
}

static const int code_at = __LINE__ + 1;
static SEGUE_ASYNC(sink, (int, start))
{
	volatile int deeper = start;

	return segue_value((void *)(intptr_t)descend(&deeper));
}

static int overflow_with_code(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	segue_set_origin_tracking_depth(2);
	segue_send(sink(1), NULL);
	return __LINE__;
}

static void a_report_names_code_and_origin(void **state)
{
	char words[128];

	(void)state;
	assert_killed(overflow_where_it_was_made);
	snprintf(words, sizeof words, "test_overflow.c:%d, in overflow_where_it_was_made\n", made_at);
	assert_int_equal(lines_with("in 'overflow', "), 1);
	assert_int_equal(lines_with("  made at "), 1);
	assert_int_equal(lines_with(words), 1);
	assert_killed(overflow_with_code);
	snprintf(words, sizeof words, "test_overflow.c:%d\n", code_at);
	assert_int_equal(lines_with("in 'sink', "), 1);
	assert_int_equal(lines_with("  its code is at "), 1);
	assert_int_equal(lines_with(words), 1);
	assert_true(lines_with("  made from ") >= 1);
}

static segue_result suspended(void *unused)
{
	(void)unused;
	return segue_yield(NULL);
}

static int touch_a_guard(void)
{
	segue_coroutine *co;

	EXPECT(segue_install_overflow_handler() == 0);
	for (int i = 0; i < 100; i++)
		segue_send(new_with(suspended, NULL, "before", 0), NULL);
	co = new_with(suspended, NULL, "touched", 0);
	segue_send(co, NULL);
	segue_send(new_with(suspended, NULL, "after", 0), NULL);
	*(volatile char *)(co->stack - SEGUE_GUARD_DEFAULT) = 1;
	return __LINE__;
}

static void a_stray_access_to_a_guard_is_reported_as_such(void **state)
{
	char words[128];

	(void)state;
	assert_killed(touch_a_guard);
	snprintf(words, sizeof words, "segue: a stray access to the guard of 'touched', %d bytes below", (int)SEGUE_GUARD_DEFAULT);
	assert_memory_equal(report(), words, strlen(words));
	assert_int_equal(lines_with("  called from "), 0);
}

enum { LARGE = 512 * 1024 };

static __attribute__((noinline)) int take_a_large_frame(void)
{
	volatile char frame[LARGE];

	frame[0] = 1;
	__asm__("" : : "r"(frame) : "memory");
	return frame[0];
}

static segue_result jump(void *unused)
{
	(void)unused;
	return segue_value((void *)(intptr_t)take_a_large_frame());
}

static segue_coroutine *new_jumper(uint32_t flags)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.guard_size = 2 * LARGE;
	attr.flags = flags;
	attr.name = "jumper";
	return segue_coroutine_new_with(jump, NULL, &attr);
}

static int jump_into_a_large_guard(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	segue_send(new_jumper(0), NULL);
	return __LINE__;
}

static int recover_from_a_jump(void)
{
	segue_coroutine *co = new_jumper(SEGUE_RECOVER_OVERFLOW);

	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(is_overflow(segue_send(co, NULL)));
	segue_unref(co);
	return 0;
}

static void a_large_guard_catches_a_large_frame(void **state)
{
	static const char words[] = "segue: stack overflow in 'jumper', ";

	(void)state;
	assert_killed(jump_into_a_large_guard);
	assert_memory_equal(report(), words, strlen(words));
	assert_well(recover_from_a_jump);
}

/* ---- Who handled the signal before ------------------------------------------------------------------------------ */

static volatile sig_atomic_t handled, blocked_inside;
static void *volatile fault_address;
static char *volatile page;

static void let_go(int number, siginfo_t *info, void *context)
{
	sigset_t now;

	(void)context;
	handled++;
	fault_address = info->si_addr;
	sigprocmask(SIG_BLOCK, NULL, &now);
	blocked_inside = sigismember(&now, number) | sigismember(&now, SIGUSR1) << 1;
	mprotect(page, 1, PROT_READ | PROT_WRITE);
}

static void count(int number)
{
	handled += number == SIGSEGV;
	mprotect(page, 1, PROT_READ | PROT_WRITE);
}

static int handle(void (*with_info)(int, siginfo_t *, void *), void (*plainly)(int), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_flags = flags;
	if (with_info)
		action.sa_sigaction = with_info;
	else
		action.sa_handler = plainly;
	sigaddset(&action.sa_mask, SIGUSR1);
	return sigaction(SIGSEGV, &action, NULL);
}

/* A fault that is none of a guard's; once handled it is gone. */
static void fault(void)
{
	page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)page = 1;
}

static int pass_on_with_info(void)
{
	sigset_t now;

	handle(let_go, NULL, SA_SIGINFO);
	EXPECT(segue_install_overflow_handler() == 0);
	fault();
	EXPECT(handled == 1 && fault_address == page && blocked_inside == 3);
	sigprocmask(SIG_BLOCK, NULL, &now);
	EXPECT(!sigismember(&now, SIGSEGV) && !sigismember(&now, SIGUSR1));
	fault();
	EXPECT(handled == 2);
	return 0;
}

static int pass_on_unblocked_and_once(void)
{
	handle(let_go, NULL, SA_SIGINFO | SA_NODEFER | SA_RESETHAND);
	EXPECT(segue_install_overflow_handler() == 0);
	fault();
	EXPECT(handled == 1 && blocked_inside == 2);
	fault();
	return __LINE__;
}

static int pass_on_plainly(void)
{
	handle(NULL, count, 0);
	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(segue_install_overflow_handler() == 0);
	fault();
	EXPECT(handled == 1);
	raise(SIGSEGV);
	EXPECT(handled == 2);
	return 0;
}

static int ignore_what_was_sent(void)
{
	signal(SIGSEGV, SIG_IGN);
	EXPECT(segue_install_overflow_handler() == 0);
	raise(SIGSEGV);
	return 0;
}

static int ignore_a_fault(void)
{
	signal(SIGSEGV, SIG_IGN);
	EXPECT(segue_install_overflow_handler() == 0);
	fault();
	return __LINE__;
}

static int fault_by_default(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	fault();
	return __LINE__;
}

static int raise_by_default(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	raise(SIGSEGV);
	return __LINE__;
}

static void other_faults_go_to_what_was_there_before(void **state)
{
	static int (*const deadly[])(void) = { fault_by_default, raise_by_default, ignore_a_fault, pass_on_unblocked_and_once };

	(void)state;
	assert_well(pass_on_with_info);
	assert_well(pass_on_plainly);
	assert_well(ignore_what_was_sent);
	for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
		assert_killed(deadly[i]);
		assert_string_equal(report(), "");
	}
}

static void say_and_die(int number)
{
	ssize_t said = write(STDERR_FILENO, "the one before\n", 15);

	(void)said;
	signal(number, SIG_DFL);
}

static int overflow_with_one_before(void)
{
	handle(NULL, say_and_die, 0);
	return overflow_with_a_name();
}

static struct sigaction before_mine;

static void say_and_pass_on(int number, siginfo_t *info, void *context)
{
	ssize_t said = write(STDERR_FILENO, "the one after\n", 14);

	(void)said;
	before_mine.sa_sigaction(number, info, context);
}

static int overflow_with_one_after(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	sigaction(SIGSEGV, NULL, &before_mine);
	handle(say_and_pass_on, NULL, SA_SIGINFO | SA_ONSTACK);
	return overflow_with_a_name();
}

static void an_overflow_goes_on_to_other_handlers(void **state)
{
	(void)state;
	assert_killed(overflow_with_one_before);
	assert_true(strstr(report(), "\nthe one before\n") != NULL);
	assert_killed(overflow_with_one_after);
	assert_int_equal(lines_with("segue: stack overflow in 'descent'"), 1);
	assert_true(strstr(child.said, "the one after\nsegue: ") != NULL);
}

/* ---- Recovery --------------------------------------------------------------------------------------------------- */

static int recover_often(void)
{
	static char block[256];
	sigset_t mask, now;
	stack_t alternate;
	segue_coroutine *co, *other = segue_coroutine_new(suspended, NULL);

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	EXPECT(segue_install_overflow_handler() == 0);
	segue_send(other, NULL);
	for (int i = 0; i < 1000; i++) {
		co = new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW);
		errno = 4711;
		EXPECT(co && is_overflow(segue_send(co, NULL)) && errno == 4711);
		EXPECT(segue_state(co) == SEGUE_CLOSED && !segue_current());
		EXPECT(segue_send(co, NULL).raised == &segue_RuntimeError);
		segue_unref(co);
	}
	sigprocmask(SIG_BLOCK, NULL, &now);
	EXPECT(sigismember(&now, SIGUSR2) == 1 && sigismember(&now, SIGSEGV) == 0);
	EXPECT(sigaltstack(NULL, &alternate) == 0 && !(alternate.ss_flags & (SS_ONSTACK | SS_DISABLE)));
	EXPECT(segue_send(other, block).raised == &segue_StopIteration);
	segue_unref(other);
	return 0;
}

static void a_thousand_overflows_end_only_their_coroutines(void **state)
{
	(void)state;
	assert_well(recover_often);
}

static int others_die(void)
{
	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(is_overflow(segue_send(new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW), NULL)));
	segue_send(new_with(overflow, NULL, "frail", 0), NULL);
	return __LINE__;
}

static void who_did_not_ask_for_recovery_dies(void **state)
{
	(void)state;
	assert_killed(others_die);
	assert_int_equal(lines_with("segue: stack overflow in 'frail'"), 1);
}

static int reuse_a_clean_stack(void)
{
	segue_coroutine *co = new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW), *again;
	size_t dirty = 0;

	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(is_overflow(segue_send(co, NULL)));
	segue_unref(co);
	again = segue_coroutine_new(overflow, NULL);
	EXPECT(again == co);
	for (size_t i = 0; i < again->stack_size / 2; i++)
		dirty += again->stack[i] != 0;
	EXPECT(dirty == 0);
	segue_unref(again);
	return 0;
}

static void a_stack_that_overflowed_is_clean_when_it_is_reused(void **state)
{
	(void)state;
	assert_well(reuse_a_clean_stack);
}

/* In an await chain: the awaiter of who overflowed gets it, at its await, and goes on. */
struct link {
	int depth;
	segue_result got; /* at the await */
	int went_on;
};

static segue_result await_down(void *arg)
{
	struct link *l = arg;

	if (l->depth == 0) {
		segue_yield(NULL);
		return overflow(NULL);
	}
	l->got = segue_await(new_with(await_down, l - 1, NULL, SEGUE_RECOVER_OVERFLOW));
	l->went_on = !segue_yield(l).raised;
	return l->depth == 1 ? segue_value(l) : l->got;
}

static int overflow_in_a_chain(void)
{
	struct link links[4] = { { .depth = 0 }, { .depth = 1 }, { .depth = 2 }, { .depth = 3 } };
	segue_coroutine *co = new_with(await_down, &links[3], NULL, 0);

	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(!segue_send(co, NULL).raised);
	EXPECT(segue_send(co, NULL).value == &links[1]);
	EXPECT(is_overflow(links[1].got));
	EXPECT(segue_send(co, NULL).value == &links[2] && links[1].went_on);
	EXPECT(links[2].got.value == &links[1] && !links[2].got.raised);
	EXPECT(segue_send(co, NULL).value == &links[3]);
	EXPECT(segue_send(co, NULL).raised == &segue_StopIteration);
	segue_unref(co);
	return 0;
}

static void an_awaiter_gets_the_error_and_goes_on(void **state)
{
	(void)state;
	assert_well(overflow_in_a_chain);
}

/* What it awaited when it overflowed: an iterator, whose method runs on its stack, and that lies there too. */
struct iterator {
	const segue_ops *ops;
	int *releases;
};

static void hold(void *self)
{
	(void)self;
}

static void let_go_of(void *self)
{
	++*((struct iterator *)self)->releases;
}

static segue_result next_overflows(void *self)
{
	(void)self;
	return overflow(NULL);
}

static const segue_ops iterates = { .size = sizeof iterates, .names = SEGUE_NAMED("Iterator"), .ref = hold, .release = let_go_of,
				    .next = next_overflows };

static segue_result await_iterator(void *iterator)
{
	return segue_await(iterator);
}

static int overflow_in_an_iterator(void)
{
	int releases = 0;
	struct iterator iterator = { &iterates, &releases };
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;
	segue_info info;

	EXPECT(segue_install_overflow_handler() == 0);
	attr.flags = SEGUE_RECOVER_OVERFLOW;
	attr.kind = SEGUE_KIND_GENERATOR;
	co = segue_coroutine_new_with(await_iterator, &iterator, &attr);
	EXPECT(is_overflow(segue_send(co, NULL)));
	EXPECT(releases == 1); /* the one that was passed to segue_await() */
	segue_inspect(co, &info, sizeof info);
	EXPECT(!info.cr_await && !info.cr_frame);
	segue_unref(co);
	EXPECT(releases == 2);
	return 0;
}

static void what_it_awaited_goes_with_its_last_reference(void **state)
{
	(void)state;
	assert_well(overflow_in_an_iterator);
}

/* Its last reference goes while it is suspended: the overflow is in what it does on being closed. */
static segue_result unraisable;

static void keep_unraisable(segue_coroutine *co, segue_result what)
{
	(void)co;
	unraisable = what;
}

static segue_result overflow_at_the_end(void *unused)
{
	(void)segue_yield(NULL);
	return overflow(unused);
}

static segue_result drop_oneself(void *unused)
{
	segue_unref(segue_current());
	return overflow(unused);
}

static int overflow_when_closed(void)
{
	segue_coroutine *co = new_with(overflow_at_the_end, NULL, NULL, SEGUE_RECOVER_OVERFLOW);

	EXPECT(segue_install_overflow_handler() == 0);
	segue_set_unraisable_hook(keep_unraisable);
	segue_send(co, NULL);
	segue_unref(co);
	EXPECT(is_overflow(unraisable));
	co = new_with(overflow_at_the_end, NULL, NULL, SEGUE_RECOVER_OVERFLOW);
	segue_send(co, NULL);
	EXPECT(is_overflow(segue_close(co)));
	segue_unref(co);
	EXPECT(is_overflow(segue_send(new_with(drop_oneself, NULL, NULL, SEGUE_RECOVER_OVERFLOW), NULL)));
	return 0;
}

static void one_that_is_closed_or_dropped_ends_as_well(void **state)
{
	(void)state;
	assert_well(overflow_when_closed);
}

static int recover_on_a_users_stack(void)
{
	static char memory[65536];
	segue_attr attr = SEGUE_ATTR_INIT;

	attr.stack = memory;
	attr.stack_size = sizeof memory;
	attr.flags = SEGUE_RECOVER_OVERFLOW;
	EXPECT(!segue_coroutine_new_with(overflow, NULL, &attr) && errno == EINVAL);
	return 0;
}

static void memory_of_the_users_cannot_recover(void **state)
{
	(void)state;
	assert_well(recover_on_a_users_stack);
}

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, EACH = 50 };

static void *overflow_here(void *wrong)
{
	for (int i = 0; i < EACH; i++) {
		segue_coroutine *co = new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW);
		*(int *)wrong += !is_overflow(segue_send(co, NULL));
		segue_unref(co);
	}
	return NULL;
}

static int overflow_on_threads(void)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = { 0 };

	EXPECT(segue_install_overflow_handler() == 0);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, overflow_here, &wrong[i]) == 0);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0 && wrong[i] == 0);
	return 0;
}

static void *only_resume(void *co)
{
	if (segue_install_overflow_handler() == 0 && is_overflow(segue_send(co, NULL)))
		segue_unref(co);
	return NULL;
}

static int overflow_where_another_made_it(void)
{
	segue_coroutine *co = segue_ref(new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW));
	pthread_t thread;

	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(pthread_create(&thread, NULL, only_resume, co) == 0 && pthread_join(thread, NULL) == 0);
	EXPECT(co->refs == 1 && segue_state(co) == SEGUE_CLOSED);
	segue_unref(co);
	return 0;
}

static void each_thread_has_its_alternate_stack(void **state)
{
	(void)state;
	assert_well(overflow_on_threads);
	assert_well(overflow_where_another_made_it);
}

static void *make_one(void *unused)
{
	segue_unref(segue_coroutine_new(suspended, NULL));
	return unused;
}

static int end_threads(void)
{
	pthread_t thread;
	long before = 0;

	EXPECT(segue_install_overflow_handler() == 0);
	for (int i = 0; i < 100; i++) {
		if (i == 10)
			before = mappings();
		EXPECT(pthread_create(&thread, NULL, make_one, NULL) == 0 && pthread_join(thread, NULL) == 0);
	}
	EXPECT(ON_TSAN || mappings() < before + 20); /* that has some for each thread */
	return 0;
}

static void an_alternate_stack_ends_with_its_thread(void **state)
{
	(void)state;
	assert_well(end_threads);
}

static void *make_one_without_memory(void *failed)
{
	segue_coroutine *co = NULL;

	for (no_memory = 1; no_memory >= 0; no_memory--) {
		errno = 0;
		co = segue_coroutine_new(suspended, NULL);
		*(int *)failed += no_memory ? !co && errno == ENOMEM : !co;
	}
	no_memory = 0;
	segue_unref(co);
	return NULL;
}

static int have_no_memory(void)
{
	segue_coroutine *co = segue_coroutine_new(suspended, NULL);
	pthread_t thread;
	int failed = 0;

	no_memory = 1;
	EXPECT(segue_install_overflow_handler() == -1 && errno == ENOMEM);
	no_memory = 0;
	EXPECT(segue_install_overflow_handler() == 0);
	segue_unref(co); /* so the thread needs memory for its alternate stack alone */
	EXPECT(pthread_create(&thread, NULL, make_one_without_memory, &failed) == 0 && pthread_join(thread, NULL) == 0);
	EXPECT(failed == 1);
	return 0;
}

static void without_memory_for_an_alternate_stack_nothing_is_made(void **state)
{
	(void)state;
	assert_well(have_no_memory);
}

static int have_an_alternate_stack(void)
{
	static char own[65536];
	stack_t mine = { .ss_sp = own, .ss_size = sizeof own }, now;

	EXPECT(sigaltstack(&mine, NULL) == 0);
	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(sigaltstack(NULL, &now) == 0 && now.ss_sp == own);
	EXPECT(is_overflow(segue_send(new_with(overflow, NULL, NULL, SEGUE_RECOVER_OVERFLOW), NULL)));
	return 0;
}

static void an_alternate_stack_of_the_users_stays(void **state)
{
	(void)state;
	assert_well(have_an_alternate_stack);
}

/* ---- Inside the library ----------------------------------------------------------------------------------------- */

/* A move with so many bytes of stack left. Whatever it was in the middle of, everyone else is as if it had not been called, or
   as if it had returned. */
struct tight {
	size_t left;
	segue_result (*move)(struct tight *);
	segue_coroutine *co, *other;
	segue_result got; /* from co, where another awaits that */
	int begun;        /* other's body */
	int wrong;        /* rounding modes, and who runs */
};

static segue_result yield_here(struct tight *t)
{
	return segue_yield(t);
}

static segue_result send_there(struct tight *t)
{
	return segue_send(t->other, NULL);
}

static segue_result throw_there(struct tight *t)
{
	return segue_throw(t->other, &segue_ValueError, NULL);
}

static segue_result close_there(struct tight *t)
{
	return segue_close(t->other);
}

static segue_result await_there(struct tight *t)
{
	return segue_await(segue_ref(t->other));
}

static void *send_from_the_threads_stack(void *t)
{
	return segue_send(((struct tight *)t)->other, NULL).value;
}

static segue_result call_outside(struct tight *t)
{
	return segue_value(segue_call_on_thread_stack(send_from_the_threads_stack, t));
}

static segue_result make_and_drop(struct tight *t)
{
	enum { SOME = 100 }; /* more than a thread pools */
	segue_coroutine *made[SOME];

	for (int i = 0; i < SOME; i++)
		made[i] = segue_coroutine_new(suspended, t);
	for (int i = 0; i < SOME; i++)
		segue_unref(made[i]);
	return segue_value(NULL);
}

/* The thread's floating-point environment, and that of those that have their own: rounding modes, where there are any. */
#ifdef FE_UPWARD
enum { MODE_OUTSIDE = FE_TONEAREST, MODE_OF_CO = FE_UPWARD, MODE_OF_OTHER = FE_DOWNWARD };
#else
enum { MODE_OUTSIDE, MODE_OF_CO, MODE_OF_OTHER };
#endif

static int modes_work(void)
{
	int work = fesetround(MODE_OF_CO) == 0 && fegetround() == MODE_OF_CO;

	fesetround(MODE_OUTSIDE);
	return work;
}

static __attribute__((noinline)) segue_result move_near_the_end(void *arg)
{
	struct tight *t = arg;
	size_t room = (size_t)((unsigned char *)__builtin_frame_address(0) - segue_current()->stack);
	volatile char *hole = alloca(room - t->left);

	if (segue_current()->gate & GATE_FENV)
		fesetround(MODE_OF_CO);
	hole[0] = 1;
	(void)t->move(t);
	return segue_value((void *)(uintptr_t)hole[0]);
}

static segue_result await_co(void *arg)
{
	struct tight *t = arg;

	t->got = segue_await(segue_ref(t->co));
	t->wrong += segue_send(segue_current(), NULL).raised != &segue_ValueError;
	return t->got;
}

static segue_result go_on(void *arg)
{
	struct tight *t = arg;
	int mode = fegetround();

	for (t->begun = 1; !segue_yield(NULL).raised;)
		t->wrong += fegetround() != mode;
	return segue_value(NULL);
}

static segue_result await_go_on(void *t)
{
	return segue_await(segue_coroutine_new(go_on, t));
}

enum { STARTED = 1, AWAITING = 2, CHAINED = 4, VARIANTS = 8 };

static int other_is_whole(struct tight *t)
{
	segue_coroutine *other = t->other;
	enum segue_state state = segue_state(other);

	if (other->awaiter || other->leaf->root != other || (state != SEGUE_CLOSED && (state == SEGUE_CREATED) == t->begun))
		return 0;
	if (state != SEGUE_CLOSED && (state == SEGUE_RUNNING || segue_send(other, NULL).raised))
		return 0;
	return !segue_close(other).raised;
}

static segue_result drive(segue_coroutine *co)
{
	segue_result r = segue_send(co, NULL);

	for (int i = 0; i < 3 && !r.raised; i++)
		r = segue_send(co, NULL);
	return r.raised ? r : segue_throw(co, &segue_ValueError, NULL); /* it awaits the other, who goes on and on */
}

/* 1 if it overflowed, 0 if not, -1 if that left something behind. */
static int try_move(struct tight *t, int variant, uint32_t fenv)
{
	segue_coroutine *driven;
	segue_result r;
	int whole;

	fesetround(MODE_OF_OTHER);
	t->other = new_with(variant & AWAITING ? await_go_on : go_on, t, NULL, fenv);
	fesetround(MODE_OUTSIDE);
	if (variant & (STARTED | AWAITING))
		segue_send(t->other, NULL);
	t->co = new_with(move_near_the_end, t, NULL, SEGUE_RECOVER_OVERFLOW | fenv);
	driven = variant & CHAINED ? segue_coroutine_new(await_co, t) : segue_ref(t->co);
	r = drive(driven);
	whole = other_is_whole(t) && !segue_current() && t->wrong == 0 && fegetround() == MODE_OUTSIDE;
	segue_unref(driven);
	segue_unref(t->other);
	segue_unref(t->co);
	return !whole ? -1 : is_overflow(r) ? 1 : r.raised == &segue_StopIteration || r.raised == &segue_ValueError ? 0 : -1;
}

static int overflow_inside_moves(void)
{
	static segue_result (*const moves[])(struct tight *) = { yield_here,  send_there,  throw_there,
								 close_there, await_there, call_outside, make_and_drop };
	enum { MOVES = sizeof moves / sizeof *moves };
	int overflows[MOVES] = { 0 }, passes[MOVES] = { 0 }, modes = modes_work();

	EXPECT(segue_install_overflow_handler() == 0);
	for (int variant = 0; variant < 2 * VARIANTS; variant++)
		for (size_t move = 0; move < MOVES; move++)
			for (size_t left = 64; left < 8192; left += left < 1024 ? SEGUE_ARCH_STACK_ALIGN : 512) {
				struct tight t = { .left = left, .move = moves[move] };
				int how = try_move(&t, variant % VARIANTS, variant >= VARIANTS && modes ? SEGUE_OWN_FENV : 0);

				EXPECT(how >= 0);
				overflows[move] += how == 1;
				passes[move] += how == 0;
			}
	for (size_t move = 0; move < MOVES; move++)
		EXPECT(overflows[move] > 4 && passes[move] > 4);
	return 0;
}

/* With more stack left than that takes. */
static int overflow_before_locking(void)
{
	struct tight t = { .left = SEGUE_STACK_MIN / 8 + 1024, .move = make_and_drop };

	EXPECT(segue_install_overflow_handler() == 0);
	EXPECT(try_move(&t, 0, 0) == 1);
	return 0;
}

static void an_overflow_never_leaves_the_librarys_lock_held(void **state)
{
	(void)state;
	assert_well(overflow_before_locking);
}

static void an_overflow_inside_the_library_leaves_the_others_whole(void **state)
{
	(void)state;
	assert_well(overflow_inside_moves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overflow_is_reported_by_name),
		cmocka_unit_test(a_report_names_code_and_origin),
		cmocka_unit_test(a_stray_access_to_a_guard_is_reported_as_such),
		cmocka_unit_test(a_large_guard_catches_a_large_frame),
		cmocka_unit_test(other_faults_go_to_what_was_there_before),
		cmocka_unit_test(an_overflow_goes_on_to_other_handlers),
		cmocka_unit_test(a_thousand_overflows_end_only_their_coroutines),
		cmocka_unit_test(who_did_not_ask_for_recovery_dies),
		cmocka_unit_test(a_stack_that_overflowed_is_clean_when_it_is_reused),
		cmocka_unit_test(an_awaiter_gets_the_error_and_goes_on),
		cmocka_unit_test(what_it_awaited_goes_with_its_last_reference),
		cmocka_unit_test(one_that_is_closed_or_dropped_ends_as_well),
		cmocka_unit_test(memory_of_the_users_cannot_recover),
		cmocka_unit_test(each_thread_has_its_alternate_stack),
		cmocka_unit_test(an_alternate_stack_ends_with_its_thread),
		cmocka_unit_test(an_alternate_stack_of_the_users_stays),
		cmocka_unit_test(without_memory_for_an_alternate_stack_nothing_is_made),
		cmocka_unit_test(an_overflow_inside_the_library_leaves_the_others_whole),
		cmocka_unit_test(an_overflow_never_leaves_the_librarys_lock_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
