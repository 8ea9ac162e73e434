/* libsegue-uv: coroutines that wait for libuv. Bodies record what they saw; the tests look at it outside. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_headers.h"
#include "on_valgrind.h"
#include "segue/uv.h"

static uv_loop_t loop;
static segue_uv_group *group;

/* ---- What was heard of failures ------------------------------------------------------------------------------------- */

static struct {
	int times;
	segue_result last;
	enum segue_state state;
} failures;

static void hear(void *arg, segue_coroutine *co, segue_result what)
{
	(void)arg;
	failures.times++;
	failures.last = what;
	failures.state = segue_state(co);
}

/* ---- Memory that ends: the library is linked statically ------------------------------------------------------------- */

static int allocations_left = -1; /* -1: any number */

static bool may_allocate(void)
{
	if (allocations_left == 0) {
		errno = ENOMEM;
		return false;
	}
	allocations_left -= allocations_left > 0;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	if (!may_allocate())
		return NULL;
	return __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	if (!may_allocate())
		return NULL;
	return __real_calloc(n, size);
}

/* ---- A loop and a group for each test. A handle that was not closed, or is not freed, is seen at the end ------------ */

static int setup(void **state)
{
	(void)state;
	memset(&failures, 0, sizeof failures);
	signal(SIGPIPE, SIG_IGN);
	if (uv_loop_init(&loop))
		return -1;
	group = segue_uv_group_new(&loop, hear, NULL);
	return group ? 0 : -1;
}

/* A few turns, in which what is ready goes on, and what waits still waits. */
static void turn_loop(void)
{
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

/* One turn that does not wait, even where a stream is polled that nobody reads from. Returns whether there is anything to wait for. */
static int pass(void)
{
	uv_sleep(1);
	return uv_run(&loop, UV_RUN_NOWAIT);
}

/* Until the group's tasks have ended, or the loop has nothing to wait for. */
static void run_loop(void)
{
	while (segue_uv_group_count(group) && pass())
		continue;
	turn_loop();
}

static int teardown(void **state)
{
	(void)state;
	segue_uv_group_free(group);
	for (int i = 0; i < 1000 && pass(); i++)
		continue;
	return uv_loop_close(&loop);
}

/* ---- What bodies record --------------------------------------------------------------------------------------------- */

enum { RECORDS = 64 };
static struct {
	int count;
	segue_result r[RECORDS];
} seen;

static segue_result see(segue_result r)
{
	if (seen.count < RECORDS)
		seen.r[seen.count++] = r;
	return r;
}

static void see_number(int n)
{
	see(segue_value((void *)(intptr_t)n));
}

static void forget(void)
{
	seen.count = 0;
}

static void assert_saw(int which, const segue_type *raised, intptr_t value)
{
	assert_true(which < seen.count);
	if (seen.r[which].raised != raised)
		fail_msg("%d: %s, not %s", which, seen.r[which].raised ? seen.r[which].raised->name : "a value", raised ? raised->name : "a value");
	assert_int_equal((intptr_t)seen.r[which].value, value);
}

static void assert_saw_numbers(const char *numbers)
{
	assert_int_equal(seen.count, (int)strlen(numbers));
	for (int i = 0; i < seen.count; i++)
		assert_saw(i, NULL, numbers[i] - '0');
}

static void assert_message(segue_result r, const segue_type *type, const char *message)
{
	assert_ptr_equal(r.raised, type);
	assert_string_equal(segue_uv_message(r), message);
}

/* ---- Streams -------------------------------------------------------------------------------------------------------- */

static uv_stream_t *ours, *theirs;

static uv_stream_t *stream_on(int fd)
{
	uv_pipe_t *pipe = segue_uv_pipe_new(&loop, 0);

	assert_non_null(pipe);
	assert_int_equal(uv_pipe_open(pipe, fd), 0);
	return (uv_stream_t *)pipe;
}

static int setup_pair(void **state)
{
	uv_os_sock_t fds[2];

	forget();
	if (setup(state) || uv_socketpair(SOCK_STREAM, 0, fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE))
		return -1;
	ours = stream_on(fds[0]);
	theirs = stream_on(fds[1]);
	return 0;
}

static int teardown_pair(void **state)
{
	segue_uv_drop(ours);
	segue_uv_drop(theirs);
	return teardown(state);
}

static int setup_seen(void **state)
{
	forget();
	return setup(state);
}

static void give_up(uv_stream_t **stream)
{
	segue_uv_drop(*stream);
	*stream = NULL;
}

static segue_result write_text(uv_stream_t *stream, const char *text)
{
	uv_buf_t buffer = uv_buf_init((char *)text, (unsigned)strlen(text));

	return segue_uv_write(stream, &buffer, 1);
}

/* A byte of a long message, by its place. */
static char byte_at(size_t i)
{
	return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

enum { LONG = 3 << 20 };

static char *long_message(void)
{
	char *message = malloc(LONG);

	for (size_t i = 0; message && i < LONG; i++)
		message[i] = byte_at(i);
	return message;
}

static void free_variable(void *variable)
{
	free(*(void **)variable);
}
#define FREED __attribute__((__cleanup__(free_variable))) void

/* In buffers of several lengths, one of them empty; the memory is gone as soon as this ends. */
static SEGUE_ASYNC(write_long, (uv_stream_t *, stream))
{
	FREED *message = long_message();
	char *at = message;
	uv_buf_t buffers[] = { { at, 0 }, { at, 1 }, { at + 1, 70000 }, { at + 70001, 0 }, { at + 70001, LONG - 70001 } };

	return see(segue_uv_write(stream, buffers, 5));
}

/* Returns how many bytes came that were as they should be, until something was not. */
static SEGUE_ASYNC(read_long, (uv_stream_t *, stream))
{
	size_t total = 0;
	char buffer[5000];

	for (;;) {
		size_t n = (size_t)SEGUE_TRY(segue_uv_read(stream, buffer, sizeof buffer));

		for (size_t i = 0; i < n; i++)
			if (buffer[i] != byte_at(total++))
				return segue_value((void *)(total - 1));
		if (n == 0 || total == LONG)
			return see(segue_value((void *)total));
	}
}

static SEGUE_ASYNC(read_once, (uv_stream_t *, stream))
{
	char buffer[8] = "";

	return see(segue_uv_read(stream, buffer, sizeof buffer));
}

static void a_read_gives_what_is_there_as_it_comes(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	turn_loop();
	assert_int_equal(seen.count, 0);
	assert_false(write_text(theirs, "seven 7").raised); /* it does not wait: outside a task, too */
	run_loop();
	assert_int_equal(seen.count, 1);
	assert_saw(0, NULL, 7);
	assert_false(write_text(theirs, "more than 8").raised);
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	run_loop();
	assert_saw(1, NULL, 8);
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	run_loop();
	assert_saw(2, NULL, 3);
}

static void the_end_is_0_and_stays(void **state)
{
	(void)state;
	give_up(&theirs);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
		run_loop();
		assert_saw(i, NULL, 0);
	}
}

/* What libuv has told about the end while nobody read is not lost. */
static void an_end_that_comes_while_nobody_reads_is_found(void **state)
{
	(void)state;
	assert_false(write_text(theirs, "seven 7").raised);
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	turn_loop();
	give_up(&theirs);
	turn_loop();
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	run_loop();
	assert_saw(0, NULL, 7);
	assert_saw(1, NULL, 0);
}

static SEGUE_ASYNC(read_nothing, (uv_stream_t *, stream))
{
	char byte;

	see(segue_uv_read(stream, &byte, 0));
	return segue_value(NULL);
}

static void a_read_of_no_bytes_is_EINVAL(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, read_nothing(ours)), 0);
	assert_saw(0, &segue_UVError, UV_EINVAL);
}

