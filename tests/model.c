/* The model: include/segue.h and Python's rules, line by line, in plain C. */
#include "model.h"

#include <stddef.h>

static bool is_a(segue_result r, const segue_type *type)
{
	const segue_type *t = r.raised;

	while (t && t != type)
		t = t->base;
	return t;
}

static struct frame *top(struct model *m)
{
	return &m->frames[m->depth - 1];
}

static void open_frame(struct model *m, enum how how, struct object *o)
{
	m->frames[m->depth++] = (struct frame){ .how = how, .object = o, .before = m->current };
}

static void answer(struct model *m, const segue_type *type, void *value, const char *words)
{
	struct frame *f = top(m);

	f->answer.result = (segue_result){ type, value };
	f->answer.words = words;
	f->over = true;
}

static void say(struct model *m, const struct object *o, const segue_type *type, const char *coroutine, const char *generator)
{
	answer(m, type, NULL, o->kind == SEGUE_KIND_COROUTINE ? coroutine : generator);
}

/* ---- Switches --------------------------------------------------------------------------------------------------- */

static void swap_rounding(struct model *m, struct object *o)
{
	int present = m->rounding;

	if (!o->own_fenv)
		return;
	m->rounding = o->rounding;
	o->rounding = present;
}

static void enter(struct model *m, struct object *o, segue_result arrival)
{
	m->events[NESTED] += m->depth > 3;
	o->state = SEGUE_RUNNING;
	m->current = m->arriving = o;
	m->arrival = (struct answer){ arrival, NULL };
	swap_rounding(m, o);
}

static void leave(struct model *m, struct object *o, enum segue_state state)
{
	o->state = state;
	o->closing = false;
	m->current = top(m)->before;
	top(m)->over = true;
	swap_rounding(m, o);
}

/* Nobody holds it, and its resumer's call holds no reference of its own. */
static bool is_dropped(const struct model *m, const struct object *o)
{
	enum how how = m->frames[m->depth - 1].how;

	return o->refs == 0 && (how == SEND || how == THROW);
}

/* ---- From outside ----------------------------------------------------------------------------------------------- */

static void end_unstarted(struct object *o)
{
	o->state = SEGUE_CLOSED;
	o->disposals += o->disposes;
}

static bool refuse_running(struct model *m, struct object *o)
{
	if (o->state != SEGUE_RUNNING)
		return false;
	m->events[OPERATED_ON_RUNNING]++;
	say(m, o, &segue_ValueError, "coroutine already executing", "generator already executing");
	return true;
}

static bool refuse_closed(struct model *m, struct object *o, const segue_type *type, void *value)
{
	if (o->state != SEGUE_CLOSED)
		return false;
	m->events[OPERATED_ON_CLOSED]++;
	if (o->kind == SEGUE_KIND_COROUTINE)
		answer(m, &segue_RuntimeError, NULL, "cannot reuse already awaited coroutine");
	else
		answer(m, type, value, NULL);
	return true;
}

void model_send(struct model *m, struct object *o, void *value)
{
	open_frame(m, SEND, o);
	if (o->state == SEGUE_CREATED && value) {
		m->events[STARTED_WITH_VALUE]++;
		say(m, o, &segue_TypeError, "can't send non-None value to a just-started coroutine",
		    "can't send non-None value to a just-started generator");
	} else if (!refuse_running(m, o) && !refuse_closed(m, o, &segue_StopIteration, NULL))
		enter(m, o, segue_value(value));
}

void model_throw(struct model *m, struct object *o, const segue_type *type, void *value)
{
	open_frame(m, THROW, o);
	if (!type)
		answer(m, &segue_TypeError, NULL, "exceptions must be classes or instances deriving from BaseException, not NoneType");
	else if (refuse_running(m, o) || refuse_closed(m, o, type, value))
		return;
	else if (o->state == SEGUE_CREATED) {
		end_unstarted(o);
		answer(m, type, value, NULL);
	} else if (o->kind == SEGUE_KIND_COROUTINE && is_a(segue_raise(type, value), &segue_StopIteration)) {
		enter(m, o, segue_raise(&segue_RuntimeError, NULL));
		m->arrival.words = "generator raised StopIteration";
	} else
		enter(m, o, segue_raise(type, value));
}

void model_close(struct model *m, struct object *o)
{
	open_frame(m, CLOSE, o);
	if (refuse_running(m, o))
		return;
	if (o->state == SEGUE_SUSPENDED) {
		enter(m, o, segue_raise(&segue_GeneratorExit, NULL));
		return;
	}
	if (o->state == SEGUE_CREATED)
		end_unstarted(o);
	answer(m, NULL, NULL, NULL);
}

