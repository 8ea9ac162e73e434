/* Coroutine-local data: whose a value is, and when it is destroyed. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

enum { MANY = 20 };

static struct {
	int destroyed, early; /* calls of the destructor; those before its coroutine's resumer had the result */
	void *value;
	segue_coroutine *current;
} seen;
static int has_result;
static segue_key key, plain_key;
static int a, b;

static void destroy(void *value)
{
	seen.destroyed++;
	seen.early += !has_result;
	seen.value = value;
	seen.current = segue_current();
}

static int make_keys(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	has_result = 0;
	return segue_key_create(&key, destroy) | segue_key_create(&plain_key, NULL);
}

static int delete_keys(void **state)
{
	(void)state;
	return segue_key_delete(key) | segue_key_delete(plain_key);
}

/* ---- What fails ------------------------------------------------------------------------------------------------- */

static int no_memory, no_thread_value;
void *__real_realloc(void *p, size_t size);
int __real_pthread_setspecific(pthread_key_t k, const void *value);

void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (!no_memory)
		return __real_realloc(p, size);
	errno = ENOMEM;
	return NULL;
}

int __wrap_pthread_setspecific(pthread_key_t k, const void *value);
int __wrap_pthread_setspecific(pthread_key_t k, const void *value)
{
	return no_thread_value ? ENOMEM : __real_pthread_setspecific(k, value);
}

/* ---- Whose a value is ------------------------------------------------------------------------------------------- */

/* Yields what it finds, then sets what it is sent. */
static segue_result get_and_set(void *unused)
{
	void *sent = SEGUE_TRY(segue_yield(segue_get_local(key)));

	(void)unused;
	for (;;) {
		if (segue_set_local(key, sent))
			return segue_value("failed");
		sent = SEGUE_TRY(segue_yield(segue_get_local(key)));
	}
}

static void each_has_its_own(void **state)
{
	segue_coroutine *one = segue_coroutine_new(get_and_set, NULL), *other = segue_coroutine_new(get_and_set, NULL);

	(void)state;
	assert_null(segue_send(one, NULL).value);
	assert_ptr_equal(segue_send(one, &a).value, &a);
	assert_null(segue_send(other, NULL).value);
	assert_ptr_equal(segue_send(other, &b).value, &b);
	assert_null(segue_get_local(key));
	assert_int_equal(segue_set_local(key, &has_result), 0);
	assert_ptr_equal(segue_send(one, &a).value, &a);
	assert_ptr_equal(segue_get_local(key), &has_result);
	assert_int_equal(seen.destroyed, 0); /* what is replaced is not destroyed */
	segue_unref(one);
	assert_ptr_equal(seen.value, &a);
	segue_unref(other);
	assert_ptr_equal(seen.value, &b);
	assert_int_equal(seen.destroyed, 2);
	segue_set_local(key, NULL);
}

static segue_result await_one(void *inner)
{
	segue_set_local(key, &a);
	(void)segue_await(inner);
	return segue_yield(segue_get_local(key));
}

static segue_result set_and_end(void *unused)
{
	(void)unused;
	segue_set_local(key, &b);
	return segue_value(NULL);
}

static void what_is_awaited_has_its_own(void **state)
{
	segue_coroutine *outer = segue_coroutine_new(await_one, segue_coroutine_new(set_and_end, NULL));

	(void)state;
	assert_ptr_equal(segue_send(outer, NULL).value, &a);
	assert_int_equal(seen.destroyed, 1);
	assert_ptr_equal(seen.value, &b);
	segue_unref(outer);
	assert_ptr_equal(seen.value, &a);
}

static void *resume_there(void *co)
{
	segue_set_local(key, &has_result); /* the thread's, which goes with it */
	return segue_send(co, &b).value;
}

static void it_moves_with_its_coroutine_and_a_thread_has_its_own(void **state)
{
	segue_coroutine *co = segue_coroutine_new(get_and_set, NULL);
	pthread_t thread;
	void *found;

	(void)state;
	segue_send(co, NULL);
	segue_send(co, &a);
	assert_int_equal(pthread_create(&thread, NULL, resume_there, co), 0);
	pthread_join(thread, &found);
	assert_ptr_equal(found, &b);
	assert_int_equal(seen.destroyed, 1);
	assert_ptr_equal(seen.value, &has_result);
	assert_null(segue_get_local(key));
	segue_unref(co);
	assert_int_equal(seen.destroyed, 2);
}

/* ---- When it is destroyed --------------------------------------------------------------------------------------- */

