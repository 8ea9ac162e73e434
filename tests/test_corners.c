/* Behaviour of coroutines and generators that programs written for Python's count on, a row each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_headers.h"
#include "corners.h"

enum { MOST_ROWS = 200, TRACE = 4096, TEXTS = 64 * 1024 };

SEGUE_EXCEPTION(Error, segue_Exception);
SEGUE_EXCEPTION(Marker, segue_Exception);

segue_coroutine *cast[CAST];
static char trace[TRACE], texts[TEXTS];
static size_t trace_length, texts_length;

/* ---- What bodies use --------------------------------------------------------------------------------------------- */

static void add(const char *format, va_list arguments)
{
	trace_length += (size_t)vsnprintf(trace + trace_length, TRACE - trace_length, format, arguments);
	if (trace_length >= TRACE)
		abort();
}

static void write_on(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(format, arguments);
	va_end(arguments);
}

void say(const char *format, ...)
{
	va_list arguments;

	if (trace_length)
		write_on(", ");
	va_start(arguments, format);
	add(format, arguments);
	va_end(arguments);
}

char *text(const char *format, ...)
{
	char *start = texts + texts_length;
	va_list arguments;

	va_start(arguments, format);
	texts_length += (size_t)vsnprintf(start, TEXTS - texts_length, format, arguments) + 1;
	va_end(arguments);
	if (texts_length > TEXTS)
		abort();
	return start;
}

const char *show(segue_result r)
{
	if (!r.raised)
		return r.value ? r.value : "NULL";
	return r.value ? text("%s(%s)", r.raised->name, (char *)r.value) : r.raised->name;
}

const char *state_of(const segue_coroutine *co)
{
	static const char *const names[] = {
		[SEGUE_CREATED] = "CREATED", [SEGUE_RUNNING] = "RUNNING", [SEGUE_SUSPENDED] = "SUSPENDED", [SEGUE_CLOSED] = "CLOSED"
	};

	return names[segue_state(co)];
}

int number(const void *value)
{
	return atoi(value);
}

static segue_info look(const segue_coroutine *co)
{
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	return info;
}

static void say_never_awaited(segue_coroutine *co)
{
	segue_info info = look(co);
	const segue_site *made = info.cr_origin.made;

	say("%s%s%s was never awaited", info.cr_code.name, made ? " made in " : "", made ? made->function : "");
}

static void say_unraisable(segue_coroutine *co, segue_result what)
{
	say("unraisable in %s: %s", look(co).cr_code.name, show(what));
}

/* ---- Operations ---------------------------------------------------------------------------------------------------- */

typedef void operation(segue_coroutine **co, char *const *argument);

static const segue_type *type_of(const char *name)
{
	static const segue_type *const types[] = { &segue_GeneratorExit, &segue_StopIteration, &segue_RuntimeError,
						   &segue_ValueError,    &segue_TypeError,     &Error };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	assert_string_equal(name, "None");
	return NULL;
}

static void next(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say("%s", show(segue_send(*co, NULL)));
}

static void send(segue_coroutine **co, char *const *argument)
{
	say("%s", show(segue_send(*co, argument[0])));
}

static void throw(segue_coroutine **co, char *const *argument)
{
	say("%s", show(segue_throw(*co, type_of(argument[0]), argument[1])));
}

static void close(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say("%s", show(segue_close(*co)));
}

static void drop(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	segue_unref(*co);
	*co = NULL;
}

static void run(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say("%s", show(segue_run(segue_ref(*co))));
}

/* All that it yields; and what it raised, if it did. */
static void list(segue_coroutine **co, char *const *argument)
{
	const char *between = "";
	segue_result end;
	void *value;

	(void)argument;
	say("[");
	SEGUE_FOREACH(value, segue_ref(*co), &end) {
		write_on("%s%s", between, show(segue_value(value)));
		between = " ";
	}
	write_on("]");
	if (end.raised)
		say("%s", show(end));
}

/* So many of what it yields. */
static void first(segue_coroutine **co, char *const *argument)
{
	say("[");
	for (int i = 0; i < number(argument[0]); i++)
		write_on("%s%s", i ? " " : "", show(segue_send(*co, NULL)));
	write_on("]");
}

/* @types.coroutine */
static void decorate(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	*co = segue_types_coroutine(*co);
}

static void state(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say("%s", state_of(*co));
}

static void name(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say("%s", look(*co).cr_code.name);
}

static void frame(segue_coroutine **co, char *const *argument)
{
	(void)argument;
	say(look(*co).cr_frame ? "frame" : "no frame");
}

/* What it awaits, and what that awaits. */
static void awaits(segue_coroutine **co, char *const *argument)
{
	segue_coroutine *awaited = segue_as_coroutine(look(*co).cr_await);

	(void)argument;
	say("awaits");
	if (!awaited)
		write_on(" nothing");
	for (; awaited; awaited = segue_as_coroutine(look(awaited).cr_await))
		write_on(" %s", look(awaited).cr_code.name);
}

/* The functions of its traceback. */
static void traceback(segue_coroutine **co, char *const *argument)
{
	const segue_site *sites[16];
	size_t n = segue_traceback(*co, sites, 16);

	(void)argument;
	say("from");
	for (size_t i = 0; i < n; i++)
		write_on(" %s", sites[i]->function);
}

static const struct {
	const char *word;
	operation *operate;
} operations[] = {
	{ "next", next },   { "send", send },   { "throw", throw }, { "close", close }, { "drop", drop },
	{ "run", run },     { "list", list },   { "first", first }, { "decorate", decorate },
	{ "state", state }, { "name", name },   { "frame", frame }, { "awaits", awaits }, { "traceback", traceback },
};

static void operate(char *word)
{
	segue_coroutine **co = &cast[word[1] == '.' ? word[0] - 'a' : A];
	char *rest = word + (word[1] == '.' ? 2 : 0);
	const char *verb = strsep(&rest, ":");
	char *argument[] = { strsep(&rest, ":"), rest };

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		if (strcmp(operations[i].word, verb) == 0) {
			operations[i].operate(co, argument);
			return;
		}
	fail_msg("no operation: %s", verb);
}

/* ---- Playing ------------------------------------------------------------------------------------------------------- */

static void play(void **given)
{
	const struct row *row = *given;
	char *script = strdup(row->script), *words = script;

	trace_length = texts_length = 0;
	trace[0] = '\0';
	assert_non_null(script);
	for (int i = 0; i < CAST; i++)
		cast[i] = row->cast[i] ? row->cast[i]() : NULL;
	while (words)
		operate(strsep(&words, " "));
	for (int i = 0; i < CAST; i++)
		drop(&cast[i], NULL);
	free(script);
	assert_string_equal(trace, row->trace);
	assert_null(segue_current());
}

static size_t add_tests(struct CMUnitTest *tests, size_t n, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count && n < MOST_ROWS; i++)
		tests[n++] = (struct CMUnitTest){ rows->row[i].behaviour, play, NULL, NULL, (void *)&rows->row[i] };
	return n;
}

int main(void)
{
	static struct CMUnitTest tests[MOST_ROWS]; /* cmocka passes over those without a function */
	const struct rows *const files[] = { &coroutine_rows, &generator_rows, &await_rows, &algorithm_rows };
	size_t n = 0;

	segue_set_never_awaited_hook(say_never_awaited);
	segue_set_unraisable_hook(say_unraisable);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		n = add_tests(tests, n, files[i]);
	return n < MOST_ROWS ? cmocka_run_group_tests(tests, NULL, NULL) : 99;
}