void model_ref(struct model *m, struct object *o)
{
	m->events[TAKEN_BACK] += o->refs++ == 0;
}

void model_unref(struct model *m, struct object *o)
{
	open_frame(m, DROP, o);
	answer(m, NULL, NULL, NULL);
	if (--o->refs > 0)
		return;
	if (o->state == SEGUE_RUNNING) {
		m->events[DROPPED_ITSELF]++;
		return;
	}
	if (o->state == SEGUE_SUSPENDED) {
		m->events[DROPPED_SUSPENDED]++;
		top(m)->over = false;
		enter(m, o, segue_raise(&segue_GeneratorExit, NULL));
		return;
	}
	if (o->state == SEGUE_CREATED) {
		m->events[DROPPED_UNSTARTED]++;
		end_unstarted(o);
	}
}

bool model_end(struct model *m, struct object *o, struct answer *answer)
{
	struct frame *f = top(m);

	if (m->depth == 0 || f->object != o || !f->over || m->arriving)
		return false;
	*answer = f->answer;
	o->gone |= f->how == DROP && o->state == SEGUE_CLOSED && o->refs == 0; /* its dispose may have taken a reference */
	m->depth--;
	return true;
}

/* ---- From inside ------------------------------------------------------------------------------------------------ */

bool model_arrive(struct model *m, struct object *o, struct answer *answer)
{
	if (m->arriving != o)
		return false;
	*answer = m->arrival;
	m->arriving = NULL;
	return true;
}

/* The yield raises GeneratorExit at once: nobody holds the coroutine. */
static void raise_exit(struct model *m, struct object *o)
{
	m->arriving = o;
	m->arrival = (struct answer){ segue_raise(&segue_GeneratorExit, NULL), NULL };
}

static void yield_to_sender(struct model *m, struct object *o, void *value)
{
	if (is_dropped(m, o) && !o->closing) {
		o->closing = true;
		o->pending = segue_value(value);
		raise_exit(m, o);
		return;
	}
	answer(m, NULL, o->closing ? o->pending.value : value, NULL);
	o->gone = is_dropped(m, o);
	m->events[ABANDONED] += o->gone;
	leave(m, o, o->gone ? SEGUE_CLOSED : SEGUE_SUSPENDED);
}

void model_yield(struct model *m, struct object *o, void *value)
{
	struct frame *f = top(m);

	if (f->how == SEND || f->how == THROW) {
		yield_to_sender(m, o, value);
		return;
	}
	m->events[IGNORED_EXIT]++;
	if (f->how == CLOSE) {
		say(m, o, &segue_RuntimeError, "coroutine ignored GeneratorExit", "generator ignored GeneratorExit");
		if (o->refs > 0) {
			leave(m, o, SEGUE_SUSPENDED);
			return;
		}
		m->events[CLOSED_TWICE]++; /* the close's own reference was the last */
		f->how = DROP;
		f->over = false;
		raise_exit(m, o);
		return;
	}
	o->gone = o->refs == 0;
	m->events[ABANDONED] += o->gone;
	leave(m, o, o->gone ? SEGUE_CLOSED : SEGUE_SUSPENDED);
}

/* What a close gives for what the body ended with. */
static void answer_close(struct model *m, segue_result r, const char *words)
{
	if (is_a(r, &segue_StopIteration))
		answer(m, NULL, r.value, NULL);
	else if (is_a(r, &segue_GeneratorExit))
		answer(m, NULL, NULL, NULL);
	else
		answer(m, r.raised, r.value, words);
}

void model_finish(struct model *m, struct object *o, segue_result r)
{
	const char *words = NULL;
	enum how how = top(m)->how;

	if (!r.raised)
		r = segue_raise(&segue_StopIteration, r.value);
	else if (is_a(r, &segue_StopIteration)) {
		m->events[BECAME_RUNTIME_ERROR]++;
		r = segue_raise(&segue_RuntimeError, NULL);
		words = o->kind == SEGUE_KIND_COROUTINE ? "coroutine raised StopIteration" : "generator raised StopIteration";
	}
	if (how == CLOSE)
		answer_close(m, r, words);
	else if (how != DROP && o->closing)
		answer(m, NULL, o->pending.value, NULL);
	else if (how != DROP)
		answer(m, r.raised, r.value, words);
	o->gone = o->refs == 0;
	leave(m, o, SEGUE_CLOSED);
}
