/* segue_await() of iterators of the user's, with any of the methods; segue_run(); segue_types_coroutine(); objects' references. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

static int released; /* values that nobody took */

static void release_value(void *value)
{
	(void)value;
	released++;
}

static const segue_type Broken = { "Broken", &segue_Exception, release_value, { NULL } };
static const segue_type Finished = { "Finished", &segue_StopIteration, release_value, { NULL } };
static const segue_type Leaving = { "Leaving", &segue_GeneratorExit, release_value, { NULL } };
static char sent, thrown, yielded, returned;

static int starting(void **state)
{
	(void)state;
	released = 0;
	return 0;
}

/* ---- An iterator of the user's: it writes down what it is asked, and answers as told --------------------------------- */

static struct {
	char said[64];
	int refs;
	segue_result answer, at_close;
} it;

static segue_result say(const char *word, segue_result answer)
{
	strcat(strcat(it.said, word), " ");
	return answer;
}

static segue_result it_next(void *self)
{
	(void)self;
	return say("next", it.answer);
}

static segue_result it_send(void *self, void *value)
{
	(void)self;
	return say(value == &sent ? "send" : value ? "send?" : "send-nothing", it.answer);
}

static segue_result it_throw(void *self, segue_result what)
{
	(void)self;
	return say(what.raised == &Broken && what.value == &thrown ? "throw" : "throw?", it.answer);
}

static segue_result it_close(void *self)
{
	(void)self;
	return say("close", it.at_close);
}

static void it_ref(void *self)
{
	(void)self;
	it.refs++;
}

static void it_release(void *self)
{
	(void)self;
	it.refs--;
}

/* Any of its methods may be absent. */
enum { NEXT = 1, SEND = 2, THROW = 4, CLOSE = 8, ALL = 15 };

static segue_ops iterator_ops(int has)
{
	return (segue_ops){ sizeof(segue_ops), 0, SEGUE_NAMED("Iterator"), it_ref, it_release, NULL, has & NEXT ? it_next : NULL,
			    has & SEND ? it_send : NULL, has & THROW ? it_throw : NULL, has & CLOSE ? it_close : NULL };
}

static struct object {
	const segue_ops *ops;
} iterator;

static void *give_iterator(void *self)
{
	(void)self;
	segue_object_ref(&iterator);
	return &iterator;
}

static const segue_ops awaitable_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Awaitable"), NULL, NULL, give_iterator, NULL, NULL, NULL, NULL };
static struct object awaitable = { &awaitable_ops };

static segue_result awaited; /* what the await gave */

static segue_result await_it(void *x)
{
	awaited = segue_await(segue_object_ref(x));
	if (!awaited.raised)
		return segue_value(awaited.value);
	return segue_isinstance(awaited, &segue_StopIteration) ? segue_value(&returned) : awaited;
}

static segue_result body_of_none(void *x)
{
	return segue_value(x);
}

/* Suspended in an await of the iterator: a coroutine's of an awaitable that gives it, or a generator's `yield from`. */
static segue_coroutine *waiting(const segue_ops *ops, int by_coroutine)
{
	segue_coroutine *co = by_coroutine ? segue_coroutine_new(await_it, &awaitable) : segue_generator_new(await_it, &iterator);
	segue_result r;

	iterator.ops = ops;
	memset(&it, 0, sizeof it);
	it.answer = segue_value(&yielded);
	r = segue_send(co, NULL);
	if (!ops->next && !ops->send)
		return co;
	assert_true(!r.raised && r.value == &yielded);
	assert_string_equal(it.said, ops->next ? "next " : "send-nothing ");
	assert_int_equal(it.refs, 1);
	*it.said = '\0';
	return co;
}

enum operation { SEND_NOTHING, SEND_VALUE, THROW_IT, THROW_EXIT, CLOSE_IT, OPERATIONS };

static segue_result operate(segue_coroutine *co, enum operation operation)
{
	switch (operation) {
	case SEND_NOTHING:
		return segue_send(co, NULL);
	case SEND_VALUE:
		return segue_send(co, &sent);
	case THROW_IT:
		return segue_throw(co, &Broken, &thrown);
	case THROW_EXIT:
		return segue_throw(co, &Leaving, &thrown);
	default:
		return segue_close(co);
	}
}

/* What the iterator is asked; NULL: nothing, and `raised` is raised at the await. */
struct expected {
	const char *said;
	const segue_type *raised;
	void *value;
};

