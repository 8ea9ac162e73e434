/* Coroutines that move between threads, references that end on other threads, pools of threads that end, fork(), and what else is a
 * thread's: its locks, its signals, its end. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_headers.h"
#include "on_valgrind.h"
#include "sanitized.h"
#include "segue.h"

enum { THREADS = 4, MANY = 1000, ROUNDS = 20, GENERATIONS = 50, EACH = 200 };

/* Fewer where each step costs more. */
static int fewer(int n)
{
	return RUNNING_ON_VALGRIND || ON_TSAN ? n / 5 : n;
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
	const char *emulator = getenv("EMULATOR"); /* each step takes longer there, and threads meet in fewer */
	int steps = RUNNING_ON_VALGRIND ? 20000 : emulator && *emulator ? 400000 : 4000000;

	(void)unused;
	while (steps-- > 0) {
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

/* Every stack that was ever had. A few threads have had all of them at once; those that come after get none else. */
static struct {
	const void *had[MANY];
	int count;
} stacks;

static void note_stack(const void *co)
{
	int i = 0;

	while (i < stacks.count && stacks.had[i] != co)
		i++;
	if (i == stacks.count && i < MANY)
		stacks.had[stacks.count++] = co;
}

/* All live at once, of two sizes; the last leaves its stack while it runs on it. */
static void *generation(void *failed)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *all[EACH], *one;

	attr.stack_size = 128 * 1024;
	for (int i = 0; i < EACH; i++) {
		all[i] = i % 4 ? segue_coroutine_new(until_closed, NULL) : segue_coroutine_new_with(until_closed, NULL, &attr);
		if (!all[i] || segue_send(all[i], NULL).raised)
			*(int *)failed = 1;
		note_stack(all[i]);
	}
	one = segue_coroutine_new(drop_itself, &one);
	note_stack(one);
	segue_send(one, NULL);
	for (int i = 0; i < EACH; i++)
		segue_unref(all[i]);
	return NULL;
}

/* The first test, so that the first generation makes all stacks that there are. */
static void a_thread_that_ends_gives_its_stacks_back(void **state)
{
	int failed = 0;

	(void)state;
	for (int i = 0; i < fewer(GENERATIONS); i++)
		run_thread(generation, &failed);
	assert_int_equal(failed, 0);
	assert_int_equal(stacks.count, EACH + 1);
}

/* Made on one thread, dropped on another, over and over: the stacks come round again. */
static segue_coroutine *passed_on[EACH];

static void *make_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < EACH; i++) {
		passed_on[i] = segue_generator_new(until_closed, NULL);
		note_stack(passed_on[i]);
		segue_send(passed_on[i], NULL);
	}
	return NULL;
}

static void stacks_that_end_on_another_thread_are_used_again(void **state)
{
	int before;

	(void)state;
	run_thread(make_many, NULL);
	before = stacks.count;
	for (int round = 0; round < fewer(GENERATIONS); round++) {
		for (int i = 0; i < EACH; i++)
			segue_unref(passed_on[i]);
		run_thread(make_many, NULL);
	}
	for (int i = 0; i < EACH; i++)
		segue_unref(passed_on[i]);
	assert_true(stacks.count <= before + 64); /* and what this thread's pool may hold */
}

/* A coroutine that is used in a thread-specific value's destructor, as its thread ends. */
static pthread_key_t key;

static void use_late(void *value)
{
	segue_coroutine *co = segue_coroutine_new(until_closed, NULL);

	note_stack(co);
	segue_send(co, NULL);
	segue_unref(co);
	segue_unref(value);
}

static void *leave_one(void *unused)
{
	segue_coroutine *co = segue_coroutine_new(until_closed, NULL);

	(void)unused;
	note_stack(co);
	segue_send(co, NULL);
	pthread_setspecific(key, co);
	return NULL;
}

static void destructors_of_a_thread_may_use_coroutines(void **state)
{
	int before = stacks.count;

	(void)state;
	assert_int_equal(pthread_key_create(&key, use_late), 0);
	closed_on_thread = 0;
	for (int i = 0; i < fewer(200); i++)
		run_thread(leave_one, NULL);
	assert_int_equal(closed_on_thread, 2 * fewer(200));
	assert_true(stacks.count <= before + 2);
	pthread_key_delete(key);
}

/* ---- fork() ----------------------------------------------------------------------------------------------------- */

static int stop; /* atomic */

/* So many at once that the shared pool, and its lock, are always busy. */
static void *churn(void *unused)
{
	segue_coroutine *all[EACH];

	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
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
	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
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
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
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
	segue_coroutine *co;
	segue_result r;
	int right;

	(void)state;
	if (ON_TSAN)
		skip();
	co = segue_coroutine_new(fork_inside, &child);
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

/* One that another thread ran at the fork runs for ever in the child, where that thread is not. */
static sem_t entered, go_on;

static segue_result wait_there(void *unused)
{
	sem_post(&entered);
	sem_wait(&go_on);
	return segue_value(unused);
}

static void *send_once(void *co)
{
	segue_send(co, NULL);
	return NULL;
}

static void what_another_thread_ran_at_a_fork_runs_for_ever(void **state)
{
	segue_coroutine *co = segue_coroutine_new(wait_there, NULL);
	pthread_t thread;
	pid_t child;

	(void)state;
	sem_init(&entered, 0, 0);
	sem_init(&go_on, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, send_once, co), 0);
	sem_wait(&entered);
	child = fork();
	if (child == 0)
		_exit(segue_state(co) == SEGUE_RUNNING && segue_send(co, NULL).raised == &segue_ValueError && create_many() ? 0 : 1);
	sem_post(&go_on);
	pthread_join(thread, NULL);
	assert_int_equal(status_of(child), 0);
	assert_int_equal(segue_state(co), SEGUE_CLOSED);
	segue_unref(co);
}

