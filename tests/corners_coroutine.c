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

/* ---- Where they were made ------------------------------------------------------------------------------------------ */

static int frames_of(const segue_coroutine *co)
{
	segue_info info;
	int n = 0;

	segue_inspect(co, &info, sizeof info);
	while (info.cr_origin.frames && info.cr_origin.frames[n])
		n++;
	return n;
}

/* One that is made here, and how many frames of its origin are kept. */
static int frames_at(int depth)
{
	int before = segue_set_origin_tracking_depth(depth);
	segue_coroutine *co = segue_coroutine_new(idle, NULL);
	int n = frames_of(co);

	segue_set_origin_tracking_depth(before);
	segue_close(co);
	segue_unref(co);
	return n;
}

static SEGUE_ASYNC(at_depths)
{
	say("%d, %d, %d", frames_at(0), frames_at(1), frames_at(2));
	return segue_value(NULL);
}

static SEGUE_ASYNC(at_extremes)
{
	int n = frames_at(1000), before = segue_set_origin_tracking_depth(-1);

	say("%s, %d", n > 2 && n <= 64 ? "as many as there are" : text("%d", n), frames_at(-1));
	say("%d", segue_set_origin_tracking_depth(before));
	return segue_value(NULL);
}

/* Returns a coroutine made here; *caller is where this was called. */
static __attribute__((noinline)) segue_coroutine *make(void **caller)
{
	segue_coroutine *co = segue_coroutine_new(idle, NULL);

	*caller = __builtin_extract_return_addr(__builtin_return_address(0));
	return co;
}

static SEGUE_ASYNC(at_callers)
{
	int before = segue_set_origin_tracking_depth(2);
	segue_info info;
	void *caller;
	segue_coroutine *co = make(&caller);

	segue_inspect(co, &info, sizeof info);
	segue_set_origin_tracking_depth(before);
	say("%s", info.cr_origin.made->function);
	say(((uintptr_t)info.cr_origin.frames[1] ^ (uintptr_t)caller) <= 1 ? "its caller" : "another"); /* but for Thumb's bit */
	segue_close(co);
	segue_unref(co);
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
	{ "so many frames of its origin are kept as were asked for", { at_depths }, "next", "0, 1, 2, StopIteration" },
	{ "no more frames are kept than there are, and none for a negative depth", { at_extremes }, "next",
	  "as many as there are, 0, 0, StopIteration" },
	{ "its origin is where it was made, and who called that", { at_callers }, "next", "make, its caller, StopIteration" },
};
const struct rows coroutine_rows = ROWS(rows);
