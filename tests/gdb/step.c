/* What tests/gdb/step.py steps through, an operation after the other, instruction by instruction. With each goes what a backtrace
   has to show, one chain after the other as the stack changes: innermost first, `|` where a coroutine was resumed, `.` at the end of a
   bare context. Of the innermost frames some may not be there yet, or no more; `a/b` is the one or the other. */
#include <stddef.h>
#include "../../arch/arch.h"
#include "segue.h"
#include "segue/context.h"
#include "step.h"

#define FUNCTION static __attribute__((noinline))

/* For the script */
const int frame_chain = SEGUE_ARCH_FRAME_CHAIN, record = SEGUE_ARCH_RECORD;
const char *operation;
const char *const *chains;

#define STEP(name, call, ...)                                                          \
	do {                                                                           \
		static const char *const expected[] = { __VA_ARGS__, NULL };           \
		operation = name;                                                      \
		chains = expected;                                                     \
		begin();                                                               \
		call;                                                                  \
		end();                                                                 \
	} while (0)

static volatile int after; /* keeps a call from being the last thing of its function */
static SEGUE_EXCEPTION(Stop, segue_Exception);

FUNCTION void begin(void)
{
	__asm__ volatile("" : : : "memory");
}

FUNCTION void end(void)
{
	__asm__ volatile("" : : : "memory");
}

/* ---- What is called outside and inside --------------------------------------------------------------------------- */

FUNCTION segue_result send_it(segue_coroutine *co)
{
	segue_result r = segue_send(co, NULL);

	after = 1;
	return r;
}

FUNCTION segue_result throw_it(segue_coroutine *co, const segue_type *type)
{
	segue_result r = segue_throw(co, type, NULL);

	after = 2;
	return r;
}

FUNCTION segue_result close_it(segue_coroutine *co)
{
	segue_result r = segue_close(co);

	after = 3;
	return r;
}

FUNCTION void drop_it(segue_coroutine *co)
{
	segue_unref(co);
	after = 4;
}

