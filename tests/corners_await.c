/* Awaiting: what may be awaited, what goes in and comes out, and chains. */
#include <unwind.h>

#include "corners.h"

static SEGUE_ASYNC(spam)
{
	return segue_value("spam");
}

static SEGUE_GENERATOR(nop)
{
	SEGUE_TRY(segue_yield(NULL));
	return segue_value(NULL);
}

/* @types.coroutine, as two() and others below where they are awaited */
static segue_coroutine *pause(void)
{
	return segue_types_coroutine(nop());
}

static SEGUE_GENERATOR(two)
{
	SEGUE_TRY(segue_yield("1"));
	SEGUE_TRY(segue_yield("2"));
	return segue_value("3");
}

static SEGUE_ASYNC(await_two)
{
	return segue_await(segue_types_coroutine(two()));
}

static SEGUE_ASYNC(await_b)
{
	return segue_await(segue_ref(cast[B]));
}

static SEGUE_GENERATOR(yield_from_b)
{
	return segue_await(segue_ref(cast[B]));
}

static SEGUE_GENERATOR(yield_from_c)
{
	return segue_await(segue_ref(cast[C]));
}

static SEGUE_GENERATOR(yield_from_unnamed)
{
	return segue_await(spam());
}

static SEGUE_ASYNC(await_generator)
{
	return segue_await(two());
}

static SEGUE_ASYNC(await_itself)
{
	return segue_await(segue_ref(cast[A]));
}

static SEGUE_ASYNC(pause_and_await_b)
{
	SEGUE_TRY(segue_await(pause()));
	return segue_await(segue_ref(cast[B]));
}

static SEGUE_ASYNC(pause_and_spam)
{
	SEGUE_TRY(segue_await(pause()));
	return segue_value("spam");
}

/* ---- Objects --------------------------------------------------------------------------------------------------------- */

/* A static one of a type of this name, with what it can do. */
#define OBJECT(name, ...)                                                                                           \
	static const segue_ops name##_ops = { .size = sizeof(segue_ops), .names = SEGUE_NAMED(#name), __VA_ARGS__ }; \
	static const segue_ops *name = &name##_ops
#define AWAITS_OBJECT(function, object)                         \
	static SEGUE_ASYNC(function)                            \
	{                                                       \
		return segue_await(&object);                    \
	}

OBJECT(Thing, .await_ = NULL);
AWAITS_OBJECT(await_thing, Thing)

static void *give_thing(void *self)
{
	(void)self;
	return &Thing;
}
OBJECT(Fraud, .await_ = give_thing);
AWAITS_OBJECT(await_fraud, Fraud)

static void *give_itself(void *self)
{
	return self;
}
OBJECT(Selfish, .await_ = give_itself);
AWAITS_OBJECT(await_selfish, Selfish)

static void *give_nothing(void *self)
{
	(void)self;
	return NULL;
}
OBJECT(Empty, .await_ = give_nothing);
AWAITS_OBJECT(await_empty, Empty)

static void *give_b(void *self)
{
	(void)self;
	return segue_ref(cast[B]);
}
OBJECT(Misguided, .await_ = give_b);
AWAITS_OBJECT(await_misguided, Misguided)

/* An iterator of 1, 2, 3: a string of digits that are left. */
static const char *digits;

static segue_result next_digit(void *self)
{
	(void)self;
	return *digits ? segue_value(text("%c", *digits++)) : segue_raise(&segue_StopIteration, NULL);
}
OBJECT(Digits, .next = next_digit);
AWAITS_OBJECT(await_digits, Digits)

static void *give_digits(void *self)
{
	(void)self;
	digits = "123";
	return &Digits;
}
OBJECT(Digital, .await_ = give_digits);
AWAITS_OBJECT(await_digital, Digital)

static SEGUE_GENERATOR(yield_from_digits)
{
	return segue_await(give_digits(NULL));
}

static void *give_generator_of_digits(void *self)
{
	(void)self;
	return yield_from_digits();
}
OBJECT(Indirect, .await_ = give_generator_of_digits);
AWAITS_OBJECT(await_indirect, Indirect)

static void *give_two(void *self)
{
	(void)self;
	return two();
}
OBJECT(Two, .await_ = give_two);
AWAITS_OBJECT(await_awaitable_two, Two)

/* An object that hands on to a coroutine: what Python gets from a coroutine's __await__(). */
struct wrapper {
	const segue_ops *ops;
	segue_coroutine *inner;
};

static segue_result wrapper_send(void *self, void *value)
{
	return segue_send(((struct wrapper *)self)->inner, value);
}

