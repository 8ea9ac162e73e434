/* The protocol's table: every state, every operation, each kind; what comes out, and in which state that leaves it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_headers.h"
#include "segue.h"

SEGUE_EXCEPTION(Broken, segue_Exception);
SEGUE_EXCEPTION(Finished, segue_StopIteration); /* a user's type under StopIteration counts as one */
SEGUE_EXCEPTION(Leaving, segue_GeneratorExit);

enum operation { SEND_NULL, SEND_VALUE, THROW, THROW_EXIT, THROW_NOTHING, CLOSE };

static char sent, yielded, returned, thrown, received[4];

/* How a coroutine is brought into a state, and what its body answers. */
struct script {
	const char *state;
	int sends;             /* before the operation */
	int from_inside;       /* the operation is made by its own body, */
	int through_another;   /* or by the body of another that it resumed */
	const segue_type *ends; /* what it raises at its second resumption; &segue_BaseException: it yields for ever */
};

static const struct script scripts[] = {
	{ "created", 0, 0, 0, NULL },
	{ "suspended", 1, 0, 0, NULL },
	{ "suspended, for ever", 1, 0, 0, &segue_BaseException },
	{ "running", 0, 1, 0, NULL },
	{ "running, outside the one that runs", 0, 1, 1, NULL },
	{ "returned", 2, 0, 0, NULL },
	{ "failed", 2, 0, 0, &Broken },
	{ "failed by StopIteration", 2, 0, 0, &Finished },
};

/* What is expected: words begin with K where the kind's name goes. */
struct outcome {
	const segue_type *raised;
	const void *value; /* or its words */
	const char *message;
	enum segue_state after;
};

static struct run {
	const struct script *script;
	enum operation operation;
	segue_coroutine *subject;
	segue_result result; /* of the operation */
	int bodies;          /* how often the subject's body began */
} run;

static segue_result operate(segue_coroutine *co, enum operation operation)
{
	switch (operation) {
	case SEND_NULL:
		return segue_send(co, NULL);
	case SEND_VALUE:
		return segue_send(co, &sent);
	case THROW:
		return segue_throw(co, &Broken, &thrown);
	case THROW_EXIT:
		return segue_throw(co, &Leaving, &thrown);
	case THROW_NOTHING:
		return segue_throw(co, NULL, &thrown);
	default:
		return segue_close(co);
	}
}

static segue_result operate_on_subject(void *unused)
{
	(void)unused;
	run.result = operate(run.subject, run.operation);
	return segue_value(NULL);
}

static segue_result body(void *arg)
{
	const struct script *s = arg;
	segue_result r;

	run.bodies++;
	if (s->through_another) {
		segue_coroutine *other = segue_coroutine_new(operate_on_subject, NULL);
		segue_send(other, NULL);
		segue_unref(other);
	} else if (s->from_inside)
		operate_on_subject(NULL);
	r = segue_yield(&yielded);
	if (s->ends == &segue_BaseException)
		while (1)
			segue_yield(&received);
	if (r.raised)
		return r;
	if (s->ends)
		return segue_raise(s->ends, &thrown);
	return segue_value(r.value ? r.value : &returned);
}

static struct outcome value(void *v, enum segue_state after)
{
	return (struct outcome){ NULL, v, NULL, after };
}

static struct outcome raised(const segue_type *type, void *v, enum segue_state after)
{
	return (struct outcome){ type, v, NULL, after };
}

static struct outcome words(const segue_type *type, const char *message, enum segue_state after)
{
	return (struct outcome){ type, NULL, message, after };
}

#define NO_TYPE "exceptions must be classes or instances deriving from BaseException, not NoneType"

static struct outcome of_created(enum operation operation)
{
	switch (operation) {
	case SEND_NULL:
		return value(&yielded, SEGUE_SUSPENDED);
	case SEND_VALUE:
		return words(&segue_TypeError, "can't send non-None value to a just-started K", SEGUE_CREATED);
	case THROW:
		return raised(&Broken, &thrown, SEGUE_CLOSED);
	case THROW_EXIT:
		return raised(&Leaving, &thrown, SEGUE_CLOSED);
	case THROW_NOTHING:
		return words(&segue_TypeError, NO_TYPE, SEGUE_CREATED);
	default:
		return value(NULL, SEGUE_CLOSED);
	}
}

