/* segue_await(): what may be awaited by whom, and delegation as PEP 380 has it. */
#include "annotate.h"
#include "chain.h"
#include "overflow.h"
#include "words.h"

static const segue_ops *ops_of(const void *object)
{
	return *(const segue_ops *const *)object;
}

static int is_iterator(const void *object)
{
	return ops_of(object)->next || ops_of(object)->send;
}

/* ---- What is delegated to: a new reference to it, or what refusing it raises ------------------------------------- */

static segue_result same(void *x)
{
	segue_object_ref(x);
	return segue_value(x);
}

/* A generator's or an iterable coroutine's `yield from`. */
static segue_result to_yield_from(const segue_coroutine *me, void *x, const segue_coroutine *inner)
{
	if (inner && inner->kind == SEGUE_KIND_COROUTINE && me->kind == SEGUE_KIND_GENERATOR)
		return segue__words(&segue_TypeError, "cannot 'yield from' a coroutine object in a non-coroutine generator");
	return is_iterator(x) ? same(x) : segue__words_on(x, &segue_TypeError, NOT_ITERABLE);
}

static segue_result from_await(void *x)
{
	void *iterator;
	segue_coroutine *inner;
	segue_result r;

	if (!ops_of(x)->await_)
		return segue__words_on(x, &segue_TypeError, NOT_AWAITABLE);
	segue__annotate_call(1);
	iterator = ops_of(x)->await_(x);
	if (!iterator)
		return segue__words(&segue_MemoryError, NULL);
	inner = segue_as_coroutine(iterator);
	if (inner ? inner->kind == SEGUE_KIND_GENERATOR : is_iterator(iterator))
		return segue_value(iterator);
	r = inner ? segue__words(&segue_TypeError, "__await__() returned a coroutine")
		  : segue__words_on(iterator, &segue_TypeError, NOT_ITERATOR);
	segue_object_unref(iterator);
	return r;
}

static segue_result to_await(void *x, segue_coroutine *inner)
{
	if (!inner || inner->kind == SEGUE_KIND_GENERATOR)
		return from_await(x);
	if (inner->kind == SEGUE_KIND_COROUTINE && !(inner->gate & (GATE_CREATED | GATE_CLOSED)) && !segue__is_running(inner))
		return segue__words(&segue_RuntimeError, "coroutine is being awaited already");
	return same(x);
}

/* ---- Delegation -------------------------------------------------------------------------------------------------- */

/* A StopIteration that an iterator raises is what the await gives. */
static segue_result result_of(segue_result r)
{
	return segue_isinstance(r, &segue_StopIteration) ? segue_value(r.value) : r;
}

/* GeneratorExit does not go in: what is inside is closed, and then it goes on here. */
static segue_result close_inside(void *iterator, segue_result exit)
{
	segue_result r;

	segue__annotate_call(1);
	r = ops_of(iterator)->close ? ops_of(iterator)->close(iterator) : segue_value(NULL);
	if (!r.raised)
		return exit;
	segue__discard(exit);
	return result_of(r);
}

static segue_result ask(void *iterator, segue_result m)
{
	const segue_ops *ops = ops_of(iterator);

	segue__annotate_call(3);
	if (m.raised)
		return ops->throw_ ? ops->throw_(iterator, m) : m;
	if (!m.value && ops->next)
		return ops->next(iterator);
	if (ops->send)
		return ops->send(iterator, m.value);
	return segue__words_on(iterator, &segue_AttributeError, NO_SEND);
}

static segue_result delegate_to_iterator(void *iterator)
{
	segue_result m = segue_value(NULL);

	for (;;) {
		segue_result r;

		if (segue_isinstance(m, &segue_GeneratorExit))
			return close_inside(iterator, m);
		r = ask(iterator, m);
		if (r.raised)
			return result_of(r);
		m = segue_yield(r.value);
	}
}

/* What the library raises has a traceback that begins here; what another coroutine let out brings its own. */
static segue_result begins_here(segue_coroutine *me, segue_result r)
{
	if (me && r.raised)
		me->traced = 0;
	return r;
}

/* Hands over to the chain inside, until that ends or this is resumed by itself. */
static READS_THREAD segue_pair hand_over(segue_coroutine *me, segue_coroutine *inner, segue_result m)
{
	segue_coroutine *leaf = inner->leaf;

	if (unlikely(inner->gate & GATE_WATCHED))
		segue__spare_locks();
	if (inner->gate & (GATE_FENV | GATE_FENV_BELOW))
		segue__enter_fenv(inner);
	segue__link(me, inner);
	me->inner_ended = 0;
	segue_running = leaf;
	if (unlikely(inner->gate & GATE_WATCHED))
		return segue__switch_watched(&contexts_of(inner)->sender, &contexts_of(leaf)->own, m, me, leaf);
	return segue_arch_switch(&contexts_of(inner)->sender, &contexts_of(leaf)->own, m.value, m.raised);
}

static segue_result delegate_to_coroutine(segue_coroutine *me, segue_coroutine *inner)
{
	segue_result m = segue_value(NULL);

	for (;;) {
		if (segue_isinstance(m, &segue_GeneratorExit))
			return close_inside(inner, m);
		if (segue__is_running(inner)) {
			segue__discard(m);
			return begins_here(me, segue__already_executing(inner));
		}
		if (inner->gate & GATE_CLOSED)
			return begins_here(me, result_of(m.raised ? segue_throw(inner, m.raised, m.value) : segue_send(inner, m.value)));
		segue__cut_above(inner);
		m = segue__unpair(hand_over(me, inner, segue__arriving(inner->leaf, m)));
		if (me->inner_ended)
			return result_of(m);
	}
}

READS_THREAD segue_pair PAIR(segue_await)(void *x)
{
	segue_coroutine *me = segue_running;
	segue_coroutine *inner = segue_as_coroutine(x);
	void *before;
	segue_result r;

	if (!x)
		r = segue__words(&segue_MemoryError, NULL);
	else if (!me)
		r = segue__words(&segue_RuntimeError, "await outside a coroutine");
	else if (me->kind == SEGUE_KIND_COROUTINE)
		r = to_await(x, inner);
	else
		r = to_yield_from(me, x, inner);
	segue_object_unref(x);
	if (r.raised)
		return segue__pair(begins_here(me, r));
	before = me->awaited; /* NULL, but where an iterator's method awaits */
	me->awaited = r.value;
	inner = segue_as_coroutine(me->awaited);
	r = inner ? delegate_to_coroutine(me, inner) : delegate_to_iterator(me->awaited);
	x = me->awaited;
	me->awaited = before;
	segue_object_unref(x);
	return segue__pair(r);
}

segue_pair PAIR(segue_run)(segue_coroutine *co)
{
	segue_result r;

	do
		r = segue_send(co, NULL);
	while (!r.raised);
	segue_unref(co);
	return segue__pair(result_of(r));
}