static void one_task_at_a_time_reads(void **state)
{
	segue_result r;
	segue_uv_task *second;

	(void)state;
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	second = segue_uv_start(group, read_once(ours));
	r = seen.r[0];
	assert_message(r, &segue_RuntimeError, "another task reads from this stream");
	segue_object_unref(second);
	assert_int_equal(failures.times, 1);
	assert_false(write_text(theirs, "to the first").raised);
	run_loop();
	assert_saw(1, NULL, 8);
}

/* ---- Back-pressure -------------------------------------------------------------------------------------------------- */

static void a_long_write_waits_for_its_reader(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, write_long(ours)), 0);
	turn_loop();
	assert_int_equal(seen.count, 0);
	assert_int_equal(segue_uv_group_count(group), 1);
	assert_int_equal(segue_uv_spawn(group, read_long(theirs)), 0);
	run_loop();
	assert_int_equal(seen.count, 2);
	assert_saw(seen.r[0].value ? 1 : 0, NULL, 0);
	assert_saw(seen.r[0].value ? 0 : 1, NULL, LONG);
}

static void what_nobody_reads_stays_in_the_system(void **state)
{
	(void)state;
	assert_false(write_text(ours, "xxxxxxx").raised);
	assert_int_equal(segue_uv_spawn(group, read_once(theirs)), 0);
	run_loop(); /* it goes on being polled */
	assert_saw(0, NULL, 7);
	assert_int_equal(segue_uv_spawn(group, write_long(ours)), 0);
	turn_loop();
	assert_int_equal(seen.count, 1);
	assert_int_equal(uv_is_active((uv_handle_t *)theirs), 0);
	assert_int_equal(segue_uv_spawn(group, read_long(theirs)), 0);
	run_loop();
	assert_int_equal(seen.count, 3);
}

/* ---- Cancelling ----------------------------------------------------------------------------------------------------- */

/* Starts it, sees it wait, cancels it, and sees what it saw: GeneratorExit, at once. */
static void assert_cancelled(segue_coroutine *co)
{
	segue_uv_task *task = segue_uv_start(group, co);
	size_t before = segue_uv_group_count(group);

	assert_non_null(task);
	assert_int_equal(seen.count, 0);
	segue_uv_cancel(task);
	assert_int_equal(seen.count, 1);
	assert_saw(0, &segue_GeneratorExit, 0);
	assert_int_equal(segue_uv_group_count(group), before - 1);
	segue_uv_cancel(task);
	segue_object_unref(task);
	assert_int_equal(failures.times, 0);
	turn_loop();
	assert_int_equal(seen.count, 1);
}

static void cancelled_while_reading(void **state)
{
	(void)state;
	assert_cancelled(read_once(ours));
	forget();
	assert_false(write_text(theirs, "kept").raised);
	turn_loop();
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	run_loop();
	assert_saw(0, NULL, 4);
}

static void cancelled_while_writing(void **state)
{
	(void)state;
	forget();
	segue_uv_task *task = segue_uv_start(group, write_long(ours));

	turn_loop();
	segue_uv_cancel(task);
	segue_object_unref(task);
	assert_saw(0, &segue_GeneratorExit, 0);
	assert_int_equal(segue_uv_spawn(group, read_long(theirs)), 0); /* what has gone out, and still does, is right, as far as it goes */
	turn_loop();
	give_up(&ours);
	run_loop();
	assert_int_equal(seen.count, 2);
	assert_null(seen.r[1].raised);
	assert_in_range((uintptr_t)seen.r[1].value, 1, LONG - 1);
}

static SEGUE_ASYNC(sleep_long)
{
	return see(segue_uv_sleep(1000000));
}

static void cancelled_while_sleeping(void **state)
{
	(void)state;
	assert_cancelled(sleep_long());
}

static SEGUE_ASYNC(await_signal, (int, number))
{
	return see(segue_uv_signal(number));
}

static void cancelled_while_awaiting_a_signal(void **state)
{
	(void)state;
	assert_cancelled(await_signal(SIGUSR1));
}

static SEGUE_ASYNC(look_up)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	segue_result r = segue_uv_getaddrinfo("127.0.0.1", "80", &hints);
	struct addrinfo *found = r.raised ? NULL : r.value;

	if (found) {
		see(segue_value((void *)(uintptr_t)ntohs(((struct sockaddr_in *)found->ai_addr)->sin_port)));
		uv_freeaddrinfo(found);
		return segue_value(NULL);
	}
	return see(r);
}

static void cancelled_while_looking_up(void **state)
{
	(void)state;
	assert_cancelled(look_up());
}

static SEGUE_ASYNC(close_theirs)
{
	uv_stream_t *stream = theirs;

	theirs = NULL;
	return see(segue_uv_close(stream));
}

static void cancelled_while_closing(void **state)
{
	(void)state;
	assert_cancelled(close_theirs());
}

static SEGUE_ASYNC(await_task, (segue_uv_task *, task))
{
	return see(segue_await(task));
}

static void cancelled_while_awaiting_a_task(void **state)
{
	segue_uv_task *slow = segue_uv_start(group, read_once(ours));

	(void)state;
	segue_object_ref(slow);
	assert_cancelled(await_task(slow));
	forget();
	assert_int_equal(segue_uv_group_count(group), 1); /* that goes on */
	assert_int_equal(segue_uv_spawn(group, await_task(slow)), 0);
	assert_false(write_text(theirs, "x").raised);
	run_loop();
	assert_int_equal(seen.count, 2);
	assert_saw(0, NULL, 1);
	assert_saw(1, NULL, 1);
}

