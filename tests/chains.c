/* What is played: coroutines of every kind, iterators and awaitables that choose at each turn what to do. The choices of the first
   time are noted and come again; all that anyone sees is an event, and the second time's are compared as they happen. Nothing is
   asserted in here, since much of it runs on coroutines' stacks. */
#include "chains.h"

#include <fenv.h>
#include <string.h>

#include "delegation.h"

enum { STACK_SIZE = 32 * 1024 }; /* not one of operations.c's, which counts its stacks */
enum { SLOTS = 8, OBJECTS_MOST = 256, NESTED_MOST = 12, EVENTS_MOST = 1 << 14, CHOICES_MOST = 1 << 14 };

enum { HAS_NEXT = 1, HAS_SEND = 2, HAS_THROW = 4, HAS_CLOSE = 8, HAS_AWAIT = 16, METHODS = 32 };

/* A coroutine, or an iterator or awaitable, which is then the object itself. */
struct object {
	const segue_ops *ops;
	segue_coroutine *co;
	segue_kind kind;
	void *awaiting; /* by delegation.c: a reference */
	int awaits;     /* that it is in: more than one where an iterator's method awaits, too */
	int refs;       /* of a thing */
};

struct event {
	const char *what;
	int who;
	const segue_type *raised;
	const void *value;
	const char *words;
	unsigned long seen;
};

static struct {
	struct choices *choices;
	bool again; /* the second time */
	unsigned char chosen[CHOICES_MOST];
	long choices_made, choices_noted;
	bool ended;
	struct event noted[EVENTS_MOST];
	long events, events_noted;
	struct object objects[OBJECTS_MOST]; /* never reused, so that each is told by its number */
	int made;
	void *slots[SLOTS]; /* a reference each, */
	int numbers[SLOTS]; /* to the object of this number */
	long operations, most;
	int nested;
	bool loses; /* an iterator, whose method awaited as the stack was abandoned that holds the reference */
	long owned; /* values of Owned and OwnedExit that are not released */
	uintptr_t value;
	struct played played;
} w;

static bool fails(const char *what)
{
	if (!w.played.failure)
		w.played.failure = what;
	return false;
}

/* ---- Choices: 0 is always the dull one -------------------------------------------------------------------------- */

static bool is_over(void)
{
	return w.played.failure || w.ended;
}

static unsigned choose(unsigned n)
{
	if (is_over())
		return 0;
	if (w.again && w.choices_made < w.choices_noted)
		return w.chosen[w.choices_made++] % n;
	if (!w.again && w.choices_made < CHOICES_MOST) {
		unsigned choice = w.choices->choose(w.choices, n);
		w.ended = w.choices->ended;
		if (!w.ended)
			w.chosen[w.choices_made++] = (unsigned char)choice;
		return w.ended ? 0 : choice;
	}
	w.ended = true;
	return 0;
}

static bool counts(void)
{
	w.ended |= w.operations == w.most;
	w.operations += !is_over();
	return !is_over();
}

static void *a_value(void)
{
	return choose(3) ? (void *)++w.value : NULL;
}

static void release_owned(void *value);
static const segue_type Owned = { "Owned", &segue_Exception, release_owned, { NULL } };
static const segue_type OwnedExit = { "OwnedExit", &segue_GeneratorExit, release_owned, { NULL } };
static SEGUE_EXCEPTION(OwnStop, segue_StopIteration);
static SEGUE_EXCEPTION(Fatal, segue_BaseException);

/* What bodies and methods raise. No StopIteration is thrown in, with which CPython's versions differ. */
static segue_result an_exception(unsigned of)
{
	static const segue_type *const types[] = {
		&Owned, &segue_GeneratorExit, &OwnedExit, &segue_ValueError, &Fatal, &segue_StopIteration, &OwnStop,
	};
	const segue_type *type = types[choose(of)];

	if (type == &segue_ValueError)
		return (segue_raise)(type, choose(2) ? (void *)"a message of the body's" : NULL);
	w.owned += type->release != NULL;
	return (segue_raise)(type, (void *)++w.value);
}
enum { THROWN = 5, RAISED = 7 };

/* ---- Events ----------------------------------------------------------------------------------------------------- */

/* The number of an object, which is its place; -1: none. A coroutine's stack may have been an earlier one's. */
static int number_of(const void *object)
{
	int i = w.made - 1;

	while (object && i >= 0 && &w.objects[i] != object && w.objects[i].co != object)
		i--;
	return object ? i : -1;
}

static const void *awaited_by(const struct object *o, const segue_info *info)
{
	if (w.again)
		return info->cr_await;
	return info->cr_suspended ? o->awaiting : NULL;
}