static struct outcome of_suspended(enum operation operation)
{
	switch (operation) {
	case SEND_NULL:
		return raised(&segue_StopIteration, &returned, SEGUE_CLOSED);
	case SEND_VALUE:
		return raised(&segue_StopIteration, &sent, SEGUE_CLOSED);
	case THROW:
		return raised(&Broken, &thrown, SEGUE_CLOSED);
	case THROW_EXIT:
		return raised(&Leaving, &thrown, SEGUE_CLOSED);
	case THROW_NOTHING:
		return words(&segue_TypeError, NO_TYPE, SEGUE_SUSPENDED);
	default:
		return value(NULL, SEGUE_CLOSED);
	}
}

static struct outcome of_endless(enum operation operation)
{
	if (operation == CLOSE)
		return words(&segue_RuntimeError, "K ignored GeneratorExit", SEGUE_SUSPENDED);
	if (operation == THROW_NOTHING)
		return of_suspended(operation);
	return value(&received, SEGUE_SUSPENDED);
}

static struct outcome of_running(enum operation operation)
{
	if (operation == THROW_NOTHING)
		return words(&segue_TypeError, NO_TYPE, SEGUE_RUNNING);
	return words(&segue_ValueError, "K already executing", SEGUE_RUNNING);
}

static struct outcome of_closed(enum operation operation, segue_kind kind)
{
	if (operation == CLOSE)
		return value(NULL, SEGUE_CLOSED);
	if (operation == THROW_NOTHING)
		return words(&segue_TypeError, NO_TYPE, SEGUE_CLOSED);
	if (kind == SEGUE_KIND_COROUTINE)
		return words(&segue_RuntimeError, "cannot reuse already awaited coroutine", SEGUE_CLOSED);
	if (operation == THROW)
		return raised(&Broken, &thrown, SEGUE_CLOSED);
	if (operation == THROW_EXIT)
		return raised(&Leaving, &thrown, SEGUE_CLOSED);
	return raised(&segue_StopIteration, NULL, SEGUE_CLOSED);
}

static struct outcome expected(const struct script *s, enum operation operation, segue_kind kind)
{
	if (s->from_inside)
		return of_running(operation);
	switch (s->sends) {
	case 0:
		return of_created(operation);
	case 1:
		return s->ends ? of_endless(operation) : of_suspended(operation);
	default:
		return of_closed(operation, kind);
	}
}

static void check_words(const char *given, const char *pattern, segue_kind kind)
{
	char text[200];
	const char *at = strstr(pattern, "K ");

	if (!at && pattern[strlen(pattern) - 1] == 'K')
		at = pattern + strlen(pattern) - 1;
	snprintf(text, sizeof text, "%.*s%s%s", at ? (int)(at - pattern) : (int)strlen(pattern), pattern,
		 !at ? "" : kind == SEGUE_KIND_COROUTINE ? "coroutine" : "generator", at ? at + 1 : "");
	assert_string_equal(given, text);
}

static void check(const struct script *s, enum operation operation, segue_kind kind)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	struct outcome o = expected(s, operation, kind);
	enum segue_state after;

	attr.kind = kind;
	run = (struct run){ s, operation, segue_coroutine_new_with(body, (void *)s, &attr), { 0 }, 0 };
	assert_non_null(run.subject);
	for (int i = 0; i < s->sends; i++)
		segue_send(run.subject, NULL);
	if (s->from_inside) {
		segue_send(run.subject, NULL);
		after = SEGUE_RUNNING; /* the operation raised in there, and it went on to yield */
		assert_int_equal(segue_state(run.subject), SEGUE_SUSPENDED);
	} else {
		run.result = operate(run.subject, operation);
		after = segue_state(run.subject);
	}
	assert_ptr_equal(run.result.raised, o.raised);
	if (o.message)
		check_words(segue_message(run.result), o.message, kind);
	else
		assert_ptr_equal(run.result.value, o.value);
	assert_int_equal(after, o.after);
	assert_int_equal(run.bodies, s->sends || s->from_inside || (operation == SEND_NULL && o.after == SEGUE_SUSPENDED));
	segue_unref(run.subject);
}

static void every_operation_in_every_state_as_in_python(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		for (int operation = SEND_NULL; operation <= CLOSE; operation++)
			for (int kind = SEGUE_KIND_COROUTINE; kind <= SEGUE_KIND_ITERABLE_COROUTINE; kind++)
				check(&scripts[i], operation, kind);
}

