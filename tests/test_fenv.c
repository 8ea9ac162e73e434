/* A coroutine made with SEGUE_OWN_FENV keeps its rounding mode; without it the mode is the thread's. */
#include <fenv.h>
#include <pthread.h>
#include <stdlib.h>

#include "cmocka_headers.h"
#include "segue.h"

static const int modes[] = {
	FE_TONEAREST,
#ifdef FE_UPWARD
	FE_UPWARD,
#endif
#ifdef FE_TOWARDZERO
	FE_TOWARDZERO,
#endif
};
enum { MODES = sizeof modes / sizeof *modes, STEPS = 5 };

/* What a body saw, step by step; between them it sets modes. */
struct log {
	int seen[STEPS], set[STEPS], steps;
};

static segue_result body(void *arg)
{
	struct log *l = arg;

	for (l->steps = 0; l->steps < STEPS; l->steps++) {
		l->seen[l->steps] = fegetround();
		fesetround(l->set[l->steps]);
		SEGUE_TRY(segue_yield(NULL));
	}
	return segue_value(NULL);
}

static segue_coroutine *new_one(struct log *l, uint32_t flags)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	for (int i = 0; i < STEPS; i++)
		l->set[i] = modes[(i + 1) % MODES];
	attr.flags = flags;
	return segue_coroutine_new_with(body, l, &attr);
}

static int to_nearest(void **state)
{
	(void)state;
	return fesetround(FE_TONEAREST);
}

/* Soft float may run where the processor has a unit: then the C library sets a mode there, and nothing rounds by it. */
static int rounds_upward(void)
{
	volatile double one = 1, three = 3, before = one / three;

	return fesetround(modes[1]) == 0 && one / three != before;
}

static void skip_without_modes(void)
{
	if (MODES < 3 || !rounds_upward()) {
		print_message("this processor, or this ABI, has one rounding mode only\n");
		skip();
	}
	fesetround(FE_TONEAREST);
}

static void its_own_mode_stays_its_own(void **state)
{
	struct log l;
	segue_coroutine *co;

	(void)state;
	skip_without_modes();
	co = new_one(&l, SEGUE_OWN_FENV);
	for (int i = 0; i < STEPS; i++) {
		fesetround(modes[(i + 2) % MODES]);
		segue_send(co, NULL);
		assert_int_equal(fegetround(), modes[(i + 2) % MODES]);
		assert_int_equal(l.seen[i], i ? l.set[i - 1] : FE_TONEAREST);
	}
	segue_unref(co);
}

static void it_starts_with_its_creators(void **state)
{
	struct log l;
	segue_coroutine *co;

	(void)state;
	skip_without_modes();
	fesetround(modes[1]);
	co = new_one(&l, SEGUE_OWN_FENV);
	fesetround(modes[2]);
	segue_send(co, NULL);
	assert_int_equal(l.seen[0], modes[1]);
	segue_unref(co);
}

static void without_the_flag_the_mode_is_the_threads(void **state)
{
	struct log l;
	segue_coroutine *co;

	(void)state;
	skip_without_modes();
	co = new_one(&l, 0);
	for (int i = 0; i < STEPS; i++) {
		fesetround(modes[(i + 2) % MODES]);
		segue_send(co, NULL);
		assert_int_equal(l.seen[i], modes[(i + 2) % MODES]);
		assert_int_equal(fegetround(), l.set[i]);
	}
	segue_unref(co);
}

/* However it ends: its mode is not its resumer's. */
static segue_result raise_mode(void *how)
{
	fesetround(modes[1]);
	if (how)
		SEGUE_TRY(segue_yield(NULL));
	return segue_raise(&segue_ValueError, NULL);
}

static void an_end_gives_the_resumers_mode_back(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	(void)state;
	skip_without_modes();
	attr.flags = SEGUE_OWN_FENV;
	co = segue_coroutine_new_with(raise_mode, NULL, &attr);
	assert_ptr_equal(segue_send(co, NULL).raised, &segue_ValueError);
	assert_int_equal(fegetround(), FE_TONEAREST);
	segue_unref(co);
	co = segue_coroutine_new_with(raise_mode, &attr, &attr);
	segue_send(co, NULL);
	segue_unref(co);
	assert_int_equal(fegetround(), FE_TONEAREST);
}

/* An inner one without a mode of its own runs in that of the one that sends to it. */
static segue_result nest(void *inner)
{
	fesetround(modes[1]);
	segue_send(inner, NULL);
	return segue_value(fegetround() == modes[1] ? inner : NULL);
}

static void a_nested_one_has_its_resumers_mode(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	struct log with, without;
	segue_coroutine *inner[2], *outer[2];

	(void)state;
	skip_without_modes();
	inner[0] = new_one(&with, SEGUE_OWN_FENV);
	inner[1] = new_one(&without, 0);
	attr.flags = SEGUE_OWN_FENV;
	without.set[0] = modes[1];
	for (int i = 0; i < 2; i++) {
		outer[i] = segue_coroutine_new_with(nest, inner[i], &attr);
		assert_ptr_equal(segue_send(outer[i], NULL).value, inner[i]);
		segue_unref(outer[i]);
		segue_unref(inner[i]);
	}
	assert_int_equal(with.seen[0], FE_TONEAREST);
	assert_int_equal(without.seen[0], modes[1]);
	assert_int_equal(fegetround(), FE_TONEAREST);
}

