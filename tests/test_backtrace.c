/* segue_backtrace(): the frames of a coroutine in each state, by the names of its functions, which this program exports. */
#include <errno.h>
#include <string.h>

#include "../arch/arch.h"
#include "cmocka_headers.h"
#include "segue.h"

enum { MOST = 64 };

static struct trace {
	segue_frame of[MOST];
	size_t count;
} trace;
static volatile int after; /* keeps a call from being the last thing of its function */
static volatile int depth = 2; /* not known to compilers, which would make other functions for it */

#define VISIBLE __attribute__((noinline, visibility("default")))

static size_t take(const segue_coroutine *co, uint32_t flags)
{
	errno = 0;
	memset(&trace, 0, sizeof trace);
	return trace.count = segue_backtrace(co, flags, trace.of, MOST);
}

/* Whether these functions are among the frames in this order, with no other of this program's between them. */
static const char *differs(const segue_coroutine *const *whose, const char *const *names)
{
	size_t i = 0;

	for (; *names; names++, whose++) {
		while (i < trace.count && !(trace.of[i].function && strncmp(trace.of[i].function, "bt_", 3) == 0))
			i++;
		if (i == trace.count || strcmp(trace.of[i].function, *names) || trace.of[i].co != *whose)
			return *names;
		i++;
	}
	for (; i < trace.count; i++)
		if (trace.of[i].function && strncmp(trace.of[i].function, "bt_", 3) == 0)
			return trace.of[i].function;
	return NULL;
}

static void check(const segue_coroutine *const *whose, const char *const *names)
{
	const char *name = differs(whose, names);

	for (size_t i = 0; name && i < trace.count; i++)
		print_message("%p of %p: %s in %s+%#lx\n", trace.of[i].pc, (const void *)trace.of[i].co, trace.of[i].function,
			      trace.of[i].object, (unsigned long)trace.of[i].offset);
	if (name)
		fail_msg("%s is missing, or out of place", name);
}

segue_result bt_leaf(void *arg);
segue_result bt_middle(void *arg);
segue_result bt_outer(void *arg);
segue_result bt_deeper(int further);

VISIBLE segue_result bt_deeper(int further)
{
	segue_result r = further ? bt_deeper(further - 1) : segue_yield(NULL);

	after = further;
	return r;
}

VISIBLE segue_result bt_leaf(void *arg)
{
	segue_result r = bt_deeper(depth);

	after = r.raised != NULL;
	return r.raised ? r : segue_value(arg);
}

VISIBLE segue_result bt_middle(void *x)
{
	segue_result r = segue_await(segue_object_ref(x));

	after = r.raised != NULL;
	return r;
}

VISIBLE segue_result bt_outer(void *x)
{
	segue_result r = segue_await(segue_object_ref(x));

	after = r.raised != NULL;
	return r;
}

static void a_suspended_one_from_where_it_goes_on(void **state)
{
	const char *const names[] = { "bt_deeper", "bt_deeper", "bt_deeper", "bt_leaf", NULL };
	segue_coroutine *co = segue_coroutine_new(bt_leaf, NULL);
	const segue_coroutine *const whose[] = { co, co, co, co };
	segue_info info;

	(void)state;
	segue_send(co, NULL);
	assert_in_range(take(co, 0), 4, 8);
	check(whose, names);
	segue_inspect(co, &info, sizeof info);
	for (size_t i = 0; i < trace.count; i++) {
		assert_in_range((uintptr_t)trace.of[i].sp - (uintptr_t)info.stack, 0, info.stack_size);
		assert_true(i == 0 || trace.of[i].sp > trace.of[i - 1].sp);
	}
	assert_true(trace.of[0].sp >= info.cr_frame->sp);
	/* Who unwinds leaves nothing behind */
	assert_null(segue_current());
	assert_ptr_equal(segue_send(co, NULL).raised, &segue_StopIteration);
	segue_unref(co);
}

static void a_frame_says_where_in_what_function_and_object(void **state)
{
	segue_coroutine *co = segue_coroutine_new(bt_leaf, NULL);
	const segue_frame *last;

	(void)state;
	segue_send(co, NULL);
	take(co, 0);
	last = &trace.of[trace.count - 1];
	assert_string_equal(last->function, "bt_leaf");
	assert_in_range(last->at, 1, 400);
	assert_ptr_equal((char *)last->pc - last->at, (void *)((uintptr_t)bt_leaf & ~(uintptr_t)(SEGUE_PAIRED ? 1 : 0)));
	assert_non_null(strstr(last->object, "test_backtrace"));
	assert_in_range(last->offset, 1, (uintptr_t)last->pc);
	segue_unref(co);
}