/* ---- What the table does not reach ------------------------------------------------------------------------------ */

static segue_result raise_finished(void *type)
{
	return segue_raise(type, &thrown);
}

static void stop_iteration_that_leaks_becomes_runtime_error(void **state)
{
	static const struct {
		segue_coroutine *(*make)(segue_body *, void *);
		const char *words;
	} kinds[] = { { segue_coroutine_new, "coroutine raised StopIteration" }, { segue_generator_new, "generator raised StopIteration" } };
	const segue_type *types[] = { &segue_StopIteration, &Finished };

	(void)state;
	for (int kind = 0; kind < 2; kind++)
		for (int type = 0; type < 2; type++) {
			segue_coroutine *co = kinds[kind].make(raise_finished, (void *)types[type]);
			segue_result r = segue_send(co, NULL);
			assert_ptr_equal(r.raised, &segue_RuntimeError);
			assert_string_equal(segue_message(r), kinds[kind].words);
			segue_unref(co);
		}
}

static segue_result note_what_arrives(void *arrived)
{
	segue_yield(NULL);
	*(segue_result *)arrived = segue_yield(NULL);
	return segue_value(NULL);
}

static segue_result await_one(void *inner)
{
	return segue_await(segue_ref(inner));
}

/* How it is thrown into the one at a yield: directly, through one that awaits it, or through that one after the two were cut apart. */
enum through { DIRECTLY, AWAITED, CUT };

static segue_result what_arrives(const segue_type *type, segue_kind kind, enum through how)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_result arrived = { NULL, NULL };
	segue_coroutine *co, *outer;

	attr.kind = kind;
	co = segue_coroutine_new_with(note_what_arrives, &arrived, &attr);
	attr.kind = SEGUE_KIND_ITERABLE_COROUTINE;
	outer = how == DIRECTLY ? segue_ref(co) : segue_coroutine_new_with(await_one, co, &attr);
	segue_send(outer, NULL);
	segue_send(how == CUT ? co : outer, NULL);
	segue_throw(outer, type, &thrown);
	segue_unref(outer);
	segue_unref(co);
	return arrived;
}

static void stop_iteration_arrives_only_at_yields_of_generators(void **state)
{
	const segue_type *types[] = { &segue_StopIteration, &Finished };

	(void)state;
	for (int type = 0; type < 2; type++)
		for (int how = DIRECTLY; how <= CUT; how++) {
			segue_result r = what_arrives(types[type], SEGUE_KIND_COROUTINE, how);
			assert_ptr_equal(r.raised, &segue_RuntimeError);
			assert_string_equal(segue_message(r), "generator raised StopIteration");
			r = what_arrives(types[type], SEGUE_KIND_GENERATOR, how);
			assert_ptr_equal(r.raised, types[type]);
			assert_ptr_equal(r.value, &thrown);
			r = what_arrives(types[type], SEGUE_KIND_ITERABLE_COROUTINE, how);
			assert_ptr_equal(r.raised, types[type]);
			assert_ptr_equal(r.value, &thrown);
		}
}

static segue_result return_from_close(void *arg)
{
	segue_result r = segue_yield(NULL);

	return segue_isinstance(r, &segue_GeneratorExit) && !r.value ? segue_value(arg) : r;
}

static segue_result raise_from_close(void *arg)
{
	(void)segue_yield(NULL);
	return segue_raise(&Broken, arg);
}

static void close_gives_what_the_body_returns_or_raises(void **state)
{
	segue_coroutine *co = segue_coroutine_new(return_from_close, &returned);
	segue_result r;

	(void)state;
	segue_send(co, NULL);
	r = segue_close(co);
	assert_null(r.raised);
	assert_ptr_equal(r.value, &returned);
	segue_unref(co);

	co = segue_coroutine_new(raise_from_close, &thrown);
	segue_send(co, NULL);
	r = segue_close(co);
	assert_ptr_equal(r.raised, &Broken);
	assert_ptr_equal(r.value, &thrown);
	segue_unref(co);
}

static void outside_any_coroutine_yield_raises(void **state)
{
	segue_result r = segue_yield(&yielded);

	(void)state;
	assert_ptr_equal(r.raised, &segue_RuntimeError);
	assert_string_equal(segue_message(r), "yield outside a coroutine");
	assert_null(segue_current());
}