static SEGUE_ASYNC(await_group, (segue_uv_group *, others))
{
	return see(segue_uv_group_wait(others));
}

static void cancelled_while_waiting_for_a_group(void **state)
{
	segue_uv_group *others = segue_uv_group_new(&loop, hear, NULL);

	(void)state;
	assert_int_equal(segue_uv_spawn(others, read_once(ours)), 0);
	assert_cancelled(await_group(others));
	forget();
	assert_int_equal(segue_uv_spawn(group, await_group(others)), 0);
	segue_uv_group_free(others);
	assert_int_equal(seen.count, 2);
	assert_saw(0, &segue_GeneratorExit, 0);
	assert_saw(1, NULL, 0);
}

static SEGUE_ASYNC(clean_up_slowly)
{
	segue_result r = segue_uv_sleep(1000000);

	see(write_text(ours, "goodbye")); /* that need not wait */
	see(segue_uv_sleep(0));
	see(segue_uv_shutdown(ours));
	return see(r);
}

static void cleanup_cannot_wait(void **state)
{
	segue_uv_task *task = segue_uv_start(group, clean_up_slowly());

	(void)state;
	segue_uv_cancel(task);
	segue_object_unref(task);
	assert_int_equal(seen.count, 4);
	assert_saw(0, NULL, 0);
	for (int i = 1; i < 4; i++)
		assert_saw(i, &segue_GeneratorExit, 0);
	assert_int_equal(segue_uv_spawn(group, read_once(theirs)), 0);
	run_loop();
	assert_saw(4, NULL, 7);
	assert_int_equal(failures.times, 0);
}

static SEGUE_ASYNC(ignore_closing)
{
	SEGUE_UV_TIMEOUT(timeout, 1000); /* of a frame that will be abandoned */

	while (!see(segue_yield(NULL)).raised || seen.count < RECORDS)
		continue;
	return segue_value(NULL);
}

static void who_ignores_the_close_has_failed(void **state)
{
	segue_uv_task *task = segue_uv_start(group, ignore_closing());

	(void)state;
	assert_int_equal(seen.count, 0);
	segue_uv_cancel(task);
	assert_int_equal(segue_uv_group_count(group), 0);
	segue_object_unref(task);
	assert_int_equal(failures.times, 1);
	assert_message(failures.last, &segue_RuntimeError, "coroutine ignored GeneratorExit");
	run_loop();
	assert_int_equal(seen.count, 2); /* once as it was cancelled, once as its last reference went */
	assert_int_equal(uv_loop_alive(&loop), 0);
}

static SEGUE_ASYNC(cancel_itself)
{
	segue_uv_cancel(segue_uv_current());
	see_number(1);
	return see(segue_uv_sleep(1000000));
}

static void one_that_runs_is_cancelled_as_it_waits(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, cancel_itself()), 0);
	assert_int_equal(seen.count, 2);
	assert_saw(1, &segue_GeneratorExit, 0);
	assert_int_equal(segue_uv_group_count(group), 0);
}

/* ---- Timeouts ------------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(read_in_time, (uv_stream_t *, stream))
{
	char buffer[8];
	{
		SEGUE_UV_TIMEOUT(outer, 1000000);
		SEGUE_UV_TIMEOUT(inner, 5);

		see(segue_uv_read(stream, buffer, sizeof buffer));
		see_number(segue_uv_timeout_passed(&inner));
		see_number(segue_uv_timeout_passed(&outer));
	}
	see_number(write_text(theirs, "now").raised != NULL);
	return see(segue_uv_read(stream, buffer, sizeof buffer));
}

static void a_timeout_raises_where_the_task_waits(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, read_in_time(ours)), 0);
	run_loop(); /* ends: the outer timeout is over */
	assert_int_equal(seen.count, 5);
	assert_saw(0, &segue_TimeoutError, 0);
	assert_saw(1, NULL, 1);
	assert_saw(2, NULL, 0);
	assert_saw(3, NULL, 0);
	assert_saw(4, NULL, 3);
}

static SEGUE_ASYNC(time_out_again)
{
	SEGUE_UV_TIMEOUT(outer, 20);
	{
		SEGUE_UV_TIMEOUT(short_one, 5); /* leaves an alarm behind */
	}
	{
		SEGUE_UV_TIMEOUT(inner, 10);

		see(segue_uv_sleep(1000000));
	}
	see(segue_uv_sleep(1000000));
	see_number(segue_uv_timeout_passed(&outer));
	return segue_value(NULL);
}

static void each_timeout_passes(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, time_out_again()), 0);
	for (int i = 0; i < 10000 && segue_uv_group_count(group); i++)
		pass();
	assert_int_equal(seen.count, 3);
	assert_saw(0, &segue_TimeoutError, 0);
	assert_saw(1, &segue_TimeoutError, 0);
	assert_saw(2, NULL, 1);
}

static SEGUE_ASYNC(await_in_time, (segue_coroutine *, inner))
{
	SEGUE_UV_TIMEOUT(timeout, 5);
	segue_result r = see(segue_await(inner));

	see_number(segue_uv_timeout_passed(&timeout));
	see(segue_uv_sleep(10)); /* it raises only once */
	return r;
}

static SEGUE_ASYNC(sleep_with_timeout)
{
	SEGUE_UV_TIMEOUT(timeout, 2000000);
	segue_result r = segue_uv_sleep(1000000);

	see_number(segue_uv_timeout_passed(&timeout));
	return see(r);
}

static void a_timeout_raises_in_what_is_awaited(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, await_in_time(sleep_with_timeout())), 0);
	run_loop();
	assert_int_equal(seen.count, 5);
	assert_saw(0, NULL, 0);
	assert_saw(1, &segue_TimeoutError, 0);
	assert_saw(2, &segue_TimeoutError, 0);
	assert_saw(3, NULL, 1);
	assert_saw(4, NULL, 0);
	assert_int_equal(failures.times, 1);
	assert_ptr_equal(failures.last.raised, &segue_TimeoutError);
}

static SEGUE_ASYNC(write_in_time, (uv_stream_t *, stream))
{
	SEGUE_UV_TIMEOUT(timeout, 5);

	return segue_await(write_long(stream));
}

static void a_timeout_while_writing(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, write_in_time(ours)), 0);
	while (failures.times == 0)
		pass();
	assert_saw(0, &segue_TimeoutError, 0);
	give_up(&ours);
	run_loop();
}