static segue_result wrapper_throw(void *self, segue_result what)
{
	return segue_throw(((struct wrapper *)self)->inner, what.raised, what.value);
}

static segue_result wrapper_close(void *self)
{
	return segue_close(((struct wrapper *)self)->inner);
}
OBJECT(Wrapper, .await_ = give_itself, .send = wrapper_send, .throw_ = wrapper_throw, .close = wrapper_close);

static SEGUE_ASYNC(await_wrapped_b)
{
	struct wrapper wrapper = { Wrapper, cast[B] };

	return segue_await(&wrapper);
}

static SEGUE_GENERATOR(one)
{
	return segue_yield(NULL);
}

static void *give_one(void *self)
{
	(void)self;
	return one();
}
OBJECT(Future, .await_ = give_one);

static SEGUE_ASYNC(marks_errors)
{
	segue_result r = segue_await(&Future);

	return segue_isinstance(r, &Error) ? segue_raise(&Marker, NULL) : r;
}

/* ---- Values ---------------------------------------------------------------------------------------------------------- */

static SEGUE_ASYNC(forty_two)
{
	return segue_value("42");
}

static SEGUE_ASYNC(expression)
{
	return segue_value(text("%d", number(SEGUE_TRY(segue_await(forty_two()))) +
					      number(SEGUE_TRY(segue_await(forty_two()))) * 1000));
}

static SEGUE_ASYNC(gives_coroutine)
{
	return segue_value(spam());
}

static SEGUE_ASYNC(await_twice)
{
	return segue_await(SEGUE_TRY(segue_await(gives_coroutine())));
}

static SEGUE_ASYNC(identity, (const char *, value))
{
	return segue_value((void *)value);
}

static SEGUE_ASYNC(await_each)
{
	segue_coroutine *each[] = { identity("1"), identity("41") };
	int sum = 0;

	for (int i = 0; i < 2; i++)
		sum += number(SEGUE_TRY(segue_await(each[i])));
	return segue_value(text("%d", sum));
}

/* ---- In and out ------------------------------------------------------------------------------------------------------ */

static SEGUE_GENERATOR(squares)
{
	segue_result r = segue_yield(NULL);

	if (!r.raised)
		r = segue_yield(text("%d", number(r.value) * number(r.value)));
	say("%sfinally", segue_isinstance(r, &Error) ? "error, " : "");
	return r;
}

static SEGUE_ASYNC(await_squares)
{
	return segue_await(segue_types_coroutine(squares()));
}

static SEGUE_ASYNC(pauses_at_exit)
{
	segue_result r = segue_await(pause());

	return segue_isinstance(r, &segue_GeneratorExit) ? segue_await(pause()) : r;
}

static SEGUE_GENERATOR(passes)
{
	segue_result r = segue_yield("1");

	return segue_isinstance(r, &Error) ? segue_value("PASSED") : segue_value("FAILED");
}

static SEGUE_GENERATOR(counts_exits)
{
	SEGUE_TRY(segue_yield("1"));
	say("%s", show(segue_yield("2")));
	return segue_value("ended");
}

static SEGUE_ASYNC(await_counts_exits)
{
	segue_result r = segue_await(segue_types_coroutine(counts_exits()));

	say("then %s", show(r));
	return r;
}

/* ---- Chains ------------------------------------------------------------------------------------------------------------ */

static void say_what_b_awaits(const char *where)
{
	segue_info info;

	segue_inspect(cast[B], &info, sizeof info);
	say("%s: %s%s", where, state_of(cast[B]), info.cr_await ? " awaits" : "");
}

static SEGUE_GENERATOR(inner)
{
	say_what_b_awaits("inner");
	SEGUE_TRY(segue_yield(NULL));
	say_what_b_awaits("inner");
	return segue_value(NULL);
}

static SEGUE_ASYNC(middle)
{
	return segue_await(segue_types_coroutine(inner()));
}

static SEGUE_ASYNC(outer)
{
	say_what_b_awaits("outer");
	SEGUE_TRY(segue_await(middle()));
	say_what_b_awaits("outer");
	return segue_value(NULL);
}

static SEGUE_GENERATOR(outer_generator)
{
	SEGUE_TRY(segue_await(inner()));
	say_what_b_awaits("outer");
	SEGUE_TRY(segue_yield(NULL));
	return segue_value(NULL);
}

/* Bodies that say which of them are on the stack, the innermost first. */
static segue_result stacked_inner(void *unused);
static segue_result stacked_outer(void *unused);