static void nothing_is_a_memory_error_but_to_close_and_unref(void **state)
{
	(void)state;
	assert_ptr_equal(segue_send(NULL, NULL).raised, &segue_MemoryError);
	assert_ptr_equal(segue_throw(NULL, &Broken, NULL).raised, &segue_MemoryError);
	assert_null(segue_close(NULL).raised);
	assert_null(segue_ref(NULL));
	segue_unref(NULL);
}

static void an_exception_is_of_its_type_and_of_those_above(void **state)
{
	segue_result r = segue_raise(&segue_RecursionError, NULL);

	(void)state;
	assert_true(segue_isinstance(r, &segue_RecursionError));
	assert_true(segue_isinstance(r, &segue_RuntimeError));
	assert_true(segue_isinstance(r, &segue_Exception));
	assert_true(segue_isinstance(r, &segue_BaseException));
	assert_false(segue_isinstance(r, &segue_ValueError));
	assert_false(segue_isinstance(r, NULL));
	assert_false(segue_isinstance(segue_value(&yielded), &segue_BaseException));
	assert_false(segue_isinstance(segue_value(NULL), NULL));
	assert_null(segue_message(segue_value("a value")));
	assert_null(segue_message(segue_raise(&segue_StopIteration, "data")));
	assert_null(segue_message(segue_raise(&Broken, "data")));
}

static segue_result pass_on(void *where)
{
	char *got = SEGUE_TRY(segue_yield(SEGUE_TRY(segue_value(&yielded))));

	*(char **)where = got;
	return segue_value(NULL);
}

static void try_gives_the_value_or_returns_what_was_raised(void **state)
{
	char *got = NULL;
	segue_coroutine *co = segue_coroutine_new(pass_on, &got);

	(void)state;
	assert_ptr_equal(segue_send(co, NULL).value, &yielded);
	segue_send(co, &sent);
	assert_ptr_equal(got, &sent);
	segue_unref(co);
	co = segue_coroutine_new(pass_on, &got);
	segue_send(co, NULL);
	assert_ptr_equal(segue_throw(co, &Broken, &thrown).raised, &Broken);
	segue_unref(co);
}

/* ---- References ------------------------------------------------------------------------------------------------- */

static struct {
	segue_coroutine *self;
	int steps, disposed;
	enum segue_state state;
} life;

static void dispose(void *arg)
{
	assert_ptr_equal(arg, &life);
	life.disposed++;
}

static segue_result live(void *arg)
{
	(void)arg;
	life.steps = 1;
	if (segue_yield(NULL).raised == &segue_GeneratorExit)
		life.steps = 2;
	return segue_value(NULL);
}

static void the_last_reference_of_a_suspended_one_closes_it(void **state)
{
	segue_coroutine *co = segue_coroutine_new(live, NULL);

	(void)state;
	segue_send(co, NULL);
	assert_ptr_equal(segue_ref(co), co);
	segue_unref(co);
	assert_int_equal(life.steps, 1);
	segue_unref(co);
	assert_int_equal(life.steps, 2);
}

static void one_that_never_ran_is_disposed_of_and_does_not_run(void **state)
{
	segue_attr attr = SEGUE_ATTR_INIT;

	(void)state;
	attr.dispose = dispose;
	for (int how = 0; how < 3; how++) {
		segue_coroutine *co = segue_coroutine_new_with(live, &life, &attr);
		life.steps = life.disposed = 0;
		if (how == 1)
			segue_close(co);
		else if (how == 2)
			segue_throw(co, &Broken, NULL);
		segue_unref(co);
		assert_int_equal(life.disposed, 1);
		assert_int_equal(life.steps, 0);
	}
	life.disposed = 0;
	segue_coroutine *co = segue_coroutine_new_with(live, &life, &attr);
	segue_send(co, NULL);
	segue_unref(co);
	assert_int_equal(life.disposed, 0);
}

/* ---- An argument that is kept ------------------------------------------------------------------------------------ */

struct kept {
	long double aligned;
	int number;
	segue_coroutine *to_drop;
};
static int disposed_with; /* the number; 0: not yet; -1: twice */

static void dispose_of_kept(void *arg)
{
	disposed_with = disposed_with ? -1 : ((struct kept *)arg)->number;
}

static segue_result use_kept(void *arg)
{
	struct kept *k = arg;
	segue_result r;

	k->number++;
	r = segue_yield(k);
	segue_unref(k->to_drop);
	return r.raised ? r : segue_value(k);
}