static SEGUE_ASYNC(time_out_awaiting, (segue_uv_task *, task))
{
	SEGUE_UV_TIMEOUT(timeout, 5);

	see(segue_await(task));
	return segue_value(NULL);
}

static void a_timeout_while_awaiting_a_task(void **state)
{
	segue_uv_task *slow = segue_uv_start(group, read_once(ours));

	(void)state;
	assert_int_equal(segue_uv_spawn(group, time_out_awaiting(slow)), 0);
	while (segue_uv_group_count(group) > 1)
		pass();
	assert_saw(0, &segue_TimeoutError, 0);
	give_up(&theirs);
	run_loop();
	assert_saw(1, NULL, 0);
}

static SEGUE_ASYNC(never_times_out)
{
	SEGUE_UV_TIMEOUT(timeout, UINT64_MAX);

	return see(segue_uv_sleep(1));
}

static void no_timeout_is_a_timeout_that_never_passes(void **state)
{
	segue_uv_timeout outside;

	(void)state;
	segue_uv_timeout_begin(&outside, 0);
	assert_int_equal(segue_uv_spawn(group, never_times_out()), 0);
	run_loop();
	assert_saw(0, NULL, 0);
	assert_int_equal(segue_uv_timeout_passed(&outside), 0);
	segue_uv_timeout_end(&outside);
}

/* ---- Sleep: the heap of timeouts ------------------------------------------------------------------------------------ */

enum { SLEEPERS = 500 };
static int woken, woken_late;
static uint64_t last_woken;

static SEGUE_ASYNC(sleep_and_count, (uint64_t, ms))
{
	SEGUE_TRY(segue_uv_sleep(ms));
	woken++;
	woken_late += ms < last_woken;
	last_woken = ms;
	return segue_value(NULL);
}

static void sleepers_wake_in_order(void **state)
{
	segue_uv_task *tasks[SLEEPERS];
	uint64_t x = 1;
	int dropped = 0;

	(void)state;
	woken = woken_late = 0;
	last_woken = 0;
	for (int i = 0; i < SLEEPERS; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		tasks[i] = segue_uv_start(group, sleep_and_count((x >> 33) % 40));
	}
	for (int i = 0; i < SLEEPERS; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		if (x >> 62 == 0) {
			segue_uv_cancel(tasks[i]);
			dropped++;
		}
		segue_object_unref(tasks[i]);
	}
	assert_in_range(dropped, 1, SLEEPERS - 1);
	run_loop();
	assert_int_equal(woken, SLEEPERS - dropped);
	assert_int_equal(woken_late, 0);
}

static SEGUE_ASYNC(take_turns, (int, me), (int, by_sleeping))
{
	for (int i = 0; i < 3; i++) {
		see_number(me);
		if (by_sleeping)
			SEGUE_TRY(segue_uv_sleep(0));
		else
			SEGUE_TRY(segue_yield(NULL));
	}
	return segue_value(NULL);
}

static void a_bare_yield_lets_others_go_first(void **state)
{
	(void)state;
	for (int by_sleeping = 0; by_sleeping < 2; by_sleeping++) {
		forget();
		assert_int_equal(segue_uv_spawn(group, take_turns(1, by_sleeping)), 0);
		assert_int_equal(segue_uv_spawn(group, take_turns(2, by_sleeping)), 0);
		run_loop();
		assert_saw_numbers("121212");
	}
}

static SEGUE_ASYNC(take_turns_until, (int, by_sleeping))
{
	for (int i = 0; i < 10000 && seen.count == 0; i++)
		SEGUE_TRY(by_sleeping ? segue_uv_sleep(0) : segue_yield(NULL));
	see_number(seen.count);
	return segue_value(NULL);
}

static void who_only_yields_lets_streams_go_first(void **state)
{
	(void)state;
	for (int by_sleeping = 0; by_sleeping < 2; by_sleeping++) {
		forget();
		assert_int_equal(segue_uv_spawn(group, take_turns_until(by_sleeping)), 0);
		assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
		assert_false(write_text(theirs, "x").raised);
		run_loop();
		assert_int_equal(seen.count, 2);
		assert_saw(0, NULL, 1);
	}
}

static SEGUE_ASYNC(yield_something)
{
	int something;

	see(segue_yield(&something));
	return segue_value(NULL);
}

static void another_yield_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, yield_something()), 0);
	assert_message(seen.r[0], &segue_RuntimeError, "task got bad yield");
	assert_int_equal(failures.times, 0);
}

/* ---- Closing -------------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(close_ours)
{
	segue_result r;
	uv_stream_t *stream = ours;

	ours = NULL;
	see_number(1);
	r = segue_uv_close(stream);
	see_number(3);
	return r;
}

static void a_close_waits_until_all_others_have_heard(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	assert_int_equal(segue_uv_spawn(group, write_long(ours)), 0);
	turn_loop();
	assert_int_equal(segue_uv_spawn(group, close_ours()), 0);
	run_loop();
	assert_int_equal(seen.count, 4);
	assert_saw(0, NULL, 1);
	assert_saw(1, &segue_UVError, UV_ECANCELED);
	assert_saw(2, &segue_UVError, UV_ECANCELED);
	assert_saw(3, NULL, 3);
	assert_int_equal(failures.times, 2);
	assert_message(failures.last, &segue_UVError, "operation canceled");
}

static SEGUE_ASYNC(shut_down_and_read, (uv_stream_t *, stream))
{
	char buffer[8];

	see(segue_uv_shutdown(stream));
	return see(segue_uv_read(stream, buffer, sizeof buffer));
}

static void a_shutdown_is_the_peers_end(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, shut_down_and_read(ours)), 0);
	assert_int_equal(segue_uv_spawn(group, read_once(theirs)), 0);
	turn_loop();
	assert_int_equal(seen.count, 2);
	assert_saw(0, NULL, 0);
	assert_saw(1, NULL, 0);
	assert_false(write_text(theirs, "answer").raised);
	run_loop();
	assert_saw(2, NULL, 6);
}

static void what_libuv_refuses_is_raised(void **state)
{
	(void)state;
	give_up(&theirs);
	assert_int_equal(segue_uv_spawn(group, write_long(ours)), 0);
	assert_saw(0, &segue_UVError, UV_EPIPE);
	assert_int_equal(segue_uv_code(seen.r[0]), UV_EPIPE);
	assert_int_equal(segue_uv_code(segue_value((void *)(intptr_t)UV_EPIPE)), 0);
	assert_string_equal(segue_uv_message(failures.last), uv_strerror(UV_EPIPE));
	assert_null(segue_uv_message(segue_value(NULL)));
	assert_ptr_equal(segue_uv_result(7).value, (void *)7);
	assert_null(segue_uv_result(7).raised);
}

/* ---- Tasks ---------------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(return_number, (intptr_t, n), (int, turns))
{
	for (int i = 0; i < turns; i++)
		SEGUE_TRY(segue_yield(NULL));
	return segue_value((void *)n);
}

static SEGUE_EXCEPTION(Trouble, segue_Exception);

static SEGUE_ASYNC(raise_trouble, (int, turns))
{
	for (int i = 0; i < turns; i++)
		SEGUE_TRY(segue_yield(NULL));
	return segue_raise(&Trouble, &loop);
}

static SEGUE_ASYNC(await_several)
{
	for (int turns = 0; turns < 3; turns++) {
		segue_uv_task *task = segue_uv_start(NULL, return_number(40 + turns, turns));

		segue_object_ref(task);
		see(segue_await(task));
		see(segue_await(task)); /* only once */
		see(segue_await(segue_uv_start(NULL, raise_trouble(turns))));
	}
	see(segue_await(segue_uv_current())); /* its reference is borrowed: */
	return segue_value(NULL);
}