/* All that can be seen without an operation. */
static unsigned long seen(void)
{
	unsigned long h = (unsigned long)fegetround() * 31 + (unsigned long)(number_of(segue_current()) + 1);

	for (int i = 0; i < SLOTS; i++) {
		segue_coroutine *co = segue_as_coroutine(w.slots[i]);
		segue_info info;
		h = h * 31 + (unsigned long)(w.slots[i] ? w.numbers[i] + 1 : 0);
		if (!co)
			continue;
		segue_inspect(co, &info, sizeof info);
		h = h * 31 + (unsigned long)segue_state(co);
		h = h * 31 + (unsigned long)(info.cr_running * 4 + info.cr_suspended * 2 + (info.cr_frame != NULL));
		h = h * 31 + (unsigned long)(number_of(awaited_by(&w.objects[w.numbers[i]], &info)) + 1);
	}
	return h;
}

static void count_words(const char *words)
{
	int i = 0;

	while (i < 63 && w.played.words[i] && strcmp(w.played.words[i], words))
		i++;
	w.played.words[i] = words;
	w.played.times[i]++;
}

static bool is_same(const struct event *a, const struct event *b)
{
	return strcmp(a->what, b->what) == 0 && a->who == b->who && a->raised == b->raised && a->seen == b->seen &&
	       (a->words || b->words ? a->words && b->words && strcmp(a->words, b->words) == 0 : a->value == b->value);
}

static void note(const char *what, int who, segue_result r)
{
	struct event e = { what, who, r.raised, r.value, segue_message(r), 0 };

	if (w.played.failure || w.events == EVENTS_MOST)
		return;
	e.seen = seen();
	if (!w.again) {
		w.noted[w.events++] = e;
		return;
	}
	if (e.words)
		count_words(e.words);
	if (w.events < w.events_noted && is_same(&w.noted[w.events], &e)) {
		w.events++;
		return;
	}
	w.played.event = what;
	w.played.who = who;
	w.played.number = (int)w.events;
	fails("an event is not as it is without chains");
}

static void release_owned(void *value)
{
	w.owned--;
	w.played.events[RELEASED]++;
	note("released", -1, segue_value(value));
}

/* ---- Objects ---------------------------------------------------------------------------------------------------- */

static segue_body body;
static segue_ops thing_ops[METHODS];

static struct object *new_object(void)
{
	return w.made < OBJECTS_MOST && !is_over() ? &w.objects[w.made++] : NULL;
}

static void dispose(void *arg)
{
	note("disposed", number_of(arg), segue_value(NULL));
}

static void *new_coroutine(void)
{
	static const segue_kind kinds[] = {
		SEGUE_KIND_COROUTINE, SEGUE_KIND_COROUTINE, SEGUE_KIND_GENERATOR, SEGUE_KIND_ITERABLE_COROUTINE
	};
	struct object *o = new_object();
	segue_attr attr = SEGUE_ATTR_INIT;

	if (!o)
		return NULL;
	attr.stack_size = STACK_SIZE;
	attr.kind = o->kind = kinds[choose(4)];
	attr.flags = choose(4) == 3 ? SEGUE_OWN_FENV : 0;
	attr.dispose = dispose;
	o->co = segue_coroutine_new_with(body, o, &attr);
	if (!o->co)
		fails("no coroutine");
	return o->co;
}

static void *new_thing(unsigned methods)
{
	struct object *o = new_object();

	if (!o)
		return NULL;
	o->ops = &thing_ops[methods];
	o->refs = 1;
	return o;
}

static void *new_iterator(void)
{
	return new_thing((1 + choose(3)) | choose(4) * HAS_THROW);
}

static bool is_held(const void *object)
{
	return object;
}

static bool is_coroutine(const void *object)
{
	return segue_as_coroutine((void *)object);
}

static bool is_ready(const void *object)
{
	return is_coroutine(object) && (segue_state(object) == SEGUE_CREATED || segue_state(object) == SEGUE_SUSPENDED);
}

static bool is_suspended(const void *object)
{
	return is_coroutine(object) && segue_state(object) == SEGUE_SUSPENDED;
}

static bool has_ended(const void *object)
{
	return is_coroutine(object) && segue_state(object) == SEGUE_CLOSED;
}

static bool is_free(const void *object)
{
	return !object;
}

/* A slot's number, or -1. */
static int a_slot(bool (*fits)(const void *object))
{
	unsigned from = choose(SLOTS);

	for (unsigned i = from; i < from + SLOTS; i++)
		if (fits(w.slots[i % SLOTS]))
			return (int)(i % SLOTS);
	return -1;
}

/* Those whose bodies can run, more often than chance would have it. */
static int a_coroutine(void)
{
	static bool (*const fits[])(const void *object) = { is_suspended, is_ready, is_suspended, is_coroutine };
	int i = a_slot(fits[choose(4)]);

	return i < 0 ? a_slot(is_coroutine) : i;
}

