/* Coroutines that go on on another thread: the library's own thread-local is that thread's at once, in whatever form and however it was
 * compiled. A user's, and errno, are where a function that is not inlined reads them; in the function that yields a compiler may keep
 * their address, and then they are the old thread's: the last tests show that. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "cmocka_headers.h"
#include "segue.h"

#define NOINLINE __attribute__((noinline))

enum { MOVES = 20 };

/* ---- Each send from a thread of its own, while this one waits: no two of them have thread-locals at one address ------- */

static struct errand {
	segue_coroutine *co;
	void *value;
	segue_result result;
	int stale; /* afterwards something still runs on that thread */
} errand;

static void *send_there(void *unused)
{
	(void)unused;
	errand.stale |= segue_current() != NULL;
	errand.result = segue_send(errand.co, errand.value);
	errand.stale |= segue_current() != NULL;
	return NULL;
}

static segue_result send_elsewhere(segue_coroutine *co, void *value)
{
	pthread_t thread;

	errand = (struct errand){ co, value, { NULL, NULL }, 0 };
	if (pthread_create(&thread, NULL, send_there, NULL))
		abort();
	pthread_join(thread, NULL);
	errand.stale |= segue_current() != NULL;
	return errand.result;
}

/* ---- The running coroutine ------------------------------------------------------------------------------------------- */

static segue_result count(void *wrong)
{
	for (uintptr_t n = 1;; n++) {
		*(int *)wrong += segue_current() == NULL;
		SEGUE_TRY(segue_yield((void *)n));
	}
}

/* Reads, sends and yields all in one function, before and after each move. */
static segue_result send_and_yield(void *wrong)
{
	segue_coroutine *me = segue_current();
	segue_coroutine *inner = segue_coroutine_new(count, wrong);

	for (uintptr_t n = 1; n <= MOVES; n++) {
		*(int *)wrong += segue_send(inner, NULL).value != (void *)n;
		*(int *)wrong += segue_current() != me;
		*(int *)wrong += segue_yield((void *)n).raised != NULL;
		*(int *)wrong += segue_current() != me;
	}
	segue_unref(inner);
	return segue_value(wrong);
}

static void the_running_coroutine_is_right_after_a_move(void **state)
{
	int wrong = 0, stale = 0;
	segue_coroutine *co = segue_coroutine_new(send_and_yield, &wrong);
	segue_result r = segue_send(co, NULL);

	(void)state;
	for (uintptr_t n = 1; n <= MOVES; n++) {
		assert_null(r.raised);
		assert_int_equal((uintptr_t)r.value, n);
		r = n % 3 ? send_elsewhere(co, NULL) : segue_send(co, NULL);
		stale |= errand.stale;
	}
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_int_equal(wrong, 0);
	assert_int_equal(stale, 0);
	segue_unref(co);
}

/* The same of what an await leads to, and of what ends and throws. */
static segue_result await_in_turn(void *wrong)
{
	segue_coroutine *me = segue_current();

	for (int i = 0; i < MOVES; i++) {
		segue_coroutine *inner = segue_coroutine_new(count, wrong);
		segue_ref(inner);
		*(int *)wrong += segue_await(inner).raised != &segue_ValueError;
		*(int *)wrong += segue_current() != me;
		*(int *)wrong += segue_close(inner).raised != NULL || segue_state(inner) != SEGUE_CLOSED;
		segue_unref(inner);
	}
	return segue_value(wrong);
}

static void *throw_there(void *co)
{
	errand.result = segue_throw(co, &segue_ValueError, NULL);
	return NULL;
}

static void chains_move_as_a_whole(void **state)
{
	int wrong = 0, stale = 0;
	segue_coroutine *co = segue_coroutine_new(await_in_turn, &wrong);
	segue_result r = segue_send(co, NULL);

	(void)state;
	for (int i = 0; i < MOVES; i++) {
		pthread_t thread;
		assert_int_equal((uintptr_t)r.value, 1);
		assert_int_equal((uintptr_t)send_elsewhere(co, NULL).value, 2);
		stale |= errand.stale;
		pthread_create(&thread, NULL, throw_there, co);
		pthread_join(thread, NULL);
		r = errand.result;
	}
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_int_equal(wrong, 0);
	assert_int_equal(stale, 0);
	segue_unref(co);
}