static void awaiting_a_task_gives_its_result(void **state)
{
	segue_uv_task *task = segue_uv_start(group, await_several());

	(void)state;
	segue_object_ref(task);
	run_loop();
	segue_object_unref(task);
	assert_int_equal(seen.count, 10);
	for (int i = 0; i < 3; i++) {
		assert_saw(3 * i, NULL, 40 + i);
		assert_message(seen.r[3 * i + 1], &segue_RuntimeError, "cannot reuse already awaited task");
		assert_saw(3 * i + 2, &Trouble, (intptr_t)&loop);
	}
	assert_message(seen.r[9], &segue_RuntimeError, "task cannot await on itself");
	assert_int_equal(failures.times, 0);
}

static void awaiting_one_that_was_cancelled_is_CancelledError(void **state)
{
	segue_uv_task *task = segue_uv_start(group, sleep_long());

	(void)state;
	segue_object_ref(task);
	assert_int_equal(segue_uv_spawn(group, await_task(task)), 0);
	segue_uv_cancel(task);
	segue_object_unref(task);
	assert_int_equal(seen.count, 2);
	assert_saw(0, &segue_GeneratorExit, 0);
	assert_saw(1, &segue_CancelledError, 0);
	assert_int_equal(failures.times, 0);
}

static void one_task_at_a_time_awaits(void **state)
{
	segue_uv_task *task = segue_uv_start(group, read_once(ours));

	(void)state;
	segue_object_ref(task);
	assert_int_equal(segue_uv_spawn(group, await_task(task)), 0);
	assert_int_equal(segue_uv_spawn(group, await_task(task)), 0);
	assert_int_equal(seen.count, 1);
	assert_message(seen.r[0], &segue_RuntimeError, "task is being awaited already");
	assert_false(write_text(theirs, "x").raised);
	run_loop();
	assert_int_equal(seen.count, 3);
	assert_saw(2, NULL, 1);
}

static int released;

static void release(void *value)
{
	(void)value;
	released++;
}

static const segue_type Owned = { "Owned", &segue_Exception, release, { NULL } };

static SEGUE_ASYNC(raise_owned)
{
	SEGUE_TRY(segue_uv_sleep(0));
	return segue_raise(&Owned, &loop);
}

static void a_failure_that_nobody_awaits_is_reported(void **state)
{
	segue_uv_task *task;

	(void)state;
	released = 0;
	assert_int_equal(segue_uv_spawn(group, raise_owned()), 0);
	run_loop();
	assert_int_equal(failures.times, 1);
	assert_ptr_equal(failures.last.raised, &Owned);
	assert_int_equal(failures.state, SEGUE_CLOSED);
	assert_int_equal(released, 1);
	task = segue_uv_start(group, raise_owned());
	run_loop();
	assert_int_equal(failures.times, 1); /* somebody may still await it */
	segue_object_unref(task);
	assert_int_equal(failures.times, 2);
	assert_int_equal(released, 2);
}

static void what_cannot_be_started_is_said(void **state)
{
	(void)state;
	errno = EAGAIN;
	assert_null(segue_uv_start(group, NULL));
	assert_int_equal(errno, EAGAIN); /* the constructor's */
	assert_int_equal(segue_uv_spawn(group, NULL), UV_EAGAIN);
	assert_null(segue_uv_start(NULL, sleep_long()));
	assert_int_equal(errno, EINVAL);
	allocations_left = 0;
	segue_uv_task *task = segue_uv_start(group, sleep_long());
	int error = segue_uv_spawn(group, sleep_long());
	allocations_left = -1;
	assert_null(task);
	assert_int_equal(error, UV_ENOMEM);
}

/* Each awaits the one before it: as the first ends, all do, and none on the stack of another. */
enum { CHAIN = 3000 };

static SEGUE_ASYNC(await_the_next, (segue_uv_task *, task))
{
	return segue_await(task);
}

static void *run_chain(void *arg)
{
	uv_loop_t own;
	segue_uv_group *tasks = uv_loop_init(&own) ? NULL : segue_uv_group_new(&own, NULL, NULL);
	segue_uv_task *task = tasks ? segue_uv_start(tasks, return_number((intptr_t)arg, 1)) : NULL;

	for (int i = 0; task && i < CHAIN; i++)
		task = segue_uv_start(tasks, await_the_next(task));
	if (!task)
		return NULL;
	uv_run(&own, UV_RUN_DEFAULT);
	arg = segue_uv_run(&own, await_the_next(task)).value;
	segue_uv_group_free(tasks);
	uv_run(&own, UV_RUN_DEFAULT);
	return uv_loop_close(&own) ? NULL : arg;
}

