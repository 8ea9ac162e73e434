/* Coroutines: what they give, how they end, and what can be seen of them. */
#include "corners.h"

static SEGUE_ASYNC(spam)
{
	return segue_value("spam");
}

static SEGUE_ASYNC(raise_stop)
{
	return segue_raise(&segue_StopIteration, NULL);
}

static SEGUE_ASYNC(send_to_itself)
{
	SEGUE_TRY(segue_send(cast[A], NULL));
	return segue_value("sent");
}

static SEGUE_ASYNC(steps)
{
	say("%s", state_of(cast[A]));
	SEGUE_TRY(segue_yield("1"));
	SEGUE_TRY(segue_yield("2"));
	return segue_value("spam");
}

static SEGUE_ASYNC(tells_of_close)
{
	segue_result r = segue_yield(NULL);

	say("got %s", show(r));
	return r;
}

static segue_result idle(void *arg)
{
	return segue_value(arg);
}

static void make_and_drop(void)
{
	segue_unref(segue_coroutine_new(idle, NULL));
}

static SEGUE_ASYNC(forgetful)
{
	make_and_drop();
	return segue_value(NULL);
}

/* ---- The rows ------------------------------------------------------------------------------------------------------ */

#define REUSED "RuntimeError(cannot reuse already awaited coroutine)"

static const struct row rows[] = {
	{ "what a coroutine returns comes as StopIteration", { spam }, "next", "StopIteration(spam)" },
	{ "run to its end, a coroutine gives what it returned", { spam }, "run", "spam" },
	{ "what runs to its end is not looked at on the way", { steps }, "run", "RUNNING, spam" },
	{ "a StopIteration that a coroutine raises is a RuntimeError", { raise_stop }, "next state",
	  "RuntimeError(coroutine raised StopIteration), CLOSED" },
	{ "a value for one that has not started is refused, and it may still start", { spam }, "send:x state next",
	  "TypeError(can't send non-None value to a just-started coroutine), CREATED, StopIteration(spam)" },
	{ "refused a value, it may also be closed, and was not never awaited", { spam }, "send:x close drop",
	  "TypeError(can't send non-None value to a just-started coroutine), NULL" },
	{ "a coroutine that sends to itself is executing already", { send_to_itself }, "next",
	  "ValueError(coroutine already executing)" },
	{ "one that has ended is not sent to", { spam }, "next next send:x", "StopIteration(spam), " REUSED ", " REUSED },
	{ "one that has ended is not thrown into", { spam }, "next throw:Error:x throw:GeneratorExit",
	  "StopIteration(spam), " REUSED ", " REUSED },
	{ "one that has ended is closed in silence", { spam }, "next close close", "StopIteration(spam), NULL, NULL" },
	{ "one that failed has ended, too", { raise_stop }, "next next",
	  "RuntimeError(coroutine raised StopIteration), " REUSED },
	{ "close raises GeneratorExit inside, once", { tells_of_close }, "next close close close",
	  "NULL, got GeneratorExit, NULL, NULL, NULL" },
	{ "one that was closed is not sent to", { tells_of_close }, "close next", "NULL, " REUSED },
	{ "thrown into before it started, it is closed, and none of it runs", { tells_of_close },
	  "throw:Error:x state next drop", "Error(x), CLOSED, " REUSED },
	{ "never awaited, it is told of as it goes", { spam }, "drop", "spam was never awaited" },
	{ "where one was made that was never awaited is known to the hook", { forgetful }, "next",
	  "idle made in make_and_drop was never awaited, StopIteration" },
	{ "one that started is not told of", { steps }, "next drop", "RUNNING, 1" },
	{ "dropped where it is suspended, it is closed", { tells_of_close }, "next drop", "NULL, got GeneratorExit" },
	{ "its states: created, running, suspended, closed", { steps }, "state next state next next state",
	  "CREATED, RUNNING, 1, SUSPENDED, 2, StopIteration(spam), CLOSED" },
	{ "its frame is there until it is closed", { steps }, "frame next frame close frame",
	  "frame, RUNNING, 1, frame, NULL, no frame" },
	{ "closed before it starts, it has no frame either", { steps }, "frame close frame", "frame, NULL, no frame" },
	{ "it keeps its code's name when it has ended", { spam }, "name next name", "spam, StopIteration(spam), spam" },
};
const struct rows coroutine_rows = ROWS(rows);