/* A pool of stacks is a thread's too: made and dropped before and after each move, all stay apart. */
static segue_result none(void *unused)
{
	return segue_value(unused);
}

static segue_result make_and_drop(void *wrong)
{
	for (int i = 0; i < MOVES; i++) {
		segue_coroutine *a = segue_coroutine_new(none, &a), *b = segue_coroutine_new(none, &b);
		*(int *)wrong += !a || a == b || segue_send(a, NULL).value != &a;
		segue_unref(a);
		*(int *)wrong += segue_yield(NULL).raised != NULL;
		a = segue_coroutine_new(none, &a);
		*(int *)wrong += a == b || segue_send(a, NULL).value != &a || segue_send(b, NULL).value != &b;
		segue_unref(a);
		segue_unref(b);
	}
	return segue_value(wrong);
}

static void stacks_are_of_the_thread_that_asks(void **state)
{
	int wrong = 0;
	segue_coroutine *co = segue_coroutine_new(make_and_drop, &wrong);
	segue_result r = segue_send(co, NULL);

	(void)state;
	while (!r.raised)
		r = send_elsewhere(co, NULL);
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_int_equal(wrong, 0);
	segue_unref(co);
}

/* A hook may yield: then what was begun on the old thread is finished on the new one. */
static void yield_meanwhile(void *unused)
{
	(void)unused;
	segue_yield(NULL);
}

static segue_result drop_unstarted(void *dropped)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	attr.dispose = yield_meanwhile;
	co = segue_coroutine_new_with(none, NULL, &attr);
	*(segue_coroutine **)dropped = co;
	segue_unref(co);
	return segue_value(NULL);
}

static void *finish_dropping(void *co)
{
	segue_coroutine *mine;

	segue_unref(segue_coroutine_new(none, NULL)); /* from here on this thread has a pool */
	segue_send(co, NULL);
	mine = segue_coroutine_new(none, NULL);
	segue_unref(mine);
	return mine;
}

static void a_stack_goes_to_the_thread_that_drops_it_in_the_end(void **state)
{
	segue_coroutine *dropped = NULL, *co = segue_coroutine_new(drop_unstarted, &dropped);
	pthread_t thread;
	void *next = NULL;

	(void)state;
	segue_send(co, NULL);
	assert_int_equal(pthread_create(&thread, NULL, finish_dropping, co), 0);
	pthread_join(thread, &next);
	assert_ptr_equal(next, dropped);
	segue_unref(co);
}

/* What the running coroutine's data is, and which stack is the thread's. */
static segue_key key;

static NOINLINE void *who_am_i(void *me)
{
	*(pthread_t *)me = pthread_self();
	return segue_current() ? NULL : me;
}

static segue_result use_locals(void *wrong)
{
	pthread_t self;

	for (char *n = wrong; n < (char *)wrong + MOVES; n++) {
		*(int *)wrong += segue_set_local(key, n) != 0;
		*(int *)wrong += segue_call_on_thread_stack(who_am_i, &self) != &self;
		*(int *)wrong += segue_yield(&self).raised != NULL;
		*(int *)wrong += segue_get_local(key) != n;
	}
	return segue_value(wrong);
}

static void its_data_goes_with_it(void **state)
{
	int wrong = 0;
	segue_coroutine *co = segue_coroutine_new(use_locals, &wrong);
	segue_result r;

	(void)state;
	assert_int_equal(segue_key_create(&key, NULL), 0);
	r = segue_send(co, NULL);
	assert_true(pthread_equal(*(pthread_t *)r.value, pthread_self()));
	while (!r.raised) {
		assert_null(segue_get_local(key));
		r = send_elsewhere(co, NULL);
		assert_false(r.value != &wrong && pthread_equal(*(pthread_t *)r.value, pthread_self()));
	}
	assert_int_equal(wrong, 0);
	segue_key_delete(key);
	segue_unref(co);
}

/* ---- A user's thread-local, and errno -------------------------------------------------------------------------------- */

