/* The library and the model, side by side. Nothing is asserted in here, since much of it runs on coroutines' stacks: the
   first difference is recorded, and everything then ends as fast as it can. */
#include "operations.h"

#include <errno.h>
#include <fenv.h>
#include <string.h>

#include "on_valgrind.h"

enum { SLOTS = 16, SUBJECTS = SLOTS + FRAMES + 2, BLOCKS = 4, SIZES = 4, STACKS = 2 * SUBJECTS };

SEGUE_EXCEPTION(Timeout, segue_Exception);
SEGUE_EXCEPTION(Finished, segue_StopIteration);
SEGUE_EXCEPTION(Leaving, segue_GeneratorExit);
SEGUE_EXCEPTION(Fatal, segue_BaseException);

/* A coroutine; first of all, what the model knows of it. */
struct subject {
	struct object o;
	bool used;
	segue_coroutine *co;
	unsigned char *block; /* its stack, where that is ours */
	struct pool *pool;    /* else where the library has it from */
	int disposals;
};

/* How many stacks of a size there were: one that comes back is to be used again. */
struct pool {
	int live, peak, distinct;
	const void *seen[STACKS];
};

static struct {
	struct choices *choices;
	struct model m;
	struct outcome outcome;
	struct subject subjects[SUBJECTS];
	struct subject *slots[SLOTS]; /* each holds a reference */
	long most;
	bool rounds; /* there are rounding modes */
	uintptr_t value;
} w;
static struct pool pools[SIZES]; /* these outlive a run, as the library's do */
static unsigned char blocks[BLOCKS][SEGUE_STACK_MIN + 1024];
static bool block_used[BLOCKS];

static void fail(const char *what, int line)
{
	if (w.outcome.failure)
		return;
	w.outcome.failure = what;
	w.outcome.line = line;
}

#define CHECK(condition, what) ((condition) ? (void)0 : fail(what, __LINE__))

/* ---- Choices: 0 is always the dull one -------------------------------------------------------------------------- */

static unsigned choose(unsigned n)
{
	return w.outcome.failure || w.choices->ended ? 0 : w.choices->choose(w.choices, n);
}

static bool is_over(void)
{
	return w.outcome.failure || w.choices->ended;
}

static void *a_value(void)
{
	return choose(4) ? (void *)++w.value : NULL;
}

static segue_result an_exception(void)
{
	static const segue_type *const types[] = { &segue_GeneratorExit, &Leaving, &segue_StopIteration, &Finished, &Timeout, &Fatal };
	static const segue_type *const with_message[] = { &segue_ValueError, &segue_RuntimeError };
	unsigned i = choose(8);

	if (i >= 6)
		return segue_raise(with_message[i - 6], choose(2) ? (void *)"a message of the body's" : NULL);
	return segue_raise(types[i], a_value());
}

static bool is_free(const struct subject *s)
{
	return !s;
}

static bool is_held(const struct subject *s)
{
	return s;
}

static bool is_current(const struct subject *s)
{
	return s && &s->o == w.m.current;
}

static bool is_ready(const struct subject *s)
{
	return s && (s->o.state == SEGUE_CREATED || s->o.state == SEGUE_SUSPENDED);
}

/* -1: there is none. */
static int a_slot(bool (*fits)(const struct subject *s))
{
	unsigned from = choose(SLOTS);

	for (unsigned i = from; i < from + SLOTS; i++)
		if (fits(w.slots[i % SLOTS]))
			return (int)(i % SLOTS);
	return -1;
}

/* The running one, and those whose bodies can run, more often than chance would have it. */
static int a_held_slot(void)
{
	static bool (*const fits[])(const struct subject *s) = { is_held, is_ready, is_ready, is_current };
	int i = a_slot(fits[choose(4)]);

	return i < 0 ? a_slot(is_held) : i;
}

/* ---- Comparing -------------------------------------------------------------------------------------------------- */

static bool has_message(const segue_type *type)
{
	static const segue_type *const data[] = { NULL, &segue_GeneratorExit, &segue_StopIteration, &Timeout, &Finished, &Leaving, &Fatal };

	for (size_t i = 0; i < sizeof data / sizeof *data; i++)
		if (type == data[i])
			return false;
	return true;
}

static void compare(segue_result actual, const struct answer *expected)
{
	const char *words = segue_message(actual);

	CHECK(actual.raised == expected->result.raised, "another type was raised");
	if (expected->words)
		CHECK(words && strcmp(words, expected->words) == 0, "the message has other words");
	else
		CHECK(actual.value == expected->result.value, "another value");
	CHECK(words == (has_message(actual.raised) ? actual.value : NULL), "a message that is not the value, or is none");
}