static segue_result set_and_yield(void *then)
{
	segue_set_local(plain_key, &b);
	segue_set_local(key, &a);
	if (segue_yield(NULL).raised && !then)
		return segue_raise(&segue_GeneratorExit, NULL);
	if (then)
		(void)segue_yield(NULL);
	return segue_raise(&segue_ValueError, NULL);
}

static segue_coroutine *one_with_a_value(void *then)
{
	segue_coroutine *co = segue_coroutine_new(set_and_yield, then);

	segue_send(co, NULL);
	return co;
}

/* Once, with that value, on the coroutine, before anyone else knows that it has ended. */
static void check_destroyed(const segue_coroutine *current)
{
	assert_int_equal(seen.destroyed, 1);
	assert_int_equal(seen.early, 1);
	assert_ptr_equal(seen.value, &a);
	assert_ptr_equal(seen.current, current);
}

static void as_its_body_ends(void **state)
{
	segue_coroutine *co = one_with_a_value(NULL);

	(void)state;
	assert_int_equal(seen.destroyed, 0);
	assert_ptr_equal(segue_send(co, NULL).raised, &segue_ValueError);
	has_result = 1;
	check_destroyed(co);
	segue_unref(co);
	assert_int_equal(seen.destroyed, 1);
}

static void as_it_is_closed(void **state)
{
	segue_coroutine *co = one_with_a_value(NULL);

	(void)state;
	assert_null(segue_close(co).raised);
	check_destroyed(co);
	segue_unref(co);
	assert_int_equal(seen.destroyed, 1);
}

static void as_it_is_dropped(void **state)
{
	segue_coroutine *co = one_with_a_value(NULL);

	(void)state;
	segue_unref(co);
	check_destroyed(co);
}

static segue_result drop_itself(void *co)
{
	segue_set_local(key, &a);
	segue_unref(*(segue_coroutine **)co);
	return segue_yield(NULL);
}

static void as_one_is_closed_that_dropped_itself(void **state)
{
	segue_coroutine *co = segue_coroutine_new(drop_itself, &co);

	(void)state;
	assert_null(segue_send(co, NULL).raised);
	check_destroyed(co);
}

/* It ignores the close: then who drops it does what it would have. */
static void as_it_is_abandoned(void **state)
{
	(void)state;
	segue_unref(one_with_a_value(&a));
	check_destroyed(NULL);
}

static void never_of_one_that_never_ran(void **state)
{
	segue_coroutine *co = segue_coroutine_new(set_and_yield, NULL);

	(void)state;
	segue_unref(co);
	assert_int_equal(seen.destroyed, 0);
}

/* ---- Destructors that set values -------------------------------------------------------------------------------- */

static segue_key again_key, many[MANY];
static int again;

static void set_again(void *value)
{
	again++;
	segue_set_local(many[MANY - 1], &a); /* the table grows, and moves */
	segue_set_local(again_key, value);
}

static segue_result set_one_to_be_set_again(void *unused)
{
	(void)unused;
	segue_set_local(again_key, &a);
	return segue_value(NULL);
}

static void *on_a_thread(void *unused)
{
	set_one_to_be_set_again(unused);
	return NULL;
}

static void some_rounds_of_them(void **state)
{
	segue_coroutine *co = segue_coroutine_new(set_one_to_be_set_again, NULL);
	pthread_t thread;

	(void)state;
	assert_int_equal(segue_key_create(&again_key, set_again), 0);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(segue_key_create(&many[i], destroy), 0);
	segue_send(co, NULL);
	assert_int_equal(again, 4);
	assert_in_range(seen.destroyed, 3, 4);
	segue_unref(co);
	assert_int_equal(again, 4);
	pthread_create(&thread, NULL, on_a_thread, NULL);
	pthread_join(thread, NULL);
	assert_int_equal(again, 8);
	for (int i = 0; i < MANY; i++)
		segue_key_delete(many[i]);
	segue_key_delete(again_key);
}

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

static segue_result set_many(void *unused)
{
	uintptr_t wrong = 0;

	(void)unused;
	for (uintptr_t i = 0; i < MANY; i++)
		wrong += segue_set_local(many[i], (void *)(i + 1)) != 0;
	for (uintptr_t i = 0; i < MANY; i++)
		wrong += segue_get_local(many[i]) != (void *)(i + 1);
	return segue_value((void *)wrong);
}

static void many_keys(void **state)
{
	segue_coroutine *co = segue_coroutine_new(set_many, NULL);

	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(segue_key_create(&many[i], i % 2 ? destroy : NULL), 0);
	assert_null(segue_send(co, NULL).value);
	assert_int_equal(seen.destroyed, MANY / 2);
	segue_unref(co);
	for (int i = 0; i < MANY; i++)
		segue_key_delete(many[i]);
}