/* ---- Locks are a thread's ---------------------------------------------------------------------------------------- */

static pthread_mutex_t mutex;
static int unlocked; /* what pthread_mutex_unlock() said */

static segue_result yield_with_lock(void *unused)
{
	pthread_mutex_lock(&mutex);
	segue_yield(unused);
	unlocked = pthread_mutex_unlock(&mutex);
	segue_yield(unused);
	unlocked = pthread_mutex_unlock(&mutex);
	return segue_value(unused);
}

static segue_result lock(void *locked)
{
	*(int *)locked = pthread_mutex_lock(&mutex);
	return segue_value(NULL);
}

static void a_lock_that_is_held_over_a_yield_is_the_old_threads(void **state)
{
	segue_coroutine *holder, *other;
	pthread_mutexattr_t attr;
	int locked = 0;

	(void)state;
	if (ON_TSAN)
		skip();
	holder = segue_coroutine_new(yield_with_lock, NULL);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attr);
	segue_send(holder, NULL);
	other = segue_coroutine_new(lock, &locked);
	segue_send(other, NULL);
	assert_int_equal(locked, EDEADLK);
	run_thread(send_once, holder);
	assert_int_equal(unlocked, EPERM);
	segue_send(holder, NULL);
	assert_int_equal(unlocked, 0);
	segue_unref(holder);
	segue_unref(other);
	pthread_mutex_destroy(&mutex);
	pthread_mutexattr_destroy(&attr);
}

/* ---- Signals ------------------------------------------------------------------------------------------------------ */

static char *volatile handler_at;
static segue_coroutine *volatile handler_in;

static void note_place(int number)
{
	char here;

	(void)number;
	handler_at = &here;
	handler_in = segue_current();
}

static segue_result raise_and_block(void *unused)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	raise(SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return segue_yield(unused);
}

static void a_handler_runs_on_the_coroutines_stack_and_the_mask_is_the_threads(void **state)
{
	segue_coroutine *co = segue_coroutine_new(raise_and_block, NULL);
	struct sigaction action, before;
	segue_info info;
	sigset_t mask;

	(void)state;
	memset(&action, 0, sizeof action);
	action.sa_handler = note_place;
	sigaction(SIGUSR1, &action, &before);
	segue_send(co, NULL);
	sigaction(SIGUSR1, &before, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_true(sigismember(&mask, SIGUSR2));
	sigdelset(&mask, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	segue_inspect(co, &info, sizeof info);
	assert_true(handler_at > (char *)info.stack && handler_at < (char *)info.stack + info.stack_size);
	assert_ptr_equal(handler_in, co);
	segue_unref(co);
}

/* ---- A thread that ends inside a coroutine ------------------------------------------------------------------------ */

static int cleaned;

static void clean(void *unused)
{
	(void)unused;
	cleaned++;
}

static segue_result end_thread_inside(void *cancels)
{
	pthread_cleanup_push(clean, NULL);
	if (cancels) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
	pthread_exit(&cleaned);
	pthread_cleanup_pop(0);
	return segue_value(NULL);
}

static void *resume_with_handler(void *co)
{
	pthread_cleanup_push(clean, NULL);
	segue_send(co, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void a_thread_that_ends_inside_leaves_it_running(void **state)
{
	if (ON_TSAN)
		skip();
	for (int cancels = 0; cancels < 2; cancels++) {
		segue_coroutine *co = segue_coroutine_new(end_thread_inside, cancels ? &cleaned : NULL);
		pthread_t thread;
		void *result;
		cleaned = 0;
		assert_int_equal(pthread_create(&thread, NULL, resume_with_handler, co), 0);
		pthread_join(thread, &result);
		assert_ptr_equal(result, cancels ? PTHREAD_CANCELED : &cleaned);
		assert_int_equal(cleaned, 2);
		assert_int_equal(segue_state(co), SEGUE_RUNNING);
		assert_ptr_equal(segue_close(co).raised, &segue_ValueError);
		segue_unref(co);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_ends_gives_its_stacks_back),
		cmocka_unit_test(stacks_that_end_on_another_thread_are_used_again),
		cmocka_unit_test(destructors_of_a_thread_may_use_coroutines),
		cmocka_unit_test(values_and_current_are_right_on_every_thread),
		cmocka_unit_test(references_from_many_threads_add_up),
		cmocka_unit_test(the_last_reference_closes_it_on_its_thread),
		cmocka_unit_test(a_child_can_create_whatever_the_threads_did),
		cmocka_unit_test(a_fork_inside_a_coroutine_goes_on_in_both),
		cmocka_unit_test(what_another_thread_ran_at_a_fork_runs_for_ever),
		cmocka_unit_test(a_lock_that_is_held_over_a_yield_is_the_old_threads),
		cmocka_unit_test(a_handler_runs_on_the_coroutines_stack_and_the_mask_is_the_threads),
		cmocka_unit_test(a_thread_that_ends_inside_leaves_it_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
