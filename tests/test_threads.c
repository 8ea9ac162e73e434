/* Coroutines that move between threads, references that end on other threads, pools of threads that end, and fork(). */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_headers.h"
#include "process.h"
#include "segue.h"

enum { THREADS = 4, MANY = 1000, ROUNDS = 20, GENERATIONS = 50, EACH = 200 };

/* Fewer where each step costs more. */
static int fewer(int n)
{
	return RUNNING_ON_VALGRIND ? n / 5 : n;
}

/* ---- A thousand, from four threads ------------------------------------------------------------------------------ */

static struct job {
	segue_coroutine *co;
	uintptr_t sent, sum;        /* the body sums what it was sent, and yields it */
	int current_wrong, moves;
	pthread_t last;
} jobs[MANY];

static struct {
	pthread_mutex_t lock;
	struct job *waiting[MANY];
	int first, count, unfinished;
	int wrong; /* values */
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The thread that runs a body changes at a yield: asked in a function of its own, never through a kept address. */
static __attribute__((noinline)) void look(struct job *j)
{
	j->current_wrong += segue_current() != j->co;
	if (!pthread_equal(j->last, pthread_self()))
		j->moves++;
	j->last = pthread_self();
}

static segue_result add_up(void *arg)
{
	struct job *j = arg;
	uintptr_t sum = 0;

	j->last = pthread_self();
	for (;;) {
		void *sent = SEGUE_TRY(segue_yield((void *)sum));
		look(j);
		sum += (uintptr_t)sent;
	}
}

static struct job *take_job(void)
{
	struct job *j = NULL;

	pthread_mutex_lock(&queue.lock);
	if (queue.count > 0) {
		j = queue.waiting[queue.first];
		queue.first = (queue.first + 1) % MANY;
		queue.count--;
	}
	pthread_mutex_unlock(&queue.lock);
	return j;
}

/* Back into the queue, or it is finished. */
static int put_job(struct job *j, int wrong)
{
	int unfinished;

	pthread_mutex_lock(&queue.lock);
	queue.wrong += wrong;
	if (j && j->sent < ROUNDS)
		queue.waiting[(queue.first + queue.count++) % MANY] = j;
	else if (j)
		queue.unfinished--;
	unfinished = queue.unfinished;
	pthread_mutex_unlock(&queue.lock);
	return unfinished;
}

static void *work(void *unused)
{
	struct job *j;
	segue_result r;
	int wrong;

	(void)unused;
	do {
		wrong = 0;
		j = take_job();
		if (j) {
			j->sum += ++j->sent;
			r = segue_send(j->co, (void *)j->sent);
			wrong = r.raised || (uintptr_t)r.value != j->sum || segue_current();
		}
	} while (put_job(j, wrong) > 0);
	return NULL;
}

static void *drop_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < MANY; i++)
		segue_unref(jobs[i].co);
	return NULL;
}

static void run_thread(void *(*start)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, start, arg), 0);
	pthread_join(thread, NULL);
}

static void values_and_current_are_right_on_every_thread(void **state)
{
	pthread_t threads[THREADS];
	long moves = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		jobs[i].co = segue_coroutine_new(add_up, &jobs[i]);
		assert_non_null(jobs[i].co);
		segue_send(jobs[i].co, NULL);
		queue.waiting[i] = &jobs[i];
	}
	queue.count = queue.unfinished = MANY;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(queue.wrong, 0);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(jobs[i].current_wrong, 0);
		assert_int_equal(jobs[i].sum, ROUNDS * (ROUNDS + 1) / 2);
		moves += jobs[i].moves;
	}
	assert_true(moves > MANY / 2);
	run_thread(drop_all, NULL);
}

/* ---- References ------------------------------------------------------------------------------------------------- */

static segue_coroutine *shared;
static int closed_on_thread;

static segue_result until_closed(void *unused)
{
	segue_result r;

	(void)unused;
	do
		r = segue_yield(NULL);
	while (!r.raised);
	closed_on_thread++;
	return r;
}