static void a_long_chain_of_tasks_is_no_recursion(void **state)
{
	pthread_attr_t small;
	pthread_t thread;
	void *result = NULL;

	(void)state;
	assert_int_equal(pthread_attr_init(&small), 0);
	assert_int_equal(pthread_attr_setstacksize(&small, 192 * 1024), 0);
	assert_int_equal(pthread_create(&thread, &small, run_chain, &loop), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	pthread_attr_destroy(&small);
	assert_ptr_equal(result, &loop);
}

/* ---- Groups --------------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(cancel_the_others)
{
	segue_uv_group_cancel(group);
	see_number(1);
	see(segue_uv_group_wait(group));
	return segue_uv_sleep(0);
}

static void cancelling_a_group_leaves_who_calls_it(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, sleep_long()), 0);
	assert_int_equal(segue_uv_spawn(group, read_once(ours)), 0);
	assert_int_equal(segue_uv_group_count(group), 2);
	assert_int_equal(segue_uv_spawn(group, cancel_the_others()), 0);
	assert_int_equal(seen.count, 4);
	assert_saw(0, &segue_GeneratorExit, 0);
	assert_saw(1, &segue_GeneratorExit, 0);
	assert_saw(2, NULL, 1);
	assert_message(seen.r[3], &segue_RuntimeError, "a task can't wait for its own group");
	assert_int_equal(segue_uv_group_count(group), 1);
	run_loop();
	assert_int_equal(segue_uv_group_count(group), 0);
	assert_int_equal(failures.times, 0);
}

/* One that, as it is cancelled, cancels the others and starts a new one. */
static SEGUE_ASYNC(stir)
{
	segue_result r = segue_uv_sleep(1000000);

	see_number(segue_uv_spawn(group, sleep_long()));
	segue_uv_group_cancel(group);
	return r;
}

static void tasks_may_cancel_each_other(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(segue_uv_spawn(group, stir()), 0);
	segue_uv_group_cancel(group);
	run_loop();
	assert_int_equal(segue_uv_group_count(group), 0);
	assert_in_range(seen.count, 4, 8);
	assert_int_equal(failures.times, 0);
}

static void one_task_at_a_time_waits_for_a_group(void **state)
{
	segue_uv_group *others = segue_uv_group_new(&loop, hear, NULL);

	(void)state;
	assert_int_equal(segue_uv_spawn(others, return_number(0, 3)), 0);
	assert_int_equal(segue_uv_spawn(group, await_group(others)), 0);
	assert_int_equal(segue_uv_spawn(group, await_group(others)), 0);
	assert_message(seen.r[0], &segue_RuntimeError, "another task waits for this group");
	run_loop();
	assert_saw(1, NULL, 0);
	segue_uv_group_free(others);
	segue_uv_group_free(NULL);
}

/* ---- segue_uv_run() ------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(run_inside)
{
	see_number(segue_uv_spawn(NULL, sleep_long())); /* cancelled as this ends */
	see(segue_uv_run(&loop, sleep_long()));
	SEGUE_TRY(segue_uv_sleep(1));
	return segue_value(&loop);
}

static SEGUE_ASYNC(await_for_ever)
{
	see(segue_uv_group_wait(group));
	return segue_value(NULL);
}

static SEGUE_ASYNC(sit)
{
	return segue_uv_read(ours, &(char){ 0 }, 1);
}

static void run_until_it_ends(void **state)
{
	segue_result r = segue_uv_run(&loop, run_inside());

	(void)state;
	assert_null(r.raised);
	assert_ptr_equal(r.value, &loop);
	assert_int_equal(seen.count, 3);
	assert_saw(0, NULL, 0);
	assert_message(seen.r[1], &segue_RuntimeError, "segue_uv_run() cannot be called from a running task");
	assert_saw(2, &segue_GeneratorExit, 0);
	assert_ptr_equal(segue_uv_run(&loop, raise_trouble(0)).raised, &Trouble);
	assert_ptr_equal(segue_uv_run(&loop, raise_trouble(1)).raised, &Trouble);
	assert_ptr_equal(segue_uv_run(&loop, NULL).raised, &segue_MemoryError);
	for (int n = 0; n < 2; n++) { /* no group; no task */
		segue_coroutine *co = return_number(1, 1);

		allocations_left = n;
		r = segue_uv_run(&loop, co);
		allocations_left = -1;
		assert_ptr_equal(r.raised, &segue_MemoryError);
	}
}

/* The group's only task waits for who waits for the group. */
static void run_with_nothing_left_to_wait_for(void **state)
{
	segue_uv_task *task = segue_uv_start(group, sit());
	segue_result r;

	(void)state;
	uv_unref((uv_handle_t *)ours);
	r = segue_uv_run(&loop, await_for_ever());
	assert_message(r, &segue_RuntimeError, "the loop has stopped before the task's end");
	assert_saw(0, &segue_GeneratorExit, 0);
	segue_object_unref(task);
}

/* ---- Outside of tasks ----------------------------------------------------------------------------------------------- */

static SEGUE_GENERATOR(read_in_a_generator)
{
	return see(segue_uv_read(ours, &(char){ 0 }, 1));
}

/* Resumed by hand, what waits is told that it was no task. */
static SEGUE_ASYNC(drive_by_hand)
{
	segue_coroutine *driven = read_in_a_generator();

	see_number(segue_send(driven, NULL).raised != NULL);
	see_number(segue_send(driven, NULL).raised == &segue_StopIteration);
	segue_unref(driven);
	driven = read_in_a_generator();
	see_number(segue_send(driven, NULL).raised != NULL);
	SEGUE_TRY(segue_yield(NULL)); /* this task goes on, and not by what the other waits for */
	see_number(write_text(theirs, "x").raised != NULL);
	SEGUE_TRY(segue_uv_sleep(5));
	see_number(segue_send(driven, NULL).raised == &segue_StopIteration);
	segue_unref(driven);
	return segue_value(NULL);
}

static void who_drives_by_hand_is_no_task(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, drive_by_hand()), 0);
	run_loop();
	assert_int_equal(seen.count, 7);
	assert_message(seen.r[1], &segue_RuntimeError, "await wasn't used with a task");
	for (int i = 0; i < 7; i++)
		if (i == 2 || i == 6)
			assert_saw(i, NULL, i == 2 ? 0 : 1);
	assert_int_equal(failures.times, 0);
}

static void nothing_waits_outside_a_task(void **state)
{
	struct sockaddr_in nowhere;
	uv_tcp_t *tcp = segue_uv_tcp_new(&loop);
	uv_pipe_t *pipe = segue_uv_pipe_new(&loop, 0);
	char byte;

	(void)state;
	uv_ip4_addr("127.0.0.1", 1, &nowhere);
	see(segue_uv_read(ours, &byte, 1));
	see(segue_uv_shutdown(ours));
	see(segue_uv_accept((uv_stream_t *)tcp));
	see(segue_uv_connect(tcp, (struct sockaddr *)&nowhere));
	see(segue_uv_connect_pipe(pipe, "/nowhere"));
	see(segue_uv_getaddrinfo("127.0.0.1", NULL, NULL));
	see(segue_uv_signal(SIGUSR1));
	see(segue_uv_sleep(1));
	see(segue_uv_close(tcp));
	see(segue_uv_close(pipe));
	for (int i = 0; i < seen.count; i++)
		assert_message(seen.r[i], &segue_RuntimeError, "no running task");
	assert_int_equal(seen.count, 10);
	assert_null(segue_uv_current());
	segue_uv_drop(NULL);
}