static segue_result await_it(void *inner)
{
	return segue_await(inner);
}

static segue_coroutine *keep(int steps)
{
	struct kept given = { 0, 1, NULL };
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	attr.argument_size = sizeof given;
	attr.dispose = dispose_of_kept;
	attr.flags = SEGUE_KEEP_ARGUMENT;
	co = segue_coroutine_new_with(use_kept, &given, &attr);
	memset(&given, 0, sizeof given);
	disposed_with = 0;
	while (steps--)
		segue_send(co, NULL);
	return co;
}

static void is_kept_until_dropped(segue_coroutine *co, int number)
{
	struct kept *k = segue_argument(co, dispose_of_kept);

	assert_true(k && k->number == number && (uintptr_t)&k->aligned % _Alignof(long double) == 0);
	assert_int_equal(disposed_with, 0);
	segue_unref(co);
	assert_int_equal(disposed_with, number);
}

static void an_argument_may_be_kept_until_its_coroutine_goes(void **state)
{
	segue_coroutine *co;

	(void)state;
	is_kept_until_dropped(keep(0), 1);
	is_kept_until_dropped(keep(1), 2);
	is_kept_until_dropped(keep(2), 2);
	segue_close(co = keep(0));
	is_kept_until_dropped(co, 1);
	segue_throw(co = keep(0), &Broken, NULL);
	is_kept_until_dropped(co, 1);
	segue_close(co = keep(1));
	is_kept_until_dropped(co, 2);
	segue_throw(co = keep(1), &Broken, NULL);
	is_kept_until_dropped(co, 2);
	segue_run(segue_coroutine_new(await_it, segue_ref(co = keep(0))));
	is_kept_until_dropped(co, 2);
	segue_send(co = segue_coroutine_new(await_it, keep(0)), NULL);
	segue_unref(co); /* and what it awaits */
	assert_int_equal(disposed_with, 2);
	co = keep(1);
	((struct kept *)segue_argument(co, dispose_of_kept))->to_drop = co;
	segue_send(co, NULL); /* it ends without a reference */
	assert_int_equal(disposed_with, 2);
}

static void an_argument_is_found_by_its_dispose(void **state)
{
	static char memory[SEGUE_STACK_MIN];
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co = keep(0);

	(void)state;
	assert_null(segue_argument(co, dispose));
	assert_null(segue_argument(NULL, dispose));
	segue_unref(co);
	attr.dispose = dispose;
	attr.argument_size = sizeof life;
	co = segue_coroutine_new_with(live, &life, &attr);
	assert_null(segue_argument(co, dispose)); /* it is not kept */
	segue_run(co);
	attr.flags = SEGUE_KEEP_ARGUMENT;
	attr.argument_size = 0;
	co = segue_coroutine_new_with(live, &life, &attr);
	assert_ptr_equal(segue_argument(co, dispose), &life);
	segue_run(co);
	attr.stack = memory;
	attr.stack_size = sizeof memory;
	attr.argument_size = sizeof memory / 4;
	attr.dispose = dispose_of_kept;
	memset(memory, 1, sizeof memory);
	co = segue_coroutine_new_with(live, NULL, &attr);
	assert_int_equal(memory[(char *)segue_argument(co, dispose_of_kept) - memory], 1); /* nothing was copied there */
	segue_unref(co);
	attr.argument_size++;
	errno = 0;
	assert_null(segue_coroutine_new_with(live, NULL, &attr));
	assert_int_equal(errno, E2BIG);
	attr.argument_size = 0;
	attr.dispose = NULL;
	errno = 0;
	assert_null(segue_coroutine_new_with(live, NULL, &attr));
	assert_int_equal(errno, EINVAL);
}

static segue_result drop_oneself(void *arg)
{
	segue_result r;

	segue_unref(life.self);
	life.steps = 1;
	r = segue_yield(&yielded);
	life.steps = r.raised == &segue_GeneratorExit ? 2 : -1;
	if (arg)
		segue_yield(arg); /* ignores it: never comes back */
	life.steps++;
	return segue_value(&returned);
}