/* ---- Chains ------------------------------------------------------------------------------------------------------- */

struct link {
	segue_coroutine *inner;
	int after; /* its mode when the await has returned */
};

static segue_result await_inner(void *arg)
{
	struct link *l = arg;
	segue_result r = segue_await(segue_ref(l->inner));

	l->after = fegetround();
	return r;
}

/* The outermost awaits the middle one, that the innermost, which has a mode of its own; the others where `own` says so. */
static void make_chain(segue_coroutine *chain[3], struct link links[2], struct log *l, int own)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	chain[2] = new_one(l, SEGUE_OWN_FENV);
	for (int i = 1; i >= 0; i--) {
		links[i].inner = chain[i + 1];
		attr.flags = own & 1 << i ? SEGUE_OWN_FENV : 0;
		chain[i] = segue_coroutine_new_with(await_inner, &links[i], &attr);
	}
}

static void drop_chain(segue_coroutine *chain[3])
{
	for (int i = 0; i < 3; i++)
		segue_unref(chain[i]);
}

static void one_that_is_awaited_keeps_its_mode(void **state)
{
	static const int whom[STEPS + 1] = { 0, 0, 1, 0, 2, 0 }; /* inner ones directly, too */
	segue_coroutine *chain[3];
	struct link links[2];
	struct log l;

	(void)state;
	skip_without_modes();
	for (int own = 0; own < 4; own++) {
		fesetround(FE_TONEAREST);
		make_chain(chain, links, &l, own);
		for (int i = 0; i <= STEPS; i++) {
			fesetround(modes[(i + 2) % MODES]);
			segue_send(chain[whom[i]], NULL);
			assert_int_equal(fegetround(), modes[(i + 2) % MODES]);
			if (i < STEPS)
				assert_int_equal(l.seen[i], i ? l.set[i - 1] : FE_TONEAREST);
		}
		for (int i = 0; i < 2; i++) /* the middle one runs in the outermost's, if that has one */
			assert_int_equal(links[i].after, own & (2 * i + 1) ? FE_TONEAREST : modes[(STEPS + 2) % MODES]);
		drop_chain(chain);
	}
}

static void closing_a_chain_gives_the_closers_mode_back(void **state)
{
	segue_coroutine *chain[3];
	struct link links[2];
	struct log l;

	(void)state;
	skip_without_modes();
	for (int own = 0; own < 4; own++) {
		fesetround(FE_TONEAREST);
		make_chain(chain, links, &l, own);
		segue_send(chain[0], NULL);
		fesetround(modes[1]);
		segue_close(chain[own & 1]);
		assert_int_equal(fegetround(), modes[1]);
		drop_chain(chain);
		assert_int_equal(fegetround(), modes[1]);
	}
}

/* On another thread: its own goes with it, and the thread's stays there; without one it has the other thread's. */
static void *send_there(void *co)
{
	int right = fesetround(modes[2]) == 0;

	segue_send(co, NULL);
	return (void *)(intptr_t)(right && fegetround() == modes[2]);
}

static segue_result note_mode_twice(void *seen)
{
	((int *)seen)[0] = fegetround();
	SEGUE_TRY(segue_yield(NULL));
	((int *)seen)[1] = fegetround();
	return segue_value(NULL);
}

static void its_own_mode_goes_with_it_to_another_thread(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	(void)state;
	skip_without_modes();
	for (int own = 0; own < 2; own++) {
		int seen[2];
		segue_coroutine *co;
		pthread_t thread;
		void *right;
		attr.flags = own ? SEGUE_OWN_FENV : 0;
		fesetround(modes[1]);
		co = segue_coroutine_new_with(note_mode_twice, seen, &attr);
		segue_send(co, NULL);
		assert_int_equal(pthread_create(&thread, NULL, send_there, co), 0);
		pthread_join(thread, &right);
		assert_true(right);
		assert_int_equal(seen[0], modes[1]);
		assert_int_equal(seen[1], own ? modes[1] : modes[2]);
		assert_int_equal(fegetround(), modes[1]);
		segue_unref(co);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(its_own_mode_stays_its_own, to_nearest),
		cmocka_unit_test_setup(it_starts_with_its_creators, to_nearest),
		cmocka_unit_test_setup(without_the_flag_the_mode_is_the_threads, to_nearest),
		cmocka_unit_test_setup(an_end_gives_the_resumers_mode_back, to_nearest),
		cmocka_unit_test_setup(a_nested_one_has_its_resumers_mode, to_nearest),
		cmocka_unit_test_setup(one_that_is_awaited_keeps_its_mode, to_nearest),
		cmocka_unit_test_setup(closing_a_chain_gives_the_closers_mode_back, to_nearest),
		cmocka_unit_test_setup(its_own_mode_goes_with_it_to_another_thread, to_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
