/* Generators: what they yield, what is sent and thrown into them, how they end. */
#include "corners.h"

static SEGUE_GENERATOR(two)
{
	SEGUE_TRY(segue_yield("1"));
	SEGUE_TRY(segue_yield("2"));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(nothing_thrice)
{
	for (int i = 0; i < 3; i++)
		SEGUE_TRY(segue_yield(NULL));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(up_to, (int, n))
{
	for (int i = 0; i < n; i++)
		SEGUE_TRY(segue_yield(text("%d", i)));
	return segue_value(NULL);
}

static segue_coroutine *five(void)
{
	return up_to(5);
}

static SEGUE_GENERATOR(relay)
{
	void *value;

	SEGUE_FOREACH(value, up_to(5), NULL)
		SEGUE_TRY(segue_yield(value));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(first_of_b)
{
	say("b, inside a: %s", show(segue_send(cast[B], NULL)));
	return segue_value(NULL);
}

/* ---- Raising ------------------------------------------------------------------------------------------------------- */

static segue_result divide(int n, int by)
{
	if (by == 0)
		return segue_raise(&Error, "by zero");
	return segue_value(text("%d", n / by));
}

static SEGUE_GENERATOR(divides)
{
	SEGUE_TRY(segue_yield(SEGUE_TRY(divide(8, 2))));
	SEGUE_TRY(segue_yield(SEGUE_TRY(divide(1, 0))));
	SEGUE_TRY(segue_yield("not reached"));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(divides_twice)
{
	if (divide(1, 0).raised)
		SEGUE_TRY(segue_yield("caught"));
	return divide(1, 0);
}

static SEGUE_GENERATOR(stops_at_once)
{
	return segue_raise(&segue_StopIteration, "spam");
}

static SEGUE_GENERATOR(stops_later)
{
	SEGUE_TRY(segue_yield("1"));
	return segue_raise(&segue_StopIteration, NULL);
}

static SEGUE_GENERATOR(next_of_itself)
{
	SEGUE_TRY(segue_yield(SEGUE_TRY(segue_send(cast[A], NULL))));
	return segue_value(NULL);
}

/* ---- What comes in ------------------------------------------------------------------------------------------------- */

static SEGUE_GENERATOR(echo)
{
	return segue_yield("1");
}

static SEGUE_GENERATOR(sums)
{
	int sum = 0;

	for (void *value = NULL;; sum += number(value))
		value = SEGUE_TRY(segue_yield(text("%d", sum)));
}

static SEGUE_GENERATOR(catches_value_errors)
{
	for (;;) {
		segue_result r = segue_yield(NULL);

		if (segue_isinstance(r, &segue_ValueError))
			say("caught %s", show(r));
		else
			say("got %s", SEGUE_TRY(r) ? show(r) : "nothing");
	}
}

static SEGUE_GENERATOR(raises_later)
{
	segue_result r = segue_yield("1");

	SEGUE_TRY(segue_yield("2"));
	SEGUE_TRY(segue_yield("3"));
	return r;
}

static SEGUE_GENERATOR(raises_another)
{
	return segue_yield("1").raised ? segue_raise(&segue_RuntimeError, "another") : segue_value(NULL);
}

/* ---- Closing ------------------------------------------------------------------------------------------------------- */

static SEGUE_GENERATOR(catches_exit)
{
	segue_result r = segue_yield("1");

	return segue_isinstance(r, &segue_GeneratorExit) ? segue_value("0") : segue_value(NULL);
}

static SEGUE_GENERATOR(raises_at_exit)
{
	(void)segue_yield("1");
	return segue_raise(&segue_TypeError, "fie");
}

static SEGUE_GENERATOR(ignores_exit)
{
	if (segue_yield("1").raised)
		SEGUE_TRY(segue_yield("foo!"));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(cleans_up)
{
	segue_result r = segue_yield("1");

	if (segue_isinstance(r, &segue_Exception))
		say("except");
	say("finally");
	return r;
}

static void release(segue_coroutine **local)
{
	say("released");
	segue_unref(*local);
}

static SEGUE_GENERATOR(holds_a_local)
{
	__attribute__((cleanup(release))) segue_coroutine *local = cleans_up();

	SEGUE_TRY(segue_send(local, NULL));
	SEGUE_TRY(segue_yield("1"));
	return segue_value(NULL);
}

/* ---- What can be seen ------------------------------------------------------------------------------------------------ */

static SEGUE_GENERATOR(yields_its_state)
{
	segue_info info;

	segue_inspect(cast[A], &info, sizeof info);
	SEGUE_TRY(segue_yield(text("running %d, suspended %d", info.gi_running, info.gi_suspended)));
	return segue_value(NULL);
}

static SEGUE_GENERATOR(yields_itself)
{
	for (;;)
		SEGUE_TRY(segue_yield(segue_current() == cast[A] ? "a" : "another"));
}

/* ---- The rows -------------------------------------------------------------------------------------------------------- */

#define IGNORED "RuntimeError(generator ignored GeneratorExit)"

static const struct row rows[] = {
	{ "a loop has all that a generator yields", { two }, "list", "[1 2]" },
	{ "it has each value in its turn, and has ended for good after the last", { two }, "next next next next state",
	  "1, 2, StopIteration, StopIteration, CLOSED" },
	{ "to yield nothing is not to end", { nothing_thrice }, "list", "[NULL NULL NULL]" },
	{ "generators loop over generators", { relay }, "list", "[0 1 2 3 4]" },
	{ "it goes back to whoever resumed it last", { first_of_b, five }, "next b.next b.next",
	  "b, inside a: 0, StopIteration, 1, 2" },
	{ "what a function called in it raises goes to its resumer, and it has ended", { divides }, "next next next",
	  "4, Error(by zero), StopIteration" },
	{ "what it raises in a loop is what the loop ends with", { divides }, "list", "[4], Error(by zero)" },
	{ "its traceback goes from where that was raised", { divides }, "list traceback",
	  "[4], Error(by zero), from divide segue_body_of_divides" },
	{ "its traceback has nothing of what was caught before", { divides_twice }, "list traceback",
	  "[caught], Error(by zero), from divide" },
	{ "a StopIteration that it raises is a RuntimeError", { stops_at_once }, "next",
	  "RuntimeError(generator raised StopIteration)" },
	{ "a StopIteration that it raises after a yield is not the end of a loop", { stops_later }, "list",
	  "[1], RuntimeError(generator raised StopIteration)" },
	{ "it can't be resumed by itself", { next_of_itself }, "next state",
	  "ValueError(generator already executing), CLOSED" },

	{ "what is sent is what its yield gives, and it may return that", { echo }, "next send:42", "1, StopIteration(42)" },
	{ "a value for one that has not started is refused, and it may still start", { echo }, "send:x state next",
	  "TypeError(can't send non-None value to a just-started generator), CREATED, 1" },
	{ "sent one after the other, values can be summed", { sums }, "next send:10 send:10 send:10", "0, 10, 20, 30" },
	{ "it goes on after what it caught", { catches_value_errors },
	  "next throw:ValueError throw:ValueError:xyz send:1 next",
	  "NULL, caught ValueError, NULL, caught ValueError(xyz), NULL, got 1, NULL, got nothing, NULL" },
	{ "what it does not catch ends it", { catches_value_errors }, "next frame throw:TypeError frame send:2",
	  "NULL, frame, TypeError, no frame, StopIteration" },
	{ "thrown into one that has ended, it comes back", { two }, "close throw:ValueError:6 throw:GeneratorExit next",
	  "NULL, ValueError(6), GeneratorExit, StopIteration" },
	{ "thrown into one that has not started, it closes it, and comes back", { two }, "throw:ValueError:7 state next",
	  "ValueError(7), CLOSED, StopIteration" },
	{ "what is no exception is not thrown in", { two }, "next throw:None:x next",
	  "1, TypeError(exceptions must be classes or instances deriving from BaseException, not NoneType), 2" },
	{ "what was thrown in is kept over yields, and raised after them", { raises_later },
	  "next throw:ValueError:x next next", "1, 2, 3, ValueError(x)" },
	{ "what it raises instead of what was thrown in comes out", { raises_another }, "next throw:ValueError next",
	  "1, RuntimeError(another), StopIteration" },
	{ "what is thrown in passes the places that it is passed on at", { two }, "next throw:Error traceback",
	  "1, Error, from segue_body_of_two" },

	{ "closed where it does not look, it gives nothing", { two }, "next close state", "1, NULL, CLOSED" },
	{ "what it returns when it is closed, close gives", { catches_exit }, "next close", "1, 0" },
	{ "closed before it started, it returns nothing", { catches_exit }, "close next", "NULL, StopIteration" },
	{ "closed after its end, it returns nothing", { catches_exit }, "next next close", "1, StopIteration, NULL" },
	{ "closed twice, it returns something once", { catches_exit }, "next close close", "1, 0, NULL" },
	{ "what it raises when it is closed comes out", { raises_at_exit }, "next close close next",
	  "1, TypeError(fie), NULL, StopIteration" },
	{ "what it raises when it is dropped goes to the hook", { raises_at_exit }, "next drop",
	  "1, unraisable in raises_at_exit: TypeError(fie)" },
	{ "one that yields as it is closed ignored that, and may be closed again", { ignores_exit }, "next close state close",
	  "1, " IGNORED ", SUSPENDED, NULL" },
	{ "that one yields as it is dropped goes to the hook", { ignores_exit }, "next drop",
	  "1, unraisable in ignores_exit: " IGNORED },
	{ "what it holds is released by its close", { holds_a_local }, "next close state",
	  "1, released, finally, NULL, CLOSED" },
	{ "dropped, it runs what it has for its end", { cleans_up }, "next drop", "1, finally" },
	{ "GeneratorExit is no Exception", { cleans_up }, "next close", "1, finally, NULL" },
	{ "a ValueError is an Exception", { cleans_up }, "next throw:ValueError", "1, except, finally, ValueError" },
	{ "dropped before it started, none of it runs, and nobody is told", { cleans_up }, "drop", "" },

	{ "seen from inside it is running, and not suspended", { yields_its_state }, "state next state",
	  "CREATED, running 1, suspended 0, SUSPENDED" },
	{ "it keeps its code's name when it has ended", { two }, "name list name", "two, [1 2], two" },
	{ "it may yield itself, and be dropped", { yields_itself }, "next next drop", "a, a" },
};
const struct rows generator_rows = ROWS(rows);