/* What is inside has other values than what is outside, in the floating-point registers that are kept, too. */
FUNCTION segue_result yield_it(void *value)
{
	static volatile double given[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, taken;
	double a = given[0], b = given[1], c = given[2], d = given[3], e = given[4], f = given[5];
	double g = given[6], h = given[7], i = given[8], j = given[9], k = given[10], l = given[11];
	segue_result r = segue_yield(value);

	taken = a + b + c + d + e + f + g + h + i + j + k + l;
	after = 5;
	return r;
}

FUNCTION segue_result await_it(void *x)
{
	segue_result r = segue_await(x);

	after = 6;
	return r;
}

/* ---- Bodies ------------------------------------------------------------------------------------------------------ */

/* Yields to whoever sends; a Stop is passed on, another exception is swallowed once, but for GeneratorExit. */
FUNCTION segue_result body(void *arg)
{
	segue_result r = yield_it(arg);

	while (!r.raised || r.raised == &segue_ValueError)
		r = yield_it(arg);
	after = 7;
	return r;
}

/* Returns after a send. */
FUNCTION segue_result brief(void *arg)
{
	segue_result r = yield_it(arg);

	after = 8;
	return r;
}

FUNCTION segue_result outer(void *inner)
{
	segue_result r = await_it(inner);

	after = 9;
	return r;
}

FUNCTION segue_result outermost(void *inner)
{
	segue_result r = await_it(inner);

	after = 10;
	return r;
}

FUNCTION segue_result caller(void *generator)
{
	segue_result r = send_it(generator);

	after = 11;
	return r;
}

static segue_coroutine *own;

/* Its last reference goes while it runs. */
FUNCTION segue_result leaver(void *arg)
{
	drop_it(own);
	after = 12;
	return segue_value(arg);
}

FUNCTION segue_result stayer(void *arg)
{
	segue_result r;

	drop_it(own);
	r = yield_it(arg);
	after = 13;
	return r;
}

FUNCTION void *there(void *arg)
{
	after = 14;
	return arg;
}

FUNCTION segue_result elsewhere(void *arg)
{
	void *value = segue_call_on_thread_stack(there, arg);

	after = 15;
	return segue_value(value);
}

/* ---- The bare switch --------------------------------------------------------------------------------------------- */

static segue_context outside, inside;
static unsigned char stack[16384];

FUNCTION void go_in(void)
{
	segue_context_switch(&outside, &inside, NULL);
	after = 16;
}

FUNCTION void go_out(void)
{
	segue_context_switch(&inside, &outside, NULL);
	after = 17;
}

FUNCTION void bare(void *arg, void *value)
{
	(void)arg, (void)value;
	for (;;)
		go_out();
}

/* ---- The operations ---------------------------------------------------------------------------------------------- */

FUNCTION void one(void)
{
	segue_coroutine *co = segue_coroutine_new(body, NULL);

	STEP("first entry", send_it(co), "send_it one main", "yield_it body | send_it one main", "send_it one main");
	STEP("send and yield", send_it(co), "send_it one main", "yield_it body | send_it one main", "send_it one main");
	STEP("throw", throw_it(co, &segue_ValueError), "throw_it one main", "yield_it body | throw_it one main", "throw_it one main");
	STEP("raise", throw_it(co, &Stop), "throw_it one main", "yield_it body | throw_it one main", "throw_it one main");
	STEP("unref, closed", drop_it(co), "drop_it one main");
	co = segue_coroutine_new(brief, NULL);
	send_it(co);
	STEP("last exit", send_it(co), "send_it one main", "yield_it brief | send_it one main", "send_it one main");
	drop_it(co);
	co = segue_coroutine_new(body, NULL);
	send_it(co);
	STEP("close", close_it(co), "close_it one main", "yield_it body | close_it one main", "close_it one main");
	drop_it(co);
	co = segue_coroutine_new(body, NULL);
	send_it(co);
	STEP("unref, suspended", drop_it(co), "drop_it one main", "yield_it body | drop_it one main", "drop_it one main");
}

FUNCTION void rare(void)
{
	segue_attr attr = SEGUE_ATTR_INIT;
	segue_coroutine *co;

	attr.flags = SEGUE_OWN_FENV;
	co = segue_coroutine_new_with(body, NULL, &attr);
	send_it(co);
	STEP("own environment", send_it(co), "send_it rare main", "yield_it body | send_it rare main", "send_it rare main");
	drop_it(co);
	own = segue_coroutine_new(leaver, NULL);
	STEP("dropped, and ends", send_it(own), "send_it rare main", "drop_it leaver | send_it rare main", "| send_it rare main",
	     "send_it rare main");
	own = segue_coroutine_new(stayer, NULL);
	STEP("dropped, and yields", send_it(own), "send_it rare main", "drop_it/yield_it stayer | send_it rare main",
	     "| send_it rare main", "yield_it stayer | | send_it rare main", "| send_it rare main", "send_it rare main");
	co = segue_coroutine_new(elsewhere, NULL);
	STEP("on the thread's stack", send_it(co), "send_it rare main", "elsewhere | send_it rare main",
	     "there | elsewhere | send_it rare main", "elsewhere | send_it rare main", "send_it rare main");
	drop_it(co);
}

/* outermost awaits outer, and that a leaf */
FUNCTION segue_coroutine *chain(segue_body *leaf)
{
	return segue_coroutine_new(outermost, segue_coroutine_new(outer, segue_coroutine_new(leaf, NULL)));
}

FUNCTION void awaits(void)
{
	segue_coroutine *co = chain(body);

	STEP("first entry of an await chain", send_it(co), "send_it awaits main", "await_it outermost | send_it awaits main",
	     "await_it outer | await_it outermost | send_it awaits main",
	     "yield_it body | await_it outer | await_it outermost | send_it awaits main", "send_it awaits main");
	STEP("send to an await chain", send_it(co), "send_it awaits main",
	     "yield_it body | await_it outer | await_it outermost | send_it awaits main", "send_it awaits main");
	STEP("throw into an await chain", throw_it(co, &segue_ValueError), "throw_it awaits main",
	     "yield_it body | await_it outer | await_it outermost | throw_it awaits main", "throw_it awaits main");
	STEP("close an await chain", close_it(co), "close_it awaits main", "await_it outermost | close_it awaits main",
	     "await_it outer | await_it outermost | close_it awaits main",
	     "yield_it body | await_it outer | await_it outermost | close_it awaits main",
	     "await_it outer | await_it outermost | close_it awaits main", "await_it outermost | close_it awaits main",
	     "close_it awaits main");
	drop_it(co);
	co = chain(brief);
	send_it(co);
	STEP("last exit of an await chain", send_it(co), "send_it awaits main",
	     "yield_it brief | await_it outer | await_it outermost | send_it awaits main",
	     "await_it outer | await_it outermost | send_it awaits main", "await_it outermost | send_it awaits main",
	     "send_it awaits main");
	drop_it(co);
}

FUNCTION void nested(void)
{
	segue_coroutine *generator = segue_generator_new(body, NULL);
	segue_coroutine *co = segue_coroutine_new(caller, generator);

	STEP("a coroutine sends to a generator", send_it(co), "send_it nested main", "send_it caller | send_it nested main",
	     "yield_it body | send_it caller | send_it nested main", "send_it caller | send_it nested main", "send_it nested main");
	drop_it(co);
	drop_it(generator);
}

FUNCTION void contexts(void)
{
	segue_context_make(&inside, stack, sizeof stack, bare, NULL);
	STEP("a bare context's first entry", go_in(), "go_in contexts main", "go_out bare .", "go_in contexts main");
	STEP("a bare context", go_in(), "go_in contexts main", "go_out bare .", "go_in contexts main");
}

#define INLINED_STEPS(form)                                                                                                        \
	FUNCTION void inlined_##form(void)                                                                                         \
	{                                                                                                                          \
		segue_coroutine *inside_only = segue_coroutine_new(inline_body_##form, NULL);                                      \
		segue_coroutine *both = segue_coroutine_new(inline_body_##form, NULL);                                             \
		segue_coroutine *outside_only = segue_coroutine_new(body, NULL);                                                   \
		send_it(inside_only);                                                                                              \
		send_it(outside_only);                                                                                             \
		STEP("inlined, first entry", inline_send_##form(both), "inline_send_" #form " inlined_" #form " main",             \
		     "inline_body_" #form " | inline_send_" #form " inlined_" #form " main",                                       \
		     "inline_send_" #form " inlined_" #form " main");                                                              \
		STEP("inlined", inline_send_##form(both), "inline_send_" #form " inlined_" #form " main",                          \
		     "inline_body_" #form " | inline_send_" #form " inlined_" #form " main",                                       \
		     "inline_send_" #form " inlined_" #form " main");                                                              \
		STEP("called, to inlined", send_it(inside_only), "send_it inlined_" #form " main",                                 \
		     "inline_body_" #form " | send_it inlined_" #form " main", "send_it inlined_" #form " main");                  \
		STEP("inlined, to called", inline_send_##form(outside_only), "inline_send_" #form " inlined_" #form " main",       \
		     "yield_it body | inline_send_" #form " inlined_" #form " main",                                               \
		     "inline_send_" #form " inlined_" #form " main");                                                              \
		STEP("inlined unref", inline_drop_##form(both), "inline_drop_" #form " inlined_" #form " main",                    \
		     "inline_body_" #form " | inline_drop_" #form " inlined_" #form " main",                                       \
		     "inline_drop_" #form " inlined_" #form " main");                                                              \
		drop_it(inside_only);                                                                                              \
		drop_it(outside_only);                                                                                             \
	}
INLINED_STEPS(chained)
INLINED_STEPS(unchained)

/* What gdb's own commands are tried on: a leaf below a coroutine that another one awaits */
FUNCTION void leaf(void)
{
	after = 18;
}

FUNCTION segue_result commanded(void *arg)
{
	for (;;) {
		leaf();
		if (yield_it(arg).raised)
			return segue_value(arg);
		after = 19;
	}
}

FUNCTION void commands(void)
{
	segue_coroutine *co = chain(commanded);

	for (int i = 0; i < 4; i++)
		send_it(co);
	close_it(co);
	drop_it(co);
}

int main(void)
{
	one();
	rare();
	awaits();
	nested();
	contexts();
	inlined_chained();
	inlined_unchained();
	operation = NULL;
	begin();
	commands();
	return 0;
}