/* The reference is the slot's, if there is one that is free. */
static void keep(void *object)
{
	int to = a_slot(is_free);

	if (to < 0) {
		segue_object_unref(object);
		return;
	}
	w.slots[to] = object;
	w.numbers[to] = number_of(object);
}

static void drop_slot(int i)
{
	void *object = w.slots[i];

	w.slots[i] = NULL;
	segue_object_unref(object);
}

/* ---- Operations, from outside and from inside ------------------------------------------------------------------- */

static int awaiters_of(const void *object)
{
	int n = 0;

	for (int i = 0; i < w.made; i++)
		n += object && w.objects[i].awaiting == object;
	return n;
}

static void operate_on(segue_coroutine *co)
{
	segue_result what;
	int who = number_of(co);

	segue_ref(co);
	switch (choose(8)) {
	case 5:
		what = an_exception(THROWN);
		what = segue_throw(co, what.raised, what.value);
		break;
	case 6:
		w.played.events[CLOSED_MEMBER] += awaiters_of(co) > 0;
		what = segue_close(co);
		break;
	case 7:
		what = segue_run(segue_ref(co));
		break;
	default:
		w.played.events[SENT_TO_MEMBER] += awaiters_of(co) > 0;
		what = segue_send(co, segue_state(co) == SEGUE_CREATED && choose(8) ? NULL : a_value());
	}
	note("operated", who, what);
	segue_discard(what);
	segue_unref(co);
	note("operated on", who, segue_value(NULL));
}

static void round_otherwise(void)
{
	unsigned upward = choose(2); /* also where there is no such mode: the same programs everywhere */

	(void)upward;
#ifdef FE_UPWARD
	fesetround(upward ? FE_UPWARD : FE_TONEAREST);
#endif
}

static void operate(void)
{
	int i;

	if (!counts() || w.nested == NESTED_MOST)
		return;
	w.nested++;
	switch (choose(8)) {
	case 1:
		keep(new_coroutine());
		break;
	case 2:
		if ((i = a_slot(choose(2) ? has_ended : is_held)) >= 0)
			drop_slot(i);
		break;
	case 3:
		keep(segue_ref(segue_current()));
		break;
	case 4:
		round_otherwise();
		break;
	default:
		if ((i = a_coroutine()) >= 0)
			operate_on(segue_as_coroutine(w.slots[i]));
	}
	w.nested--;
}

/* ---- Awaiting ---------------------------------------------------------------------------------------------------- */

static void *something(struct object *me)
{
	int i;

	switch (choose(8)) {
	case 0:
		return NULL;
	case 1:
		return segue_ref(me->co);
	case 2:
		return new_thing(choose(METHODS));
	case 3:
		return new_iterator();
	case 4:
		i = choose(2) ? a_slot(is_held) : a_coroutine();
		return i < 0 ? NULL : segue_object_ref(w.slots[i]);
	default:
		return new_coroutine();
	}
}

/* How many await it, one above the other. */
static int depth_of(const struct object *o)
{
	int depth = 0;

	for (int i = 0; i < w.made && depth < OBJECTS_MOST; i++)
		if (o->co && w.objects[i].awaiting == o->co) {
			o = &w.objects[i];
			i = -1;
			depth++;
		}
	return depth;
}

static segue_result await(struct object *me)
{
	void *x = something(me);
	segue_result r;

	if (x && choose(2))
		keep(segue_object_ref(x));
	w.played.events[AWAITED_DEEP] += !w.again && depth_of(me) >= 3;
	me->awaits++;
	r = w.again ? segue_await(x) : delegate(&me->awaiting, me->kind, x);
	me->awaits--;
	return r;
}

/* ---- Iterators and awaitables ----------------------------------------------------------------------------------- */

static void thing_ref(void *self)
{
	((struct object *)self)->refs++;
}

static void thing_release(void *self)
{
	struct object *o = self;

	if (--o->refs == 0)
		note("gone", number_of(o), segue_value(NULL));
}

/* On the stack of whom the iterator is awaited by. */
static void await_inside(int who)
{
	segue_result r = await(&w.objects[number_of(segue_current())]);

	note("awaited inside", who, r);
	segue_discard(r);
}

static segue_result answer(void *self, const char *what, segue_result got)
{
	note(what, number_of(self), got);
	segue_discard(got);
	if (choose(4) == 3)
		operate();
	if (choose(16) == 15)
		await_inside(number_of(self));
	switch (is_over() ? 1 : choose(4)) {
	case 1:
		return (segue_raise)(&segue_StopIteration, a_value());
	case 3:
		return an_exception(RAISED);
	default:
		return segue_value(a_value());
	}
}

static segue_result thing_next(void *self)
{
	return answer(self, "next", segue_value(NULL));
}