static void one_that_drops_itself_goes_on_and_is_closed_as_it_suspends(void **state)
{
	(void)state;
	life.self = segue_coroutine_new(drop_oneself, NULL);
	segue_result r = segue_send(life.self, NULL);
	assert_null(r.raised);
	assert_ptr_equal(r.value, &yielded);
	assert_int_equal(life.steps, 3);

	life.self = segue_coroutine_new(drop_oneself, &yielded);
	r = segue_send(life.self, NULL);
	assert_ptr_equal(r.value, &yielded);
	assert_int_equal(life.steps, 2);
	assert_null(segue_current());
}

static segue_result save_oneself(void *arg)
{
	(void)arg;
	if (segue_yield(NULL).raised)
		segue_ref(segue_current());
	return segue_value(NULL);
}

static void a_body_that_is_closed_may_keep_itself(void **state)
{
	segue_coroutine *co = segue_coroutine_new(save_oneself, NULL);

	(void)state;
	segue_send(co, NULL);
	segue_unref(co);
	assert_int_equal(segue_state(co), SEGUE_CLOSED);
	segue_unref(co);
}

/* ---- Nesting ---------------------------------------------------------------------------------------------------- */

static segue_result nest(void *arg)
{
	uintptr_t depth = (uintptr_t)arg;
	segue_coroutine *inner;
	segue_result r;

	if (depth == 0)
		return segue_value(segue_yield(segue_current()).value);
	inner = segue_coroutine_new(nest, (void *)(depth - 1));
	r = segue_send(inner, NULL);
	life.state = segue_state(segue_current());
	while (!r.raised)
		r = segue_send(inner, segue_yield(r.value).value);
	segue_unref(inner);
	return segue_value(r.value);
}

static void sends_nest_as_calls_do(void **state)
{
	segue_coroutine *co = segue_coroutine_new(nest, (void *)(uintptr_t)10);
	segue_result r = segue_send(co, NULL);

	(void)state;
	assert_null(r.raised);
	assert_non_null(r.value);
	assert_int_equal(life.state, SEGUE_RUNNING);
	r = segue_send(co, &sent);
	assert_ptr_equal(r.raised, &segue_StopIteration);
	assert_ptr_equal(r.value, &sent);
	segue_unref(co);
}

static segue_result generic(void *object, int operation)
{
	const segue_ops *ops = *(const segue_ops **)object;

	switch (operation) {
	case 0:
		return ops->next(object);
	case 1:
		return ops->send(object, &sent);
	case 2:
		return ops->throw_(object, segue_raise(&Broken, &thrown));
	default:
		return ops->close(object);
	}
}

static void a_coroutine_is_an_object_with_operations(void **state)
{
	segue_coroutine *co = segue_generator_new(body, (void *)&scripts[2]);
	const segue_ops *ops = *(const segue_ops **)co;

	(void)state;
	assert_int_equal(ops->size, sizeof *ops);
	assert_string_equal(ops->names, "generator");
	assert_ptr_equal(generic(co, 0).value, &yielded);
	assert_ptr_equal(generic(co, 1).value, &received);
	assert_ptr_equal(generic(co, 2).value, &received);
	assert_string_equal(segue_message(generic(co, 3)), "generator ignored GeneratorExit");
	ops->ref(co);
	segue_unref(co);
	assert_int_equal(segue_state(co), SEGUE_SUSPENDED);
	ops->release(co);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_in_every_state_as_in_python),
		cmocka_unit_test(stop_iteration_that_leaks_becomes_runtime_error),
		cmocka_unit_test(stop_iteration_arrives_only_at_yields_of_generators),
		cmocka_unit_test(close_gives_what_the_body_returns_or_raises),
		cmocka_unit_test(outside_any_coroutine_yield_raises),
		cmocka_unit_test(nothing_is_a_memory_error_but_to_close_and_unref),
		cmocka_unit_test(an_exception_is_of_its_type_and_of_those_above),
		cmocka_unit_test(try_gives_the_value_or_returns_what_was_raised),
		cmocka_unit_test(the_last_reference_of_a_suspended_one_closes_it),
		cmocka_unit_test(one_that_never_ran_is_disposed_of_and_does_not_run),
		cmocka_unit_test(an_argument_may_be_kept_until_its_coroutine_goes),
		cmocka_unit_test(an_argument_is_found_by_its_dispose),
		cmocka_unit_test(one_that_drops_itself_goes_on_and_is_closed_as_it_suspends),
		cmocka_unit_test(a_body_that_is_closed_may_keep_itself),
		cmocka_unit_test(sends_nest_as_calls_do),
		cmocka_unit_test(a_coroutine_is_an_object_with_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
