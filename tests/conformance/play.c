/* Plays a score on segue, by its public API alone, and prints the trace: it must be the one that CPython gives. FORMAT.md says
 * what scores and traces are.
 *
 *     play FILE.score
 *     play DIRECTORY FILE.score...    each in a process of its own, into a trace in the directory; a start is slow under Valgrind
 *
 * An operation has no reference but its variable's. A body that runs meanwhile may drop that: then the library keeps the
 * object until the operation ends, which is as long as CPython's caller does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "object.h"

/* ---- The trace ------------------------------------------------------------------------------------------------------- */

static int over; /* the score has been played: what is left is dropped without a word */

static void say_who(const char *me)
{
	if (*me)
		printf("%s ", me);
}

void say(const char *me, const char *format, ...)
{
	va_list arguments;

	if (over)
		return;
	say_who(me);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void say_operation(const char *me, const struct line *line)
{
	say_who(me);
	putchar('>');
	for (int i = 0; i < line->count; i++)
		printf(" %s", line->words[i]);
	putchar('\n');
}

static void say_never_awaited(segue_coroutine *co)
{
	say("", "! never awaited %s", label_of(co));
}

static void say_unraisable(segue_coroutine *co, segue_result what)
{
	say("", "! unraisable %s %s", what.raised->name, show(what.value));
	instance_ends(instance_of(co)); /* one that ignored its close goes without coming to its end */
}

/* ---- Variables --------------------------------------------------------------------------------------------------------- */

struct variable {
	struct variable *next; /* in alphabetical order */
	const char *name;
	void *object;          /* a reference, or NULL */
	int listed;            /* to be dropped at the end */
};

static struct variable *variables;

static struct variable *variable(const char *name)
{
	struct variable **at = &variables, *x;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (*at && strcmp((*at)->name, name) == 0)
		return *at;
	x = calloc(1, sizeof *x);
	if (!x)
		fail("no memory");
	*x = (struct variable){ *at, name, NULL, 0 };
	return *at = x;
}

/* The old object goes after the variable has the new one: it may run, and look. */
static void set(struct variable *x, void *object)
{
	void *old = x->object;

	x->object = object;
	segue_object_unref(old);
}

static void delete(const char *me, struct variable *x)
{
	set(x, NULL);
	say(me, "= none");
}

static void delete_all(void)
{
	for (struct variable *x = variables; x; x = x->next)
		x->listed = x->object != NULL;
	for (struct variable *x = variables; x; x = x->next)
		if (x->listed && x->object) {
			say("", "> del %s", x->name);
			delete("", x);
		}
}

/* The bodies that were closed may have filled some again. Those that are closed here may still look for some. */
static void free_all(void)
{
	over = 1;
	while (variables) {
		struct variable *x = variables;
		variables = x->next;
		segue_object_unref(x->object);
		free(x);
	}
}

/* ---- Operations ---------------------------------------------------------------------------------------------------------- */

static void say_info(const char *me, const segue_coroutine *co)
{
	static const char *const states[] = {
		[SEGUE_CREATED] = "CREATED", [SEGUE_RUNNING] = "RUNNING", [SEGUE_SUSPENDED] = "SUSPENDED", [SEGUE_CLOSED] = "CLOSED"
	};
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	say(me, "= state=CORO_%s running=%d suspended=%d frame=%d code=%.*s await=%s", states[segue_state(co)], info.cr_running,
	    info.cr_suspended, info.cr_frame != NULL, (int)strcspn(info.cr_code.name, "#"), info.cr_code.name,
	    info.cr_await ? label_of(info.cr_await) : "-");
}

static void say_outcome(const char *me, segue_result r)
{
	if (!r.raised)
		say(me, "= yield %s", show(r.value));
	else if (segue_isinstance(r, &segue_StopIteration))
		say(me, "= return %s", show(r.value));
	else
		say(me, "= raise %s %s", r.raised->name, show(r.value));
}

static void operate_on(const char *me, const struct line *line, segue_coroutine *co)
{
	segue_result r;

	switch (line->verb) {
	case SEND:
		say_outcome(me, segue_send(co, value_of(line->words[2])));
		break;
	case THROW:
		r = exception_of(&line->words[2]);
		say_outcome(me, segue_throw(co, r.raised, r.value));
		break;
	case CLOSE:
		r = segue_close(co);
		if (r.raised)
			say_outcome(me, r);
		else
			say(me, "= none");
		break;
	case INFO:
		say_info(me, co);
		break;
	default:
		fail("no operation: %s", line->words[0]);
	}
}

static void operate(const char *me, const struct line *line)
{
	struct variable *x;

	if (over)
		return;
	x = variable(line->words[1]);
	say_operation(me, line);
	if (line->verb == NEW) {
		set(x, make(line->words[2]));
		say(me, "= none");
	} else if (!x->object)
		say(me, "= unset");
	else if (line->verb == DEL)
		delete(me, x);
	else if (segue_as_coroutine(x->object))
		operate_on(me, line, x->object);
	else
		say(me, "= none");
}

/* ---- Bodies -------------------------------------------------------------------------------------------------------------- */

/* How a statement ends: it raised, or the body returns, or neither and the next one follows. */
struct flow {
	segue_result result;
	int returns;
};

static const struct flow goes_on;

static int stops(struct flow f)
{
	return f.returns || f.result.raised;
}

static struct flow resumed(const char *me, const char *how, segue_result r)
{
	if (r.raised)
		return (struct flow){ r, 0 };
	say(me, "%s %s", how, show(r.value));
	return goes_on;
}

static struct flow play_awaitvar(const char *me, const char *name)
{
	void *object = variable(name)->object;

	return resumed(me, "awaited", segue_await(object ? segue_object_ref(object) : no_object()));
}

static struct flow play_block(const char *me, const struct line *line, const segue_result *handled);

static struct flow play_repeat(const char *me, const struct line *line, const segue_result *handled)
{
	struct flow f = goes_on;

	for (int i = score_number(line->words[1], 999); i > 0 && !stops(f); i--)
		f = play_block(me, line->first, handled);
	return f;
}

/* A try and the parts that follow it. */
static struct flow play_try(const char *me, const struct line *line, const segue_result *handled)
{
	struct flow tried = play_block(me, line->first, handled), f = tried;
	const struct line *part = line->next, *handler = NULL;

	for (; part && part->verb == EXCEPT; part = part->next)
		if (!handler && matches(part, tried.result))
			handler = part;
	if (handler) {
		say(me, "caught %s %s", tried.result.raised->name, show(tried.result.value));
		f = play_block(me, handler->first, &tried.result);
	}
	if (part && part->verb == ELSE) {
		if (!stops(tried))
			f = play_block(me, part->first, handled);
		part = part->next;
	}
	if (part && part->verb == FINALLY) {
		struct flow last = play_block(me, part->first, f.result.raised ? &f.result : handled);
		if (stops(last))
			f = last;
	}
	return f;
}

/* `handled` is what a reraise raises, or NULL. */
static struct flow play_statement(const char *me, const struct line *line, const segue_result *handled)
{
	switch (line->verb) {
	case LOG:
		say(me, "log %s", line->words[1]);
		return goes_on;
	case YIELD:
		return resumed(me, "got", segue_yield(value_of(line->words[1])));
	case AWAIT:
		return resumed(me, "awaited", segue_await(make(line->words[1])));
	case AWAITVAR:
		return play_awaitvar(me, line->words[1]);
	case RETURN:
		return (struct flow){ segue_value(value_of(line->words[1])), 1 };
	case RAISE:
		return (struct flow){ exception_of(&line->words[1]), 0 };
	case RERAISE:
		if (!handled)
			fail("a reraise in no except");
		return (struct flow){ *handled, 0 };
	case REPEAT:
		return play_repeat(me, line, handled);
	case TRY:
		return play_try(me, line, handled);
	case EXCEPT:
	case ELSE:
	case FINALLY:
		return goes_on; /* played with their try */
	default:
		operate(me, line);
		return goes_on;
	}
}

static struct flow play_block(const char *me, const struct line *line, const segue_result *handled)
{
	struct flow f = goes_on;

	for (; line && !stops(f); line = line->next)
		f = play_statement(me, line, handled);
	return f;
}

segue_result play_body(void *arg)
{
	struct instance *me = arg;
	struct flow f = play_block(me->label, me->definition->first, NULL);

	instance_ends(me);
	return f.result;
}

/* ---- The driver ---------------------------------------------------------------------------------------------------------- */

static void play(struct line *score)
{
	for (const struct line *line = score; line; line = line->next)
		if (line->verb == DRIVE)
			for (const struct line *operation = line->first; operation; operation = operation->next)
				operate("", operation);
	delete_all();
}

static int play_file(const char *path)
{
	struct line *score = score_read(path);

	make_from(score);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a crash leaves the trace so far */
	segue_set_never_awaited_hook(say_never_awaited);
	segue_set_unraisable_hook(say_unraisable);
	play(score);
	free_all();
	instances_free();
	score_free(score);
	if (live)
		fprintf(stderr, "play: %ld objects are left\n", live);
	return live || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* FILE.score's trace is DIRECTORY/FILE.trace. */
static void trace_into(const char *directory, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *end = strrchr(name, '.');
	char trace[4096];

	if (!end || snprintf(trace, sizeof trace, "%s/%.*s.trace", directory, (int)(end - name), name) >= (int)sizeof trace ||
	    !freopen(trace, "w", stdout))
		fail("no trace of %s in %s", path, directory);
}

static int play_each(const char *directory, char **paths)
{
	int status, result = EXIT_SUCCESS;

	for (; *paths; paths++) {
		pid_t player = fork();

		if (player == 0) {
			trace_into(directory, *paths);
			exit(play_file(*paths));
		}
		if (player < 0 || waitpid(player, &status, 0) != player)
			fail("no process for %s", *paths);
		if (status != 0) {
			fprintf(stderr, "play: %s: status %#x\n", *paths, (unsigned)status);
			result = EXIT_FAILURE;
		}
	}
	return result;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		fail("usage: play [DIRECTORY] FILE.score...");
	return argc == 2 ? play_file(argv[1]) : play_each(argv[1], &argv[2]);
}