static struct expected of(int has, enum operation operation)
{
	const char *closed = has & CLOSE ? "close " : "";

	switch (operation) {
	case SEND_NOTHING:
		return (struct expected){ has & NEXT ? "next " : "send-nothing ", NULL, NULL };
	case SEND_VALUE:
		return has & SEND ? (struct expected){ "send ", NULL, NULL } : (struct expected){ "", &segue_AttributeError, NULL };
	case THROW_IT:
		return has & THROW ? (struct expected){ "throw ", NULL, NULL } : (struct expected){ "", &Broken, &thrown };
	case THROW_EXIT:
		return (struct expected){ closed, &Leaving, &thrown };
	default:
		return (struct expected){ closed, &segue_GeneratorExit, NULL };
	}
}

static void check_operation(int has, enum operation operation, int by_coroutine)
{
	segue_ops ops = iterator_ops(has);
	segue_coroutine *co = waiting(&ops, by_coroutine);
	struct expected e = of(has, operation);
	segue_result r = operate(co, operation);

	assert_string_equal(it.said, e.said);
	if (!e.raised) {
		assert_true(!r.raised && r.value == &yielded);
		assert_int_equal(segue_state(co), SEGUE_SUSPENDED);
	} else {
		assert_ptr_equal(awaited.raised, e.raised);
		if (e.raised == &segue_AttributeError)
			assert_string_equal(segue_message(awaited), "'Iterator' object has no attribute 'send'");
		else
			assert_ptr_equal(awaited.value, e.value);
		assert_int_equal(segue_state(co), SEGUE_CLOSED);
	}
	segue_unref(co);
	assert_int_equal(it.refs, 0);
}

static void check_no_iterator(int by_coroutine)
{
	segue_ops ops = iterator_ops(THROW | CLOSE);
	segue_coroutine *co = waiting(&ops, by_coroutine);

	assert_ptr_equal(awaited.raised, &segue_TypeError);
	assert_string_equal(segue_message(awaited), by_coroutine ? "__await__() returned non-iterator of type 'Iterator'"
								 : "'Iterator' object is not iterable");
	assert_string_equal(it.said, "");
	assert_int_equal(it.refs, 0);
	segue_unref(co);
}

static void an_iterator_may_have_any_of_the_methods(void **state)
{
	(void)state;
	for (int by_coroutine = 0; by_coroutine < 2; by_coroutine++) {
		check_no_iterator(by_coroutine);
		for (int has = 0; has <= ALL; has++)
			for (int operation = 0; has & (NEXT | SEND) && operation < OPERATIONS; operation++)
				check_operation(has, operation, by_coroutine);
	}
}

static void check_end(enum operation operation, segue_result answer, segue_result at_close, segue_result expected)
{
	segue_ops ops = iterator_ops(ALL);
	segue_coroutine *co = waiting(&ops, 1);

	it.answer = answer;
	it.at_close = at_close;
	operate(co, operation);
	assert_ptr_equal(awaited.raised, expected.raised);
	assert_ptr_equal(awaited.value, expected.value);
	segue_unref(co);
	assert_int_equal(it.refs, 0);
}

/* Whatever method says so, close too. */
static void what_an_iterator_raises_ends_the_await_and_stop_iteration_is_its_value(void **state)
{
	const segue_result nothing = segue_value(NULL), broken = segue_raise(&Broken, &returned);
	const segue_type *ends[] = { &segue_StopIteration, &Finished };

	(void)state;
	for (enum operation operation = SEND_NOTHING; operation <= THROW_IT; operation++) {
		check_end(operation, broken, nothing, broken);
		for (int i = 0; i < 2; i++)
			check_end(operation, segue_raise(ends[i], &returned), nothing, segue_value(&returned));
	}
	assert_int_equal(released, 0);
	for (enum operation operation = THROW_EXIT; operation <= CLOSE_IT; operation++) {
		check_end(operation, nothing, broken, broken);
		for (int i = 0; i < 2; i++)
			check_end(operation, nothing, segue_raise(ends[i], &returned), segue_value(&returned));
	}
	assert_int_equal(released, 3); /* the values of the thrown Leaving, which nobody saw */
}

static segue_result yield_then_return(void *unused)
{
	(void)unused;
	SEGUE_TRY(segue_yield(&yielded));
	return segue_value(&returned);
}