static void a_deleted_key_is_gone_with_its_values(void **state)
{
	segue_key old, next;

	(void)state;
	assert_int_equal(segue_key_create(&old, destroy), 0);
	assert_int_equal(segue_set_local(old, &a), 0);
	assert_int_equal(segue_key_delete(old), 0);
	assert_int_equal(seen.destroyed, 0);
	assert_int_equal(segue_key_create(&next, destroy), 0); /* in its place */
	assert_int_equal(next % SEGUE_KEYS_MAX, old % SEGUE_KEYS_MAX);
	assert_null(segue_get_local(next));
	assert_null(segue_get_local(old));
	for (int i = 0; i < 2; i++, old = 0) {
		errno = 0;
		assert_int_equal(segue_set_local(old, &a), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(segue_key_delete(old), -1);
		assert_int_equal(errno, EINVAL);
	}
	assert_null(segue_get_local(next));
	segue_key_delete(next);
	assert_null(segue_get_local(0));
}

static segue_result keep_one_whose_key_goes(void *gone)
{
	segue_key_create(gone, destroy);
	segue_set_local(*(segue_key *)gone, &a);
	segue_key_delete(*(segue_key *)gone);
	return segue_value(NULL);
}

static void what_was_under_a_deleted_key_is_not_destroyed(void **state)
{
	segue_key gone;
	segue_coroutine *co = segue_coroutine_new(keep_one_whose_key_goes, &gone);

	(void)state;
	segue_send(co, NULL);
	segue_unref(co);
	assert_int_equal(seen.destroyed, 0);
}

static void there_are_so_many_at_a_time(void **state)
{
	segue_key all[SEGUE_KEYS_MAX];
	int n = 0;

	(void)state;
	errno = 0;
	while (n < SEGUE_KEYS_MAX && segue_key_create(&all[n], NULL) == 0)
		n++;
	assert_int_equal(n, SEGUE_KEYS_MAX - 2); /* key and plain_key */
	assert_int_equal(errno, EAGAIN);
	while (n-- > 0)
		assert_int_equal(segue_key_delete(all[n]), 0);
}

/* ---- No memory -------------------------------------------------------------------------------------------------- */

static segue_result set_without_memory(void *unused)
{
	int failed, error;

	(void)unused;
	no_memory = 1;
	failed = segue_set_local(key, &a);
	error = errno;
	no_memory = 0;
	return segue_value(failed == -1 && error == ENOMEM && !segue_get_local(key) ? &a : NULL);
}

static void nothing_is_set_without_memory(void **state)
{
	segue_coroutine *co = segue_coroutine_new(set_without_memory, NULL);

	(void)state;
	assert_ptr_equal(segue_send(co, NULL).value, &a);
	segue_unref(co);
	assert_int_equal(seen.destroyed, 0);
}

static void *set_without_a_thread_value(void *unused)
{
	(void)unused;
	no_thread_value = 1;
	if (segue_set_local(key, &a) != -1 || errno != ENOMEM)
		return NULL;
	no_thread_value = 0;
	return segue_get_local(key) ? NULL : &a;
}

static void nothing_is_set_where_the_thread_has_no_place_for_it(void **state)
{
	pthread_t thread;
	void *right;

	(void)state;
	pthread_create(&thread, NULL, set_without_a_thread_value, NULL);
	pthread_join(thread, &right);
	no_thread_value = 0;
	assert_ptr_equal(right, &a);
	assert_int_equal(seen.destroyed, 0);
}

#define WITH_KEYS(test) cmocka_unit_test_setup_teardown(test, make_keys, delete_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEYS(each_has_its_own),
		WITH_KEYS(what_is_awaited_has_its_own),
		WITH_KEYS(it_moves_with_its_coroutine_and_a_thread_has_its_own),
		WITH_KEYS(as_its_body_ends),
		WITH_KEYS(as_it_is_closed),
		WITH_KEYS(as_it_is_dropped),
		WITH_KEYS(as_one_is_closed_that_dropped_itself),
		WITH_KEYS(as_it_is_abandoned),
		WITH_KEYS(never_of_one_that_never_ran),
		WITH_KEYS(some_rounds_of_them),
		WITH_KEYS(many_keys),
		WITH_KEYS(a_deleted_key_is_gone_with_its_values),
		WITH_KEYS(what_was_under_a_deleted_key_is_not_destroyed),
		WITH_KEYS(there_are_so_many_at_a_time),
		WITH_KEYS(nothing_is_set_without_memory),
		WITH_KEYS(nothing_is_set_where_the_thread_has_no_place_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