static void expect(segue_result actual, const segue_type *raised, void *value, const char *words)
{
	compare(actual, &(struct answer){ { raised, value }, words });
}

/* Everything that can be seen without an operation. */
static void compare_all(void)
{
	const struct subject *current = (struct subject *)w.m.current;

	for (int i = 0; i < SLOTS; i++) {
		const struct subject *s = w.slots[i];
		if (!s)
			continue;
		CHECK(segue_state(s->co) == s->o.state, "another state");
		CHECK(s->disposals == s->o.disposals, "dispose ran too often, or not");
		CHECK(*(void *const *)s->co, "one that is held is gone");
	}
	CHECK(segue_current() == (current ? current->co : NULL), "another is current");
	if (w.rounds)
		CHECK(fegetround() == w.m.rounding, "another rounding mode");
}

/* Valgrind goes on taking what was popped from a stack to be nobody's, where the last one left our memory while it ran there. */
static void take_back_block(const struct subject *s)
{
	enum how how = w.m.frames[w.m.depth].how;

	block_used[(s->block - blocks[0]) / (ptrdiff_t)sizeof *blocks] = false;
	if (how == SEND || how == THROW)
		(void)VALGRIND_MAKE_MEM_UNDEFINED(s->block, sizeof *blocks);
}

/* It has just gone: nothing else has happened since. */
static void retire(struct subject *s)
{
	CHECK(!*(void **)s->co, "it still has its stack");
	CHECK(s->disposals == s->o.disposals, "dispose ran too often, or not");
	if (s->block)
		take_back_block(s);
	else
		s->pool->live--;
	s->used = false;
}

static segue_result close_frame(struct subject *s, segue_result actual)
{
	struct answer expected;

	if (w.outcome.failure)
		return actual;
	if (!model_end(&w.m, &s->o, &expected)) {
		fail("a body did not run, or not to where it leaves", __LINE__);
		return actual;
	}
	compare(actual, &expected);
	if (s->o.gone)
		retire(s);
	compare_all();
	return actual;
}

/* ---- Bodies ----------------------------------------------------------------------------------------------------- */

static segue_result operate(void);

static void arrive(struct subject *s, segue_result actual)
{
	struct answer expected = { { NULL, NULL }, NULL };

	if (w.outcome.failure)
		return;
	if (!model_arrive(&w.m, &s->o, &expected))
		fail("a body goes on that should not", __LINE__);
	compare(actual, &expected);
	compare_all();
}

/* Whether it yields; else it ends with *r. */
static bool goes_on(segue_result *r)
{
	segue_result last = *r;

	if (r->raised && choose(2))
		return false;
	for (unsigned n = choose(8); n > 0; n--)
		last = operate();
	if (is_over())
		return false;
	switch (choose(8)) {
	case 5:
		*r = segue_value(a_value());
		return false;
	case 6:
		*r = an_exception();
		return false;
	case 7:
		*r = last;
		return false;
	default:
		return true;
	}
}

static segue_result body(void *arg)
{
	struct subject *s = arg;
	segue_result r = segue_value(NULL);

	arrive(s, r);
	while (goes_on(&r)) {
		void *value = a_value();
		model_yield(&w.m, &s->o, value);
		r = segue_yield(value);
		arrive(s, r);
	}
	if (!w.outcome.failure)
		model_finish(&w.m, &s->o, r);
	return r;
}

/* ---- Operations: each returns what it got, for a body to pass on ----------------------------------------------- */

static const segue_ops *ops_of(segue_coroutine *co)
{
	return *(const segue_ops *const *)co;
}

static segue_result op_send(void)
{
	int i = a_held_slot();
	void *value = choose(3) ? NULL : a_value();
	struct subject *s;

	if (i < 0 || w.m.depth >= DEPTH_MOST)
		return segue_value(NULL);
	s = w.slots[i];
	model_send(&w.m, &s->o, value);
	if (choose(4) != 3)
		return close_frame(s, segue_send(s->co, value));
	if (value)
		return close_frame(s, ops_of(s->co)->send(s->co, value));
	return close_frame(s, ops_of(s->co)->next(s->co));
}

static segue_result op_throw(void)
{
	int i = a_held_slot();
	segue_result what = choose(16) == 15 ? segue_raise(NULL, &w) : an_exception();
	struct subject *s;

	if (i < 0 || w.m.depth >= DEPTH_MOST)
		return segue_value(NULL);
	s = w.slots[i];
	model_throw(&w.m, &s->o, what.raised, what.value);
	if (choose(4) == 3)
		return close_frame(s, ops_of(s->co)->throw_(s->co, what));
	return close_frame(s, segue_throw(s->co, what.raised, what.value));
}