static segue_result next_that_awaits(void *self)
{
	segue_result r = segue_await(segue_generator_new(yield_then_return, NULL));

	(void)self;
	return !r.raised && r.value == &returned ? segue_raise(&segue_StopIteration, &sent) : r;
}

static void a_method_of_an_iterator_may_await(void **state)
{
	segue_ops ops = iterator_ops(ALL);
	segue_coroutine *co = segue_generator_new(await_it, &iterator);
	segue_info info;
	segue_result r;

	(void)state;
	it.refs = 0;
	ops.next = next_that_awaits;
	iterator.ops = &ops;
	r = segue_send(co, NULL);
	assert_true(!r.raised && r.value == &yielded);
	segue_inspect(co, &info, sizeof info);
	assert_non_null(segue_as_coroutine(info.cr_await));
	r = segue_send(co, NULL);
	assert_true(r.raised == &segue_StopIteration && r.value == &sent);
	assert_int_equal(it.refs, 0);
	segue_unref(co);
}

/* ---- What is no awaitable ------------------------------------------------------------------------------------------ */

static void *given;

static void *give(void *self)
{
	(void)self;
	return given;
}

static void check_refused(segue_coroutine *co, const segue_type *type, const char *words)
{
	segue_send(co, NULL);
	assert_ptr_equal(awaited.raised, type);
	if (words)
		assert_string_equal(segue_message(awaited), words);
	else
		assert_null(segue_message(awaited));
	segue_unref(co);
}

static void what_can_not_be_awaited_is_refused(void **state)
{
	segue_ops giver_ops = { sizeof(segue_ops), 0, SEGUE_NAMED("Giver"), NULL, NULL, give, NULL, NULL, NULL, NULL };
	segue_ops ops = iterator_ops(ALL);
	struct object giver = { &giver_ops };

	(void)state;
	iterator.ops = &ops;
	it.refs = 0;
	check_refused(segue_coroutine_new(await_it, &iterator), &segue_TypeError, "object Iterator can't be used in 'await' expression");
	check_refused(segue_generator_new(await_it, &awaitable), &segue_TypeError, "'Awaitable' object is not iterable");
	check_refused(segue_coroutine_new(await_it, NULL), &segue_MemoryError, NULL);
	given = NULL;
	check_refused(segue_coroutine_new(await_it, &giver), &segue_MemoryError, NULL);
	given = segue_coroutine_new(body_of_none, NULL);
	check_refused(segue_coroutine_new(await_it, &giver), &segue_TypeError, "__await__() returned a coroutine");
	given = segue_types_coroutine(segue_generator_new(body_of_none, NULL));
	check_refused(segue_coroutine_new(await_it, &giver), &segue_TypeError, "__await__() returned a coroutine");
	given = segue_generator_new(body_of_none, &returned);
	check_refused(segue_coroutine_new(await_it, &giver), NULL, NULL);
	assert_ptr_equal(awaited.value, &returned);
	assert_int_equal(it.refs, 0);
}

static void outside_any_coroutine_await_raises_and_drops_its_reference(void **state)
{
	segue_ops ops = iterator_ops(ALL);
	segue_result r;

	(void)state;
	iterator.ops = &ops;
	it.refs = 1;
	r = segue_await(&iterator);
	assert_ptr_equal(r.raised, &segue_RuntimeError);
	assert_string_equal(segue_message(r), "await outside a coroutine");
	assert_int_equal(it.refs, 0);
	assert_ptr_equal(segue_await(NULL).raised, &segue_MemoryError);
}

/* ---- segue_run() ---------------------------------------------------------------------------------------------------- */

struct plan {
	int yields, ended;
	const segue_type *raises;
};

static segue_result follow(void *arg)
{
	struct plan *p = arg;

	for (int i = 0; i < p->yields; i++)
		if (segue_yield(&yielded).value)
			return segue_value(&sent);
	p->ended++;
	return p->raises ? segue_raise(p->raises, &thrown) : segue_value(&returned);
}

static segue_result run_oneself(void *result)
{
	*(segue_result *)result = segue_run(segue_ref(segue_current()));
	return segue_value(NULL);
}