static void one_that_did_not_start_has_its_entry_and_one_that_ended_nothing(void **state)
{
	const char *const names[] = { "bt_leaf", NULL };
	segue_coroutine *co = segue_coroutine_new(bt_leaf, NULL);
	const segue_coroutine *const whose[] = { co };

	(void)state;
	assert_int_equal(take(co, 0), 1);
	check(whose, names);
	assert_int_equal(trace.of[0].at, 0);
	segue_close(co);
	assert_int_equal(take(co, SEGUE_AWAITERS), 0);
	assert_int_equal(errno, 0);
	segue_unref(co);
}

static void who_awaits_waits_in_its_await_and_comes_after_what_it_awaits(void **state)
{
	segue_coroutine *leaf = segue_coroutine_new(bt_leaf, NULL);
	segue_coroutine *middle = segue_coroutine_new(bt_middle, leaf);
	segue_coroutine *outer = segue_coroutine_new(bt_outer, middle);
	const segue_coroutine *const whose[] = { leaf, leaf, leaf, leaf, middle, outer };
	const char *const names[] = { "bt_deeper", "bt_deeper", "bt_deeper", "bt_leaf", "bt_middle", "bt_outer", NULL };
	const char *const own[] = { "bt_middle", NULL }, *const own_and[] = { "bt_middle", "bt_outer", NULL };

	(void)state;
	segue_send(outer, NULL);
	take(leaf, SEGUE_AWAITERS);
	check(whose, names);
	take(middle, 0);
	check(whose + 4, own);
	take(middle, SEGUE_AWAITERS);
	check(whose + 4, own_and);
	/* Cut above the middle: the outer one waits by itself, and is no part of a chain any more */
	segue_send(middle, NULL);
	take(outer, 0);
	check(whose + 5, names + 5);
	assert_int_equal(take(middle, 0), 0);
	segue_unref(outer);
	segue_unref(middle);
	segue_unref(leaf);
}

static segue_coroutine *running;
static const segue_coroutine *asked;
static uint32_t asked_with;

segue_result bt_asks(void *arg);
void bt_ask(void);
segue_result bt_sends(void *co);

VISIBLE void bt_ask(void)
{
	take(asked, asked_with);
	after = 1;
}

VISIBLE segue_result bt_asks(void *arg)
{
	running = segue_current();
	bt_ask();
	after = 0;
	return segue_value(arg);
}

VISIBLE segue_result bt_sends(void *co)
{
	segue_result r = segue_send(co, NULL);

	after = r.raised != NULL;
	return segue_value(NULL);
}

static void the_running_one_from_its_caller_on(void **state)
{
	segue_coroutine *leaf = segue_coroutine_new(bt_asks, NULL);
	segue_coroutine *outer = segue_coroutine_new(bt_outer, leaf);
	const segue_coroutine *const whose[] = { leaf, leaf, outer };
	const char *const names[] = { "bt_ask", "bt_asks", "bt_outer", NULL }, *const own[] = { "bt_ask", "bt_asks", NULL };

	(void)state;
	asked = leaf, asked_with = SEGUE_AWAITERS;
	segue_send(outer, NULL);
	check(whose, names);
	segue_unref(outer);
	segue_unref(leaf);

	leaf = segue_coroutine_new(bt_asks, NULL);
	asked = leaf, asked_with = 0;
	const segue_coroutine *const alone[] = { leaf, leaf };
	segue_send(leaf, NULL);
	check(alone, own);
	assert_ptr_equal(running, leaf);
	segue_unref(leaf);
}

static void those_that_wait_for_the_running_one(void **state)
{
	segue_coroutine *leaf = segue_coroutine_new(bt_asks, NULL);
	segue_coroutine *outer = segue_coroutine_new(bt_outer, leaf);
	segue_coroutine *sender = segue_coroutine_new(bt_sends, outer);
	const segue_coroutine *const whose[] = { outer, sender };
	const char *const names[] = { "bt_outer", "bt_sends", NULL }, *const first[] = { "bt_outer", NULL };

	(void)state;
	asked = outer, asked_with = 0;
	segue_send(sender, NULL);
	check(whose, first);
	segue_unref(sender);
	segue_unref(outer);
	segue_unref(leaf);

	leaf = segue_coroutine_new(bt_asks, NULL);
	sender = segue_coroutine_new(bt_sends, leaf);
	const segue_coroutine *const alone[] = { sender };
	asked = sender, asked_with = SEGUE_AWAITERS;
	segue_send(sender, NULL);
	check(alone, names + 1);
	segue_unref(sender);
	segue_unref(leaf);
}