static segue_result thing_send(void *self, void *value)
{
	return answer(self, "send", segue_value(value));
}

static segue_result thing_throw(void *self, segue_result what)
{
	return answer(self, "throw", what);
}

static segue_result thing_close(void *self)
{
	note("close", number_of(self), segue_value(NULL));
	if (choose(4) == 3)
		operate();
	return choose(4) == 3 ? an_exception(RAISED) : segue_value(a_value());
}

static void *thing_await(void *self)
{
	note("await", number_of(self), segue_value(NULL));
	switch (choose(8)) {
	case 0:
	case 1:
		return segue_object_ref(self);
	case 2:
		return new_thing(0);
	case 3:
	case 4:
		return new_coroutine();
	default:
		return new_iterator();
	}
}

static void make_ops(void)
{
	for (unsigned has = 0; has < METHODS; has++)
		thing_ops[has] = (segue_ops){ sizeof(segue_ops), 0, SEGUE_NAMED("Thing"), thing_ref, thing_release,
					      has & HAS_AWAIT ? thing_await : NULL, has & HAS_NEXT ? thing_next : NULL,
					      has & HAS_SEND ? thing_send : NULL, has & HAS_THROW ? thing_throw : NULL,
					      has & HAS_CLOSE ? thing_close : NULL };
}

/* ---- Bodies ----------------------------------------------------------------------------------------------------- */

static segue_result body(void *arg)
{
	struct object *me = arg;
	int who = number_of(me);
	segue_result r = segue_value(NULL);

	note("starts", who, r);
	for (;;) {
		if (r.raised && choose(3))
			return r;
		segue_discard(r);
		if (!counts())
			return segue_value(NULL);
		switch (choose(8)) {
		case 1:
		case 2:
			r = segue_yield(a_value());
			note("resumed", who, r);
			break;
		case 3:
		case 4:
		case 5:
			r = await(me);
			note("awaited", who, r);
			break;
		case 6:
			return segue_value(a_value());
		case 7:
			return an_exception(RAISED);
		default:
			r = segue_value(NULL);
			operate();
		}
	}
}

/* ---- Hooks ------------------------------------------------------------------------------------------------------ */

static void is_never_awaited(segue_coroutine *co)
{
	note("never awaited", number_of(co), segue_value(NULL));
}

/* One that ignored the close and that nobody has taken a reference to goes now, and what it awaits goes with it. */
static void is_unraisable(segue_coroutine *co, segue_result what)
{
	int who = number_of(co);
	void *awaiting = w.objects[who].awaiting;

	note("unraisable", who, what);
	for (int i = 0; i < SLOTS; i++)
		if (w.slots[i] == co)
			return;
	if (w.again || awaiters_of(co) > 0)
		return;
	w.played.events[ABANDONED_AWAITING] += awaiting != NULL;
	w.loses |= w.objects[who].awaits > 1;
	w.objects[who].awaiting = NULL;
	segue_object_unref(awaiting);
}

/* ---- All of it -------------------------------------------------------------------------------------------------- */

static int count_live(const segue_live *live, void *arg)
{
	(void)live;
	++*(int *)arg;
	return 0;
}

static bool nothing_is_left(void)
{
	int live = 0;

	for (int i = 0; i < w.made && !w.loses; i++)
		if (w.objects[i].refs)
			return fails("an iterator or an awaitable is left");
	segue_foreach_live(count_live, &live);
	if (live)
		return fails("a coroutine is left");
	return w.owned == 0 || fails("a value was not released, or twice");
}

static void play(bool again)
{
	int rounding = fegetround();

	w.again = again;
	w.ended = false;
	w.choices_made = w.events = w.operations = w.owned = w.made = w.nested = 0;
	w.value = 0;
	memset(w.objects, 0, sizeof w.objects);
	while (!is_over())
		operate();
	for (int i = 0; i < SLOTS; i++)
		drop_slot(i);
	fesetround(rounding);
	if (!w.played.failure)
		nothing_is_left();
}

const struct played *play_twice(struct choices *choices, long most)
{
	segue_never_awaited_hook *never_awaited = segue_set_never_awaited_hook(is_never_awaited);
	segue_unraisable_hook *unraisable = segue_set_unraisable_hook(is_unraisable);

	w.played = (struct played){ 0 };
	w.choices = choices;
	w.most = most;
	w.loses = false;
	make_ops();
	play(false);
	w.choices_noted = w.choices_made;
	w.events_noted = w.events;
	if (!w.played.failure)
		play(true);
	w.played.operations = w.operations;
	if (!w.played.failure && w.events != w.events_noted)
		fails("something did not happen that does without chains");
	segue_set_never_awaited_hook(never_awaited);
	segue_set_unraisable_hook(unraisable);
	return &w.played;
}