static void run_drives_one_to_its_end_and_drops_it(void **state)
{
	struct plan p = { 3, 0, NULL };
	segue_coroutine *co = segue_coroutine_new(follow, &p);
	segue_result r;

	(void)state;
	r = segue_run(segue_ref(co));
	assert_true(!r.raised && r.value == &returned && p.ended == 1);
	r = segue_run(co); /* it has ended */
	assert_string_equal(segue_message(r), "cannot reuse already awaited coroutine");

	co = segue_generator_new(follow, &p);
	segue_send(co, NULL);
	r = segue_run(segue_ref(co)); /* it had started */
	assert_true(!r.raised && r.value == &returned && p.ended == 2);
	r = segue_run(co);
	assert_true(!r.raised && !r.value);

	p.raises = &Broken;
	r = segue_run(segue_coroutine_new(follow, &p));
	assert_true(r.raised == &Broken && r.value == &thrown);
	p.raises = &Finished;
	r = segue_run(segue_coroutine_new(follow, &p));
	assert_string_equal(segue_message(r), "coroutine raised StopIteration");
	segue_run(segue_coroutine_new(run_oneself, &r));
	assert_string_equal(segue_message(r), "coroutine already executing");
	assert_ptr_equal(segue_run(NULL).raised, &segue_MemoryError);
}

static void run_drops_its_reference_however_it_ends(void **state)
{
	static unsigned char memory[SEGUE_STACK_DEFAULT];
	const segue_type *ends[] = { NULL, &Broken, &Finished };
	segue_attr attr = SEGUE_ATTR_INIT;

	(void)state;
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	for (int i = 0; i < 3; i++) {
		struct plan p = { i, 0, ends[i] };
		segue_coroutine *co = segue_coroutine_new_with(follow, &p, &attr);
		segue_run(segue_ref(co));
		assert_non_null(*(void **)co);
		segue_run(co); /* it has ended */
		assert_null(*(void **)co); /* as the first word is of one that is gone */
	}
}

/* ---- segue_types_coroutine() ------------------------------------------------------------------------------------------ */

static segue_result become_iterable(void *error)
{
	errno = 0;
	segue_types_coroutine(segue_current());
	*(int *)error = errno;
	return segue_value(NULL);
}

static void refuses_to_be_iterable(segue_coroutine *co)
{
	const segue_ops *before = *(const segue_ops **)co;

	errno = 0;
	assert_ptr_equal(segue_types_coroutine(co), co);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(*(const segue_ops **)co, before);
}

static void only_a_generator_that_has_not_started_becomes_iterable(void **state)
{
	struct plan p = { 1, 0, NULL };
	segue_coroutine *co = segue_coroutine_new(follow, &p);
	int error = 0;

	(void)state;
	refuses_to_be_iterable(co);
	segue_unref(co);
	co = segue_generator_new(follow, &p);
	errno = 0;
	assert_ptr_equal(segue_types_coroutine(co), co);
	assert_int_equal(errno, 0);
	refuses_to_be_iterable(co); /* it is one */
	segue_unref(co);
	co = segue_generator_new(follow, &p);
	segue_send(co, NULL);
	refuses_to_be_iterable(co);
	segue_send(co, NULL);
	refuses_to_be_iterable(co);
	segue_unref(co);
	segue_run(segue_generator_new(become_iterable, &error));
	assert_int_equal(error, EINVAL);
	errno = 0;
	assert_null(segue_types_coroutine(NULL));
	assert_int_equal(errno, 0);
}

static void an_iterable_coroutine_may_be_awaited_and_await(void **state)
{
	struct plan p = { 0, 0, NULL };
	segue_coroutine *inner = segue_types_coroutine(segue_generator_new(follow, &p));
	segue_coroutine *outer = segue_types_coroutine(segue_generator_new(await_it, inner));
	segue_coroutine *co = segue_coroutine_new(await_it, outer);
	segue_result r = segue_run(co);

	(void)state;
	assert_true(!r.raised && r.value == &returned);
	segue_unref(outer);
	segue_unref(inner);
	inner = segue_coroutine_new(follow, &p);
	r = segue_run(segue_types_coroutine(segue_generator_new(await_it, inner)));
	assert_true(!r.raised && r.value == &returned);
	segue_unref(inner);
}

/* ---- Objects -------------------------------------------------------------------------------------------------------- */