static _Unwind_Reason_Code say_body(struct _Unwind_Context *context, void *words)
{
	uintptr_t start = _Unwind_GetRegionStart(context);

	if (((uintptr_t)stacked_inner & -(uintptr_t)2) == (start & -(uintptr_t)2)) /* but for Thumb's bit */
		*(char **)words = text("%s<inner>", *(char **)words);
	if (((uintptr_t)stacked_outer & -(uintptr_t)2) == (start & -(uintptr_t)2))
		*(char **)words = text("%s<outer>", *(char **)words);
	return _URC_NO_REASON;
}

static void say_stack(void)
{
	char *words = text("%s", "");

	_Unwind_Backtrace(say_body, &words);
	say("%s", words);
}

static segue_result stacked_inner(void *unused)
{
	(void)unused;
	say_stack();
	(void)segue_yield(NULL);
	say_stack();
	return segue_value(NULL);
}

static segue_result stacked_outer(void *unused)
{
	(void)unused;
	say_stack();
	SEGUE_TRY(segue_await(segue_generator_new(stacked_inner, NULL)));
	say_stack();
	return segue_value(NULL);
}

static segue_coroutine *stacked(void)
{
	return segue_generator_new(stacked_outer, NULL);
}

enum { DEEP = 1000 };
static int unwound, in_order;

static SEGUE_ASYNC(deep, (int, level))
{
	segue_result r = level ? segue_await(deep(level - 1)) : segue_yield("bottom");

	in_order &= unwound++ == level;
	if (level == DEEP)
		say("%d %s", unwound, in_order ? "from the inside" : "in disorder");
	if (r.raised)
		return r;
	return segue_value(level ? text("%d", number(r.value) + 1) : r.value);
}

static segue_coroutine *a_thousand(void)
{
	unwound = 0;
	in_order = 1;
	return deep(DEEP);
}

/* ---- The rows ------------------------------------------------------------------------------------------------------------ */

#define REUSED "RuntimeError(cannot reuse already awaited coroutine)"
#define NO_COROUTINE_HERE "TypeError(cannot 'yield from' a coroutine object in a non-coroutine generator)"