static void *ref_and_unref(void *unused)
{
	(void)unused;
	for (int i = 0; i < 20000; i++) {
		segue_ref(shared);
		segue_unref(shared);
	}
	segue_unref(shared);
	return NULL;
}

static void references_from_many_threads_add_up(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	closed_on_thread = 0;
	shared = segue_coroutine_new(until_closed, NULL);
	segue_send(shared, NULL);
	for (int i = 0; i < THREADS; i++)
		segue_ref(shared);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, ref_and_unref, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(closed_on_thread, 0);
	assert_int_equal(segue_state(shared), SEGUE_SUSPENDED);
	segue_unref(shared);
	assert_int_equal(closed_on_thread, 1);
}

/* Whoever drops last, on whatever thread, closes it once. */
static void *unref_once(void *unused)
{
	(void)unused;
	segue_unref(shared);
	return NULL;
}

static void the_last_reference_closes_it_on_its_thread(void **state)
{
	(void)state;
	for (int round = 0; round < fewer(200); round++) {
		pthread_t threads[THREADS];
		closed_on_thread = 0;
		shared = segue_coroutine_new(until_closed, NULL);
		segue_send(shared, NULL);
		for (int i = 1; i < THREADS; i++)
			segue_ref(shared);
		for (int i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, unref_once, NULL);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(closed_on_thread, 1);
	}
}

/* ---- Threads that end ------------------------------------------------------------------------------------------- */

static segue_result drop_itself(void *co)
{
	segue_unref(*(segue_coroutine **)co);
	segue_yield(NULL);
	segue_yield(NULL);
	return segue_value(NULL);
}

/* All live at once, some sizes; the last but one of them leaves its stack while it runs on it. */
static void *generation(void *failed)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *all[EACH], *one;

	attr.stack_size = 128 * 1024;
	for (int i = 0; i < EACH; i++) {
		all[i] = i % 4 ? segue_coroutine_new(until_closed, NULL) : segue_coroutine_new_with(until_closed, NULL, &attr);
		if (!all[i] || segue_send(all[i], NULL).raised)
			*(int *)failed = 1;
	}
	one = segue_coroutine_new(drop_itself, &one);
	segue_send(one, NULL);
	for (int i = 0; i < EACH; i++)
		segue_unref(all[i]);
	return NULL;
}

static void a_thread_that_ends_gives_its_stacks_back(void **state)
{
	int failed = 0;
	long before, after;

	(void)state;
	for (int i = 0; i < 3; i++)
		run_thread(generation, &failed);
	before = mappings();
	for (int i = 0; i < fewer(GENERATIONS); i++)
		run_thread(generation, &failed);
	after = mappings();
	assert_int_equal(failed, 0);
	assert_true(before > 0);
	assert_true(after <= before + 2); /* a libc's cache of threads' stacks may grow */
}

/* Made on one thread, dropped on another, over and over: the stacks come round again. */
static segue_coroutine *passed_on[EACH];

static void *make_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < EACH; i++) {
		passed_on[i] = segue_generator_new(until_closed, NULL);
		segue_send(passed_on[i], NULL);
	}
	return NULL;
}

static void stacks_that_end_on_another_thread_are_used_again(void **state)
{
	const void *seen[3 * EACH];
	int distinct = 0;

	(void)state;
	for (int round = 0; round < fewer(GENERATIONS); round++) {
		run_thread(make_many, NULL);
		for (int i = 0; i < EACH; i++) {
			int k = 0;
			while (k < distinct && seen[k] != passed_on[i])
				k++;
			if (k == distinct && distinct < 3 * EACH)
				seen[distinct++] = passed_on[i];
			segue_unref(passed_on[i]);
		}
	}
	assert_true(distinct <= EACH + 64 + 64 + 2); /* and what two threads' pools may hold */
}

/* A coroutine that is used in a thread-specific value's destructor, as its thread ends. */
static pthread_key_t key;