static void *ask_there(void *arg)
{
	bt_ask();
	return arg;
}

static segue_result call_there(void *arg)
{
	segue_call_on_thread_stack(ask_there, arg);
	return segue_value(arg);
}

static void one_whose_frames_are_nowhere_is_busy(void **state)
{
	segue_coroutine *co = segue_coroutine_new(call_there, NULL);

	(void)state;
	asked = co, asked_with = 0;
	segue_send(co, NULL);
	assert_int_equal(trace.count, 0);
	assert_int_equal(errno, EBUSY);
	segue_unref(co);
}

/* The hook runs below the frames of who resumed the dropped one, which is not where that one's frames end. */
segue_result bt_drops(void *co);
segue_result bt_raises(void *arg);

static void hook(segue_coroutine *co, segue_result what)
{
	(void)co, (void)what;
	asked = segue_current(), asked_with = 0;
	bt_ask();
	asked_with = 1;
}

VISIBLE segue_result bt_raises(void *arg)
{
	segue_yield(arg);
	return segue_raise(&segue_ValueError, arg);
}

VISIBLE segue_result bt_drops(void *co)
{
	segue_unref(co);
	after = 0;
	return segue_value(NULL);
}

static void what_is_called_for_one_that_was_dropped_is_a_call_of_the_dropper(void **state)
{
	segue_unraisable_hook *before = segue_set_unraisable_hook(hook);
	segue_coroutine *dropped = segue_coroutine_new(bt_raises, NULL);
	segue_coroutine *co = segue_coroutine_new(bt_drops, dropped);
	const segue_coroutine *const whose[] = { co, co };
	const char *const names[] = { "bt_ask", "bt_drops", NULL };

	(void)state;
	segue_send(dropped, NULL);
	asked_with = 0;
	segue_send(co, NULL);
	assert_int_equal(asked_with, 1);
	check(whose, names);
	segue_unref(co);
	segue_set_unraisable_hook(before);
}

static void it_fills_what_there_is_room_for_and_says_how_many_there_are(void **state)
{
	segue_coroutine *co = segue_coroutine_new(bt_leaf, NULL);
	segue_frame frames[3];
	size_t all;

	(void)state;
	segue_send(co, NULL);
	all = segue_backtrace(co, 0, NULL, 0);
	assert_in_range(all, 4, 8);
	memset(frames, 0xa5, sizeof frames);
	assert_int_equal(segue_backtrace(co, 0, frames, 2), all);
	assert_ptr_equal(frames[1].co, co);
	assert_int_equal(*(unsigned char *)&frames[2], 0xa5);
	segue_unref(co);
}

static void what_can_not_be_asked(void **state)
{
	segue_coroutine *co = segue_coroutine_new(bt_leaf, NULL);
	size_t limit;

	(void)state;
	assert_int_equal(take(NULL, 0), 0);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(take(co, 2), 0);
	assert_int_equal(errno, EINVAL);
	segue_send(co, NULL);
	limit = segue_stack_limit(1);
	segue_stack_trim();
	assert_int_equal(take(co, 0), 0);
	assert_int_equal(errno, EDQUOT);
	segue_stack_limit(limit);
	assert_in_range(take(co, 0), 4, 8);
	segue_unref(co);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_not_be_asked), /* first: no stack is pooled yet */
		cmocka_unit_test(a_suspended_one_from_where_it_goes_on),
		cmocka_unit_test(a_frame_says_where_in_what_function_and_object),
		cmocka_unit_test(one_that_did_not_start_has_its_entry_and_one_that_ended_nothing),
		cmocka_unit_test(who_awaits_waits_in_its_await_and_comes_after_what_it_awaits),
		cmocka_unit_test(the_running_one_from_its_caller_on),
		cmocka_unit_test(those_that_wait_for_the_running_one),
		cmocka_unit_test(one_whose_frames_are_nowhere_is_busy),
		cmocka_unit_test(what_is_called_for_one_that_was_dropped_is_a_call_of_the_dropper),
		cmocka_unit_test(it_fills_what_there_is_room_for_and_says_how_many_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