static _Thread_local int number;

static NOINLINE int get_number(void)
{
	return number;
}

static NOINLINE void set_number(int n)
{
	number = n;
}

static NOINLINE int get_errno(void)
{
	return errno;
}

static NOINLINE void set_errno(int n)
{
	errno = n;
}

struct seen {
	int number[2], error[2];   /* before and after the move, through functions */
	int *held, through_held;   /* an address from before the move, and what it leads to after it */
	int plain[2], plain_error[2]; /* read in the function that yields */
	pthread_t self[2];
};

static segue_result read_before_and_after(void *arg)
{
	struct seen *s = arg;

	s->number[0] = get_number();
	s->error[0] = get_errno();
	s->held = &number;
	s->plain[0] = number;
	s->plain_error[0] = errno;
	s->self[0] = pthread_self();
	SEGUE_TRY(segue_yield(NULL));
	s->number[1] = get_number();
	s->error[1] = get_errno();
	s->through_held = *s->held;
	s->plain[1] = number;
	s->plain_error[1] = errno;
	s->self[1] = pthread_self();
	set_number(7);
	set_errno(EDOM);
	SEGUE_TRY(segue_yield(NULL));
	return segue_value(NULL);
}

static int after[2]; /* what the other thread has when the coroutine has been there */
static pthread_t first, second;

static void *visit(void *co)
{
	second = pthread_self();
	number = 2;
	errno = ERANGE;
	segue_send(co, NULL);
	after[0] = number;
	after[1] = errno;
	return NULL;
}

static struct seen seen;

static int move_once(void **state)
{
	segue_coroutine *co = segue_coroutine_new(read_before_and_after, &seen);
	pthread_t thread;

	(void)state;
	first = pthread_self();
	number = 1;
	errno = EINTR;
	segue_send(co, NULL);
	if (pthread_create(&thread, NULL, visit, co) || pthread_join(thread, NULL))
		return -1;
	segue_unref(co);
	return 0;
}

static void functions_that_are_not_inlined_read_the_present_threads(void **state)
{
	(void)state;
	assert_int_equal(seen.number[0], 1);
	assert_int_equal(seen.number[1], 2);
	assert_int_equal(seen.error[0], EINTR);
	assert_int_equal(seen.error[1], ERANGE);
	assert_int_equal(after[0], 7);
	assert_int_equal(after[1], EDOM);
}

static void an_address_from_before_is_the_old_threads(void **state)
{
	(void)state;
	assert_ptr_equal(seen.held, &number);
	assert_int_equal(seen.through_held, 1);
}

/* Nothing says which: it is told, and no more is wanted than that it is one of the two. */
static void a_plain_read_is_one_threads_or_the_others(void **state)
{
	(void)state;
	print_message("read plainly after a move: a thread-local of the %s thread, errno of the %s, pthread_self() the %s\n",
		      seen.plain[1] == 1 ? "old" : "new", seen.plain_error[1] == EINTR ? "old" : "new",
		      pthread_equal(seen.self[1], first) ? "old" : "new");
	assert_int_equal(seen.plain[0], 1);
	assert_int_equal(seen.plain_error[0], EINTR);
	assert_in_range(seen.plain[1], 1, 2);
	assert_true(seen.plain_error[1] == EINTR || seen.plain_error[1] == ERANGE);
	assert_true(pthread_equal(seen.self[0], first));
	assert_true(pthread_equal(seen.self[1], first) || pthread_equal(seen.self[1], second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_running_coroutine_is_right_after_a_move),
		cmocka_unit_test(chains_move_as_a_whole),
		cmocka_unit_test(stacks_are_of_the_thread_that_asks),
		cmocka_unit_test(a_stack_goes_to_the_thread_that_drops_it_in_the_end),
		cmocka_unit_test(its_data_goes_with_it),
		cmocka_unit_test(functions_that_are_not_inlined_read_the_present_threads),
		cmocka_unit_test(an_address_from_before_is_the_old_threads),
		cmocka_unit_test(a_plain_read_is_one_threads_or_the_others),
	};

	return cmocka_run_group_tests(tests, move_once, NULL);
}