static segue_result op_close(void)
{
	int i = a_held_slot();
	struct subject *s;

	if (i < 0 || w.m.depth >= DEPTH_MOST)
		return segue_value(NULL);
	s = w.slots[i];
	model_close(&w.m, &s->o);
	return close_frame(s, choose(4) == 3 ? ops_of(s->co)->close(s->co) : segue_close(s->co));
}

static segue_result unref_slot(int i)
{
	struct subject *s = w.slots[i];

	if (w.m.depth >= DEPTH_MOST)
		return segue_value(NULL);
	w.slots[i] = NULL;
	model_unref(&w.m, &s->o);
	if (choose(4) == 3)
		ops_of(s->co)->release(s->co);
	else
		segue_unref(s->co);
	return close_frame(s, segue_value(NULL));
}

static segue_result op_unref(void)
{
	int i = a_held_slot();

	return i < 0 ? segue_value(NULL) : unref_slot(i);
}

/* Drops every reference to one. */
static segue_result op_forget(void)
{
	int held = choose(2) ? a_slot(is_current) : a_held_slot();
	const struct subject *s = held < 0 ? NULL : w.slots[held];

	for (int i = 0; s && i < SLOTS && w.m.depth < DEPTH_MOST; i++)
		if (w.slots[i] == s)
			unref_slot(i);
	return segue_value(NULL);
}

/* Of those that have ended most go soon, or there would be hardly any others. */
static segue_result op_sweep(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (w.slots[i] && w.slots[i]->o.state == SEGUE_CLOSED && choose(8))
			unref_slot(i);
	return segue_value(NULL);
}

static segue_result ref_into(int i, struct subject *s)
{
	w.slots[i] = s;
	model_ref(&w.m, &s->o);
	if (choose(4) == 3)
		ops_of(s->co)->ref(s->co);
	else
		CHECK(segue_ref(s->co) == s->co, "ref returns another");
	return segue_value(NULL);
}

static segue_result op_ref(void)
{
	int from = a_held_slot(), to = a_slot(is_free);

	return from < 0 || to < 0 ? segue_value(NULL) : ref_into(to, w.slots[from]);
}

/* A body may take a reference to its own coroutine, also when nobody has one. */
static segue_result op_ref_current(void)
{
	int to = a_slot(is_free);

	return to < 0 || !w.m.current ? segue_value(NULL) : ref_into(to, (struct subject *)w.m.current);
}

static segue_result op_round(void)
{
	static const int modes[] = {
		FE_TONEAREST,
#ifdef FE_UPWARD
		FE_UPWARD,
#endif
#ifdef FE_TOWARDZERO
		FE_TOWARDZERO,
#endif
	};

	if (w.rounds) {
		w.m.rounding = modes[choose(sizeof modes / sizeof *modes)];
		fesetround(w.m.rounding);
	}
	return segue_value(NULL);
}

/* Where there is no coroutine. */
static segue_result op_nothing(void)
{
	expect(segue_send(NULL, w.choices), &segue_MemoryError, NULL, NULL);
	expect(segue_throw(NULL, &Timeout, w.choices), &segue_MemoryError, NULL, NULL);
	expect(segue_close(NULL), NULL, NULL, NULL);
	segue_unref(NULL);
	CHECK(!segue_ref(NULL), "a reference to nothing");
	errno = 0;
	CHECK(!segue_coroutine_new(NULL, NULL) && errno == EINVAL, "one without a body");
	if (!w.m.current)
		expect(segue_yield(&w), &segue_RuntimeError, NULL, "yield outside a coroutine");
	return segue_value(NULL);
}

/* Runs in the midst of a close, a throw or an unref; the coroutine is there until it returns, and may be kept. */
static void dispose(void *arg)
{
	struct subject *s = arg;
	int to = choose(4) == 3 ? a_slot(is_free) : -1;

	s->disposals++;
	if (to >= 0)
		ref_into(to, s);
}

/* ---- New ones --------------------------------------------------------------------------------------------------- */

static struct subject *unused_subject(void)
{
	for (int i = 0; i < SUBJECTS; i++)
		if (!w.subjects[i].used) {
			w.subjects[i] = (struct subject){ .used = true, .o.refs = 1, .o.rounding = w.m.rounding, .pool = &pools[0] };
			return &w.subjects[i];
		}
	fail("the operations have lost count", __LINE__);
	return NULL;
}