static void use_late(void *value)
{
	segue_coroutine *co = segue_coroutine_new(until_closed, NULL);

	segue_send(co, NULL);
	segue_unref(co);
	segue_unref(value);
}

static void *leave_one(void *unused)
{
	segue_coroutine *co = segue_coroutine_new(until_closed, NULL);

	(void)unused;
	segue_send(co, NULL);
	pthread_setspecific(key, co);
	return NULL;
}

static void destructors_of_a_thread_may_use_coroutines(void **state)
{
	long before;

	(void)state;
	assert_int_equal(pthread_key_create(&key, use_late), 0);
	closed_on_thread = 0;
	run_thread(leave_one, NULL);
	before = mappings();
	for (int i = 1; i < fewer(200); i++)
		run_thread(leave_one, NULL);
	assert_int_equal(closed_on_thread, 2 * fewer(200));
	assert_true(mappings() <= before + 2);
	pthread_key_delete(key);
}

/* ---- fork() ----------------------------------------------------------------------------------------------------- */

static volatile int stop;

/* So many at once that the shared pool, and its lock, are always busy. */
static void *churn(void *unused)
{
	segue_coroutine *all[EACH];

	(void)unused;
	while (!stop) {
		for (int i = 0; i < EACH; i++)
			all[i] = segue_coroutine_new(until_closed, NULL);
		for (int i = 0; i < EACH; i++)
			segue_unref(all[i]);
		if (RUNNING_ON_VALGRIND)
			usleep(10000);
	}
	return NULL;
}

static int create_many(void)
{
	for (int i = 0; i < EACH; i++) {
		segue_coroutine *co = segue_coroutine_new(until_closed, NULL);
		if (!co || segue_send(co, NULL).raised)
			return 0;
	}
	return 1;
}

/* Its exit status; a child that hangs is ended by its alarm. */
static int status_of(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void a_child_can_create_whatever_the_threads_did(void **state)
{
	pthread_t threads[2];
	int forks = RUNNING_ON_VALGRIND ? 3 : 100;
	int busy = RUNNING_ON_VALGRIND ? 1 : 2; /* one thread at a time runs there, and two would hardly let the others in */

	(void)state;
	stop = 0;
	for (int i = 0; i < busy; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (int i = 0; i < forks; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(20);
			_exit(create_many() ? 0 : 1);
		}
		assert_int_equal(status_of(child), 0);
	}
	stop = 1;
	for (int i = 0; i < busy; i++)
		pthread_join(threads[i], NULL);
}

static segue_result fork_inside(void *arg)
{
	void *value = SEGUE_TRY(segue_yield(arg));

	*(pid_t *)arg = fork();
	return segue_value(SEGUE_TRY(segue_yield(value)));
}

static void a_fork_inside_a_coroutine_goes_on_in_both(void **state)
{
	pid_t child = -1;
	segue_coroutine *co = segue_coroutine_new(fork_inside, &child);
	segue_result r;
	int right;

	(void)state;
	right = segue_send(co, NULL).value == &child;
	r = segue_send(co, &right);
	right &= !r.raised && r.value == &right && !segue_current();
	r = segue_send(co, &r);
	right &= r.raised == &segue_StopIteration && r.value == &r && segue_state(co) == SEGUE_CLOSED;
	segue_unref(co);
	if (child == 0)
		_exit(right && create_many() ? 0 : 1);
	assert_true(right);
	assert_int_equal(status_of(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_current_are_right_on_every_thread),
		cmocka_unit_test(references_from_many_threads_add_up),
		cmocka_unit_test(the_last_reference_closes_it_on_its_thread),
		cmocka_unit_test(a_thread_that_ends_gives_its_stacks_back),
		cmocka_unit_test(stacks_that_end_on_another_thread_are_used_again),
		cmocka_unit_test(destructors_of_a_thread_may_use_coroutines),
		cmocka_unit_test(a_child_can_create_whatever_the_threads_did),
		cmocka_unit_test(a_fork_inside_a_coroutine_goes_on_in_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