/* ---- Connections ---------------------------------------------------------------------------------------------------- */

static struct sockaddr_in address;

static uv_stream_t *listen_here(void)
{
	uv_tcp_t *listener = segue_uv_tcp_new(&loop);
	int size = sizeof address;

	assert_non_null(listener);
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_bind(listener, (struct sockaddr *)&address, 0), 0);
	assert_int_equal(segue_uv_listen((uv_stream_t *)listener, 512), 0);
	assert_int_equal(uv_tcp_getsockname(listener, (struct sockaddr *)&address, &size), 0);
	return (uv_stream_t *)listener;
}

static SEGUE_ASYNC(echo, (uv_stream_t *, accepted))
{
	SEGUE_UV_OWNER uv_stream_t *client = accepted;
	char buffer[256];

	for (;;) {
		SEGUE_UV_TIMEOUT(idle, 1000000);
		size_t n = (size_t)SEGUE_TRY(segue_uv_read(client, buffer, sizeof buffer));
		uv_buf_t back = uv_buf_init(buffer, (unsigned)n);

		if (n == 0)
			return segue_value(NULL);
		SEGUE_TRY(segue_uv_write(client, &back, 1));
	}
}

static SEGUE_ASYNC(serve, (uv_stream_t *, socket))
{
	SEGUE_UV_OWNER uv_stream_t *listener = socket;

	for (;;)
		segue_uv_spawn(NULL, echo(SEGUE_TRY(segue_uv_accept(listener))));
}

static int answered;

static SEGUE_ASYNC(call, (int, times))
{
	uv_tcp_t *server = segue_uv_tcp_new(&loop);
	char buffer[64];

	SEGUE_TRY(segue_uv_connect(server, (struct sockaddr *)&address));
	for (int i = 0; i < times; i++) {
		SEGUE_TRY(write_text((uv_stream_t *)server, "hello"));
		answered += (size_t)SEGUE_TRY(segue_uv_read((uv_stream_t *)server, buffer, sizeof buffer)) == 5;
	}
	SEGUE_TRY(segue_uv_shutdown((uv_stream_t *)server));
	SEGUE_TRY(segue_uv_read((uv_stream_t *)server, buffer, sizeof buffer));
	return segue_uv_close(server);
}

static SEGUE_ASYNC(call_many, (int, count))
{
	segue_uv_group *callers = segue_uv_group_new(&loop, hear, NULL);
	segue_result r;

	for (int i = 0; i < count; i++)
		segue_uv_spawn(callers, call(3));
	r = segue_uv_group_wait(callers);
	segue_uv_group_free(callers);
	return r;
}

static void many_connections_at_once(void **state)
{
	const int count = RUNNING_ON_VALGRIND ? 50 : 300;
	segue_uv_task *server, *calls;

	(void)state;
	answered = 0;
	server = segue_uv_start(group, serve(listen_here()));
	calls = segue_uv_start(group, call_many(count));
	segue_object_ref(calls);
	segue_object_unref(segue_uv_start(group, await_task(calls)));
	while (seen.count == 0)
		pass();
	assert_saw(0, NULL, 0);
	assert_int_equal(answered, 3 * count);
	segue_object_unref(calls);
	segue_uv_cancel(server); /* its listener goes with it */
	segue_object_unref(server);
	run_loop();
	assert_int_equal(segue_uv_group_count(group), 0);
	assert_int_equal(failures.times, 0);
}

static SEGUE_ASYNC(connect_only)
{
	SEGUE_UV_OWNER uv_tcp_t *server = segue_uv_tcp_new(&loop);

	return see(segue_uv_connect(server, (struct sockaddr *)&address));
}

static void nobody_listens(void **state)
{
	(void)state;
	segue_uv_drop(listen_here());
	turn_loop();
	assert_int_equal(segue_uv_spawn(group, connect_only()), 0);
	run_loop();
	assert_saw(0, &segue_UVError, UV_ECONNREFUSED);
	assert_int_equal(failures.times, 1);
}

static void cancelled_while_connecting(void **state)
{
	uv_stream_t *listener = listen_here();

	(void)state;
	uv_unref((uv_handle_t *)listener);
	assert_cancelled(connect_only());
	segue_uv_drop(listener);
}

static SEGUE_ASYNC(accept_only, (uv_stream_t *, listener))
{
	segue_result r = see(segue_uv_accept(listener));

	if (!r.raised)
		segue_uv_drop(r.value);
	return r;
}

static void cancelled_while_accepting(void **state)
{
	uv_stream_t *listener = listen_here();

	(void)state;
	uv_unref((uv_handle_t *)listener);
	assert_cancelled(accept_only(listener));
	segue_uv_drop(listener);
}