/* Its stack is one that came back, if one did; one stack of the thread may have no user and not be back yet. */
static void count_stack(struct pool *p, const void *co)
{
	int i = 0;

	p->live++;
	p->peak = p->live > p->peak ? p->live : p->peak;
	while (i < p->distinct && p->seen[i] != co)
		i++;
	if (i == p->distinct && i < STACKS)
		p->seen[p->distinct++] = co;
	CHECK(p->distinct <= p->peak + 1, "stacks are lost");
}

static segue_result place(struct subject *s, segue_coroutine *co)
{
	int i = a_slot(is_free);

	s->co = co;
	CHECK(co, "no coroutine");
	if (co)
		w.slots[i] = s;
	if (co && !s->block)
		count_stack(s->pool, co);
	compare_all();
	return segue_value(NULL);
}

static segue_result op_new(void)
{
	struct subject *s;
	bool generator = choose(2);

	if (a_slot(is_free) < 0 || !(s = unused_subject()))
		return segue_value(NULL);
	s->o.kind = generator ? SEGUE_KIND_GENERATOR : SEGUE_KIND_COROUTINE;
	return place(s, generator ? segue_generator_new(body, s) : segue_coroutine_new(body, s));
}

/* A block of ours, full of what should not matter. */
static void choose_block(struct subject *s, segue_attr *attr)
{
	unsigned i = choose(BLOCKS), offset = choose(100);

	if (block_used[i])
		return;
	block_used[i] = true;
	memset(blocks[i], 0xa5, sizeof blocks[i]);
	s->block = blocks[i];
	attr->stack = blocks[i] + offset;
	attr->stack_size = sizeof blocks[i] - 100;
	attr->guard_size = 0;
}

static void choose_stack(struct subject *s, segue_attr *attr)
{
	static const size_t sizes[SIZES] = { SEGUE_STACK_DEFAULT, SEGUE_STACK_MIN, 100 * 1000, 1 };
	unsigned i = choose(SIZES);

	s->pool = &pools[i == 3 ? 1 : i]; /* 1 is rounded up to the least */
	attr->stack_size = sizes[i];
}

static segue_result op_new_with(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	struct subject *s;

	if (a_slot(is_free) < 0 || !(s = unused_subject()))
		return segue_value(NULL);
	if (choose(4) == 3)
		choose_block(s, &attr);
	if (!s->block)
		choose_stack(s, &attr);
	attr.kind = s->o.kind = choose(3);
	s->o.disposes = choose(2);
	attr.dispose = s->o.disposes ? dispose : NULL;
	s->o.own_fenv = choose(2);
	attr.flags = s->o.own_fenv ? SEGUE_OWN_FENV : 0;
	attr.name = "one of many";
	return place(s, segue_coroutine_new_with(body, s, &attr));
}

/* ---- All of it -------------------------------------------------------------------------------------------------- */

static segue_result operate(void)
{
	static segue_result (*const operations[])(void) = {
		op_new,   op_new_with, op_new_with, op_send,  op_send,        op_send,  op_send,   op_send,
		op_throw, op_throw,    op_close,    op_ref,   op_ref_current, op_ref,   op_unref,  op_forget,
		op_forget, op_sweep,   op_sweep,    op_sweep, op_round,       op_nothing,
	};
	unsigned i;

	if (is_over())
		return segue_value(NULL);
	if (w.outcome.operations++ == w.most) {
		w.outcome.operations--;
		w.choices->ended = true;
		return segue_value(NULL);
	}
	i = choose(sizeof operations / sizeof *operations);
	return is_over() ? segue_value(NULL) : operations[i]();
}

#ifdef FE_UPWARD
/* Soft float may run where the processor has a unit: then the C library sets a rounding mode there, and nothing rounds by it. */
static bool rounds_upward(void)
{
	volatile double one = 1, three = 3, before = one / three;

	return fesetround(FE_UPWARD) == 0 && one / three != before;
}
#endif

static void begin(struct choices *choices, long most)
{
	memset(&w, 0, sizeof w);
	w.choices = choices;
	w.most = most;
	w.m.rounding = fegetround();
#ifdef FE_UPWARD
	w.rounds = rounds_upward();
	fesetround(w.m.rounding);
#endif
}

static void drop_everything(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (w.slots[i])
			unref_slot(i);
	for (int i = 0; i < SUBJECTS; i++)
		CHECK(!w.subjects[i].used, "one is left that nobody holds");
}

const struct outcome *operate_at_random(struct choices *choices, long most)
{
	int rounding = fegetround();

	begin(choices, most);
	while (!is_over())
		operate();
	if (!w.outcome.failure)
		drop_everything();
	fesetround(rounding);
	memcpy(w.outcome.events, w.m.events, sizeof w.outcome.events);
	return &w.outcome;
}
