/* PEP 380's text and PEP 492's, line by line, over sends, throws and closes of one coroutine at a time: each level of a chain is a
   yield and a send. It knows nothing of chains, roots and leaves. */
#include "delegation.h"

static const segue_ops *ops_of(const void *object)
{
	return *(const segue_ops *const *)object;
}

static segue_result type_error(const char *words)
{
	return (segue_raise)(&segue_TypeError, (void *)words);
}

/* All that is no coroutine is called Thing here. */
static const char *about(const void *object, const char *coroutine, const char *generator, const char *thing)
{
	const segue_ops *ops = ops_of(object);

	if (ops->names[0] == 'T')
		return thing;
	return ops->names[0] == 'c' ? coroutine : generator;
}

static int is_iterator(const void *object)
{
	return ops_of(object)->next || ops_of(object)->send;
}

static int is_kind(void *object, segue_kind kind)
{
	segue_coroutine *co = segue_as_coroutine(object);
	segue_info info;

	if (!co)
		return 0;
	segue_inspect(co, &info, sizeof info);
	return info.kind == kind;
}

static segue_result iter(segue_kind kind, void *x)
{
	if (kind == SEGUE_KIND_GENERATOR && is_kind(x, SEGUE_KIND_COROUTINE))
		return type_error("cannot 'yield from' a coroutine object in a non-coroutine generator");
	if (!is_iterator(x))
		return type_error("'Thing' object is not iterable");
	return segue_value(segue_object_ref(x));
}

static segue_result dunder_await(void *x)
{
	void *iterator;
	segue_result r;

	if (!ops_of(x)->await_)
		return type_error(about(x, "object coroutine can't be used in 'await' expression", "object generator can't be used in 'await' expression",
					"object Thing can't be used in 'await' expression"));
	iterator = ops_of(x)->await_(x);
	if (!iterator)
		return (segue_raise)(&segue_MemoryError, NULL);
	if (is_kind(iterator, SEGUE_KIND_COROUTINE) || is_kind(iterator, SEGUE_KIND_ITERABLE_COROUTINE))
		r = type_error("__await__() returned a coroutine");
	else if (!is_iterator(iterator))
		r = type_error("__await__() returned non-iterator of type 'Thing'");
	else
		return segue_value(iterator);
	segue_object_unref(iterator);
	return r;
}

/* What is delegated to, or why not. */
static segue_result iterator_of(segue_kind kind, void *x)
{
	if (kind != SEGUE_KIND_COROUTINE)
		return iter(kind, x);
	if (!is_kind(x, SEGUE_KIND_COROUTINE) && !is_kind(x, SEGUE_KIND_ITERABLE_COROUTINE))
		return dunder_await(x);
	if (is_kind(x, SEGUE_KIND_COROUTINE) && segue_state(x) == SEGUE_SUSPENDED)
		return (segue_raise)(&segue_RuntimeError, (void *)"coroutine is being awaited already");
	return segue_value(segue_object_ref(x));
}

static segue_result close_and_raise(void *iterator, segue_result exit)
{
	segue_result r = ops_of(iterator)->close ? ops_of(iterator)->close(iterator) : segue_value(NULL);

	if (!r.raised)
		return exit;
	segue_discard(exit);
	return r;
}

static segue_result pass_in(void *iterator, segue_result received)
{
	const segue_ops *ops = ops_of(iterator);

	if (received.raised)
		return ops->throw_ ? ops->throw_(iterator, received) : received;
	if (!received.value && ops->next)
		return ops->next(iterator);
	if (ops->send)
		return ops->send(iterator, received.value);
	return (segue_raise)(&segue_AttributeError, (void *)"'Thing' object has no attribute 'send'");
}

static segue_result yield_from(void *iterator)
{
	segue_result received = segue_value(NULL), r;

	for (;;) {
		if (segue_isinstance(received, &segue_GeneratorExit))
			r = close_and_raise(iterator, received);
		else
			r = pass_in(iterator, received);
		if (segue_isinstance(r, &segue_StopIteration))
			return segue_value(r.value);
		if (r.raised)
			return r;
		received = segue_yield(r.value);
	}
}

segue_result delegate(void **awaiting, segue_kind kind, void *x)
{
	void *before = *awaiting; /* NULL, but in an iterator's method */
	segue_result r;

	if (!x)
		return (segue_raise)(&segue_MemoryError, NULL);
	r = iterator_of(kind, x);
	segue_object_unref(x);
	if (r.raised)
		return r;
	*awaiting = r.value;
	r = yield_from(r.value);
	x = *awaiting;
	*awaiting = before;
	segue_object_unref(x);
	return r;
}