/* It is kept until somebody accepts; and there is one who may. */
static void a_connection_waits_to_be_accepted(void **state)
{
	uv_stream_t *listener = listen_here();

	(void)state;
	uv_unref((uv_handle_t *)listener);
	for (int i = 0; i < 3; i++)
		assert_int_equal(segue_uv_spawn(group, connect_only()), 0);
	turn_loop();
	assert_int_equal(seen.count, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(segue_uv_spawn(group, accept_only(listener)), 0);
	uv_ref((uv_handle_t *)listener);
	run_loop();
	for (int i = 3; i < seen.count; i++)
		if (seen.r[i].raised)
			assert_message(seen.r[i], &segue_RuntimeError, "another task accepts from this listener");
	assert_null(seen.r[3].raised);
	segue_uv_drop(listener);
}

static SEGUE_ASYNC(reset)
{
	uv_stream_t *client = SEGUE_TRY(segue_uv_accept(ours));
	struct linger at_once = { 1, 0 };
	uv_os_fd_t fd;
	char byte;

	SEGUE_TRY(segue_uv_read(client, &byte, 1));
	uv_fileno((uv_handle_t *)client, &fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	return segue_uv_close(client);
}

static SEGUE_ASYNC(be_reset)
{
	SEGUE_UV_OWNER uv_tcp_t *server = segue_uv_tcp_new(&loop);
	char byte;

	SEGUE_TRY(segue_uv_connect(server, (struct sockaddr *)&address));
	SEGUE_TRY(write_text((uv_stream_t *)server, "x"));
	see(segue_uv_read((uv_stream_t *)server, &byte, 1));
	return segue_value(NULL);
}

static void a_reset_is_ECONNRESET(void **state)
{
	(void)state;
	ours = listen_here();
	assert_int_equal(segue_uv_spawn(group, reset()), 0);
	assert_int_equal(segue_uv_spawn(group, be_reset()), 0);
	run_loop();
	assert_saw(0, &segue_UVError, UV_ECONNRESET);
	assert_int_equal(failures.times, 0);
	segue_uv_drop(ours);
}

static char pipe_name[64];

static SEGUE_ASYNC(connect_by_name)
{
	SEGUE_UV_OWNER uv_pipe_t *server = segue_uv_pipe_new(&loop, 0);

	return see(segue_uv_connect_pipe(server, pipe_name));
}

static void pipes_have_names(void **state)
{
	uv_pipe_t *listener = segue_uv_pipe_new(&loop, 0);

	(void)state;
	snprintf(pipe_name, sizeof pipe_name, "tests/test_uv.%ld", (long)uv_os_getpid());
	assert_int_equal(segue_uv_spawn(group, connect_by_name()), 0);
	run_loop();
	assert_saw(0, &segue_UVError, UV_ENOENT);
	forget();
	assert_int_equal(uv_pipe_bind(listener, pipe_name), 0);
	assert_int_equal(segue_uv_listen((uv_stream_t *)listener, 5), 0);
	assert_int_equal(segue_uv_spawn(group, accept_only((uv_stream_t *)listener)), 0);
	assert_int_equal(segue_uv_spawn(group, connect_by_name()), 0);
	run_loop();
	assert_int_equal(seen.count, 2);
	assert_null(seen.r[0].raised);
	assert_null(seen.r[1].raised);
	segue_uv_drop(listener);
}

/* ---- Others --------------------------------------------------------------------------------------------------------- */

static void a_signal_wakes_who_waits_for_it(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, await_signal(SIGUSR1)), 0);
	turn_loop();
	assert_int_equal(seen.count, 0);
	raise(SIGUSR1);
	run_loop();
	assert_saw(0, NULL, 0);
	assert_int_equal(segue_uv_spawn(group, await_signal(SIGKILL)), 0);
	assert_saw(1, &segue_UVError, UV_EINVAL);
}

static void a_name_is_looked_up(void **state)
{
	(void)state;
	assert_int_equal(segue_uv_spawn(group, look_up()), 0);
	assert_int_equal(seen.count, 0);
	run_loop();
	assert_saw(0, NULL, 80);
}

static void without_memory(void **state)
{
	uv_stream_t *listener = listen_here();
	segue_coroutine *(*makers[])(void) = { connect_only, look_up };

	(void)state;
	uv_unref((uv_handle_t *)listener);
	for (int i = 0; i < 2; i++) {
		segue_coroutine *co = makers[i]();

		forget();
		allocations_left = i == 0 ? 2 : 1; /* a task, and a handle; not the request */
		segue_uv_spawn(group, co);
		allocations_left = -1;
		assert_saw(0, &segue_MemoryError, 0);
	}
	segue_uv_drop(listener);
}

int main(void)
{
#define ALONE(test) cmocka_unit_test_setup_teardown(test, setup_seen, teardown)
#define ON_A_PAIR(test) cmocka_unit_test_setup_teardown(test, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		ON_A_PAIR(a_read_gives_what_is_there_as_it_comes),
		ON_A_PAIR(the_end_is_0_and_stays),
		ON_A_PAIR(an_end_that_comes_while_nobody_reads_is_found),
		ON_A_PAIR(a_read_of_no_bytes_is_EINVAL),
		ON_A_PAIR(one_task_at_a_time_reads),
		ON_A_PAIR(a_long_write_waits_for_its_reader),
		ON_A_PAIR(what_nobody_reads_stays_in_the_system),
		ON_A_PAIR(cancelled_while_reading),
		ON_A_PAIR(cancelled_while_writing),
		ALONE(cancelled_while_sleeping),
		ALONE(cancelled_while_awaiting_a_signal),
		ALONE(cancelled_while_looking_up),
		ON_A_PAIR(cancelled_while_closing),
		ON_A_PAIR(cancelled_while_awaiting_a_task),
		ON_A_PAIR(cancelled_while_waiting_for_a_group),
		ALONE(cancelled_while_connecting),
		ALONE(cancelled_while_accepting),
		ON_A_PAIR(cleanup_cannot_wait),
		ALONE(who_ignores_the_close_has_failed),
		ALONE(one_that_runs_is_cancelled_as_it_waits),
		ON_A_PAIR(a_timeout_raises_where_the_task_waits),
		ALONE(each_timeout_passes),
		ALONE(a_timeout_raises_in_what_is_awaited),
		ON_A_PAIR(a_timeout_while_writing),
		ON_A_PAIR(a_timeout_while_awaiting_a_task),
		ALONE(no_timeout_is_a_timeout_that_never_passes),
		ALONE(sleepers_wake_in_order),
		ALONE(a_bare_yield_lets_others_go_first),
		ON_A_PAIR(who_only_yields_lets_streams_go_first),
		ALONE(another_yield_is_an_error),
		ON_A_PAIR(a_close_waits_until_all_others_have_heard),
		ON_A_PAIR(a_shutdown_is_the_peers_end),
		ON_A_PAIR(what_libuv_refuses_is_raised),
		ALONE(awaiting_a_task_gives_its_result),
		ALONE(awaiting_one_that_was_cancelled_is_CancelledError),
		ON_A_PAIR(one_task_at_a_time_awaits),
		ALONE(a_failure_that_nobody_awaits_is_reported),
		ALONE(what_cannot_be_started_is_said),
		ALONE(a_long_chain_of_tasks_is_no_recursion),
		ON_A_PAIR(cancelling_a_group_leaves_who_calls_it),
		ALONE(tasks_may_cancel_each_other),
		ALONE(one_task_at_a_time_waits_for_a_group),
		ALONE(run_until_it_ends),
		ON_A_PAIR(run_with_nothing_left_to_wait_for),
		ON_A_PAIR(who_drives_by_hand_is_no_task),
		ON_A_PAIR(nothing_waits_outside_a_task),
		ALONE(many_connections_at_once),
		ALONE(nobody_listens),
		ALONE(a_connection_waits_to_be_accepted),
		ALONE(a_reset_is_ECONNRESET),
		ALONE(pipes_have_names),
		ALONE(a_signal_wakes_who_waits_for_it),
		ALONE(a_name_is_looked_up),
		ALONE(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