static const struct row rows[] = {
	{ "what a coroutine returns is what its await gives", { await_b, spam }, "next", "StopIteration(spam)" },
	{ "what is awaited yields to whoever sends to the awaiter", { await_two }, "next next next",
	  "1, 2, StopIteration(3)" },
	{ "an iterable coroutine is iterated as a generator is", { two }, "decorate list", "[1 2]" },
	{ "a generator does not yield from a coroutine, which is as it was", { yield_from_b, spam }, "next b.state b.next",
	  NO_COROUTINE_HERE ", CREATED, StopIteration(spam)" },
	{ "one that is refused and that nobody holds was never awaited", { yield_from_unnamed }, "next",
	  "spam was never awaited, " NO_COROUTINE_HERE },
	{ "an iterable coroutine may yield from a coroutine", { yield_from_b, spam }, "decorate next",
	  "StopIteration(spam)" },
	{ "a coroutine does not await a generator", { await_generator }, "next",
	  "TypeError(object generator can't be used in 'await' expression)" },
	{ "an object without an await can't be awaited", { await_thing }, "next",
	  "TypeError(object Thing can't be used in 'await' expression)" },
	{ "an iterator can't be awaited", { await_digits }, "next",
	  "TypeError(object Digits can't be used in 'await' expression)" },
	{ "an await that gives no iterator is refused", { await_fraud }, "next",
	  "TypeError(__await__() returned non-iterator of type 'Thing')" },
	{ "an await that gives the object itself, no iterator, is refused", { await_selfish }, "next",
	  "TypeError(__await__() returned non-iterator of type 'Selfish')" },
	{ "an await that gives nothing had no memory", { await_empty }, "next", "MemoryError" },
	{ "an await that gives a coroutine is refused, and that is as it was", { await_misguided, spam },
	  "next b.state b.close", "TypeError(__await__() returned a coroutine), CREATED, NULL" },
	{ "an awaitable may give an iterator", { await_digital }, "list", "[1 2 3]" },
	{ "an awaitable may give a generator, and what that returns is what the await gives", { await_awaitable_two },
	  "next next next", "1, 2, StopIteration(3)" },
	{ "an awaitable may give a generator that yields from an iterator", { await_indirect }, "list", "[1 2 3]" },
	{ "an object of one's own may hand on to a coroutine what is sent", { await_wrapped_b, marks_errors },
	  "next send:spam", "NULL, StopIteration(spam)" },
	{ "an object of one's own may hand on to a coroutine what is thrown", { await_wrapped_b, marks_errors },
	  "next throw:Error b.state", "NULL, Marker, CLOSED" },
	{ "an object of one's own may hand on to a coroutine that it is closed", { await_wrapped_b, await_counts_exits },
	  "next next close b.state", "1, 2, GeneratorExit, then GeneratorExit, NULL, CLOSED" },
	{ "through such an object, too, a coroutine is not reused", { await_wrapped_b, spam, await_wrapped_b },
	  "next c.next c.close", "StopIteration(spam), " REUSED ", NULL" },

	{ "several awaits may stand in one expression", { expression }, "next", "StopIteration(42042)" },
	{ "what an await gives may be awaited", { await_twice }, "next", "StopIteration(spam)" },
	{ "coroutines may be made first and awaited later", { await_each }, "next", "StopIteration(42)" },

	{ "what is sent goes in, what it yields for that comes out", { await_squares }, "next send:10 close",
	  "NULL, 100, finally, NULL" },
	{ "what is thrown goes in, and comes out if nobody catches it", { await_squares }, "next throw:Error:x",
	  "NULL, error, finally, Error(x)" },
	{ "what is thrown is raised innermost, and what that returns goes all the way out",
	  { yield_from_b, yield_from_c, passes }, "next throw:Error", "1, StopIteration(PASSED)" },
	{ "closing the outer closes the inner first, once", { await_counts_exits }, "next next close close close",
	  "1, 2, GeneratorExit, then GeneratorExit, NULL, NULL, NULL" },
	{ "dropping the outer closes the inner first, too", { await_counts_exits }, "next next drop",
	  "1, 2, GeneratorExit, then GeneratorExit" },
	{ "a GeneratorExit that is thrown closes the inner, and is itself raised in the outer", { await_counts_exits },
	  "next next throw:GeneratorExit:x", "1, 2, GeneratorExit, then GeneratorExit(x), GeneratorExit(x)" },
	{ "one that awaits again as it is closed ignored it", { pauses_at_exit }, "next close",
	  "NULL, RuntimeError(coroutine ignored GeneratorExit)" },
	{ "one that has ended is not awaited", { await_b, spam, await_b }, "next c.next", "StopIteration(spam), " REUSED },
	{ "one that failed is not awaited, whoever does it", { pause_and_await_b, pause_and_spam, pause_and_await_b },
	  "next next throw:Error:ham c.next c.next c.throw:Error:wat", "NULL, NULL, Error(ham), NULL, " REUSED ", " REUSED },
	{ "one that is suspended is being awaited already", { await_b, pause_and_spam }, "b.next next b.next",
	  "NULL, RuntimeError(coroutine is being awaited already), StopIteration(spam)" },
	{ "one that awaits itself is executing already", { await_itself }, "next",
	  "ValueError(coroutine already executing)" },

	{ "what it awaits can be seen while it is suspended, and only then", { NULL, outer },
	  "b.awaits b.state b.next b.state b.awaits b.next b.awaits",
	  "awaits nothing, CREATED, outer: RUNNING, inner: RUNNING, NULL, SUSPENDED, awaits middle inner, "
	  "inner: RUNNING, outer: RUNNING, StopIteration, awaits nothing" },
	{ "what a generator yields from can be seen, and is nothing where it merely yields", { NULL, outer_generator },
	  "b.awaits b.next b.awaits b.next b.state b.awaits b.next b.awaits",
	  "awaits nothing, inner: RUNNING, NULL, awaits inner, "
	  "inner: RUNNING, outer: RUNNING, NULL, SUSPENDED, awaits nothing, StopIteration, awaits nothing" },
	{ "the inner's stack goes on with the outer's when something is sent", { stacked }, "next next",
	  "<outer>, <inner><outer>, NULL, <inner><outer>, <outer>, StopIteration" },
	{ "the inner's stack goes on with the outer's when something is thrown", { stacked }, "next throw:RuntimeError",
	  "<outer>, <inner><outer>, NULL, <inner><outer>, <outer>, StopIteration" },
	{ "a value goes down a thousand awaits and comes up", { a_thousand }, "next send:0",
	  "bottom, 1001 from the inside, StopIteration(1000)" },
	{ "what is thrown comes up them, from one to the next", { a_thousand }, "next throw:Error:x",
	  "bottom, 1001 from the inside, Error(x)" },
	{ "a thousand that await each other are closed from the inside", { a_thousand }, "next close",
	  "bottom, 1001 from the inside, NULL" },
	{ "a thousand are closed from the inside when the outermost is dropped", { a_thousand }, "next drop",
	  "bottom, 1001 from the inside" },
};
const struct rows await_rows = ROWS(rows);