static void an_object_is_a_coroutine_or_not(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_ops on_stack = iterator_ops(ALL);
	segue_ops *on_heap = malloc(sizeof *on_heap);
	struct object object = { &on_stack };

	(void)state;
	assert_null(segue_as_coroutine(NULL));
	assert_null(segue_as_coroutine(&object));
	assert_null(segue_as_coroutine(&awaitable));
	*on_heap = on_stack;
	object.ops = on_heap;
	assert_null(segue_as_coroutine(&object));
	free(on_heap);
	for (attr.kind = SEGUE_KIND_COROUTINE; attr.kind <= SEGUE_KIND_ITERABLE_COROUTINE; attr.kind++) {
		segue_coroutine *co = segue_coroutine_new_with(body_of_none, NULL, &attr);
		assert_ptr_equal(segue_as_coroutine(co), co);
		segue_unref(co);
	}
}

static void references_of_any_object(void **state)
{
	segue_ops ops = iterator_ops(ALL);
	segue_coroutine *co = segue_coroutine_new(body_of_none, &returned);

	(void)state;
	assert_null(segue_object_ref(NULL));
	segue_object_unref(NULL);
	assert_ptr_equal(segue_object_ref(&awaitable), &awaitable); /* static: it has no counter */
	segue_object_unref(&awaitable);
	iterator.ops = &ops;
	it.refs = 1;
	assert_ptr_equal(segue_object_ref(&iterator), &iterator);
	assert_int_equal(it.refs, 2);
	segue_object_unref(&iterator);
	assert_int_equal(it.refs, 1);
	assert_ptr_equal(segue_object_ref(co), co);
	segue_object_unref(co);
	assert_int_equal(segue_state(co), SEGUE_CREATED);
	assert_ptr_equal(segue_run(segue_object_ref(co)).value, &returned);
	segue_object_unref(co);
}

static void what_an_attribute_may_say(void **state)
{
	struct {
		segue_attr attr;
		unsigned char more[8];
	} large = { .attr = SEGUE_ATTR_INIT };
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	(void)state;
	errno = 0;
	assert_true(!segue_coroutine_new_with(NULL, NULL, NULL) && errno == EINVAL);
	attr.size = offsetof(segue_attr, guard_size) - 1;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &attr) && errno == EINVAL);
	attr.size = offsetof(segue_attr, guard_size); /* an old one: the rest is as by default */
	attr.kind = 99;
	co = segue_coroutine_new_with(body_of_none, NULL, &attr);
	assert_non_null(co);
	segue_unref(co);
	attr.size = sizeof attr;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &attr) && errno == EINVAL);
	attr.kind = SEGUE_KIND_COROUTINE;
	attr.stack_size = 0;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &attr) && errno == EINVAL);
	attr.stack_size = SEGUE_STACK_DEFAULT;
	attr.guard_size = 0;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &attr) && errno == EINVAL);
	attr.guard_size = SEGUE_GUARD_DEFAULT;
	attr.flags = SEGUE_KEEP_ARGUMENT << 1;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &attr) && errno == EINVAL);
	large.attr.size = sizeof large; /* a newer one: it may not say what this library doesn't know */
	co = segue_coroutine_new_with(body_of_none, NULL, &large.attr);
	assert_non_null(co);
	segue_unref(co);
	large.more[7] = 1;
	errno = 0;
	assert_true(!segue_coroutine_new_with(body_of_none, NULL, &large.attr) && errno == E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_iterator_may_have_any_of_the_methods, starting),
		cmocka_unit_test_setup(what_an_iterator_raises_ends_the_await_and_stop_iteration_is_its_value, starting),
		cmocka_unit_test_setup(a_method_of_an_iterator_may_await, starting),
		cmocka_unit_test_setup(what_can_not_be_awaited_is_refused, starting),
		cmocka_unit_test_setup(outside_any_coroutine_await_raises_and_drops_its_reference, starting),
		cmocka_unit_test_setup(run_drives_one_to_its_end_and_drops_it, starting),
		cmocka_unit_test_setup(run_drops_its_reference_however_it_ends, starting),
		cmocka_unit_test_setup(only_a_generator_that_has_not_started_becomes_iterable, starting),
		cmocka_unit_test_setup(an_iterable_coroutine_may_be_awaited_and_await, starting),
		cmocka_unit_test_setup(an_object_is_a_coroutine_or_not, starting),
		cmocka_unit_test_setup(references_of_any_object, starting),
		cmocka_unit_test_setup(what_an_attribute_may_say, starting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
