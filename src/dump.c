/* segue_dump(): every coroutine in text. A signal's handler may call it: what is called here is on signal-safety(7)'s list. */
#define _GNU_SOURCE
#include <errno.h>

#include "find.h"
#include "survey.h"

enum {
	MOST_FRAMES_OF_HANDLER = 64, /* between a dump and the coroutine that it interrupted */
	DEEPEST = 1000,              /* shown of a chain */
	MOST_INDENTED = 40,
};

static const char *const kinds[] = { "coroutine ", "generator ", "iterable coroutine " };

/* ---- One --------------------------------------------------------------------------------------------------------- */

static void put_who(struct text *t, const char *what, const void *at, const char *name)
{
	segue__put(t, what);
	segue__put_number(t, (uintptr_t)at, 16);
	segue__put(t, " '");
	segue__put(t, name);
	segue__put(t, "'");
}

static void put_other(struct survey *v, const char *what, const void *at)
{
	struct seen other;

	put_who(&v->text, what, at, segue__see(v, &other, at) ? other.name : "?");
	segue__put(&v->text, "\n");
}

/* What it awaits is a coroutine, or an object of the user's, whose kind says its name. */
static void put_awaited(struct survey *v, const void *awaited)
{
	char name[NAME_ROOM];

	if (!segue__object_name(v, awaited, name)) {
		put_other(v, "  awaits ", awaited);
		return;
	}
	put_who(&v->text, "  awaits an object, ", awaited, name);
	segue__put(&v->text, "\n");
}

static void put_links(struct survey *v, const struct seen *s, enum segue_state state)
{
	if (s->co.awaited && state != SEGUE_CREATED)
		put_awaited(v, s->co.awaited);
	if (s->co.awaiter)
		put_other(v, "  awaited by ", s->co.awaiter);
	if (state == SEGUE_RUNNING && !s->co.awaiter && s->co.resumer)
		put_other(v, "  resumed by ", s->co.resumer);
	else if (state == SEGUE_RUNNING && !s->co.awaiter)
		segue__put(&v->text, "  resumed by a thread\n");
}

/* Of its stack, if it lies there: what was copied of a context need not be of one moment. */
static bool see_stack(const struct seen *s, void *to, const char *at, size_t n)
{
	size_t in_use = (size_t)((unsigned char *)contexts_of(s->at) - s->co.stack), offset = (size_t)((uintptr_t)at - (uintptr_t)s->co.stack);

	return offset <= in_use - n && segue__peek(s->peek, to, at, n);
}

/* Where the code goes on that called the switch; the rest is on the chain, if there is one. */
static void put_frames(struct survey *v, const struct seen *s, const segue_context *frame)
{
	void *pc = frame->ip, *fp = frame->fp;
	void *record[2];

	if (segue__in_switch(pc)) {
		if (!see_stack(s, &pc, (char *)frame->sp + SEGUE_ARCH_FRAME_PC, sizeof pc))
			return;
		if (SEGUE_ARCH_FRAME_CHAIN && see_stack(s, record, (char *)fp - SEGUE_ARCH_RECORD, sizeof record))
			fp = record[0];
	}
	segue__put_address(&v->text, "  in ", pc);
	if (SEGUE_ARCH_FRAME_CHAIN)
		segue__put_callers(&v->text, s->peek, "  called from ", fp, s->co.stack, contexts_of(s->at));
}

/* Of the one that runs here: from the caller of this on, or from a handler, which may have a stack of its own, and what it interrupted. */
static void put_frames_here(struct survey *v, const struct seen *s)
{
	void *low = s->co.stack, *high = contexts_of(s->at);
	void *record[2], *fp = v->frame;

	for (int i = 0; SEGUE_ARCH_FRAME_CHAIN && i < MOST_FRAMES_OF_HANDLER && (fp < low || fp >= high); i++) {
		if (!segue__peek(&v->peek, record, (char *)fp - SEGUE_ARCH_RECORD, sizeof record))
			break;
		fp = record[0];
	}
	segue__put(&v->text, "  on this thread\n");
	if (SEGUE_ARCH_FRAME_CHAIN)
		segue__put_callers(&v->text, s->peek, "  in ", fp, low, high);
}

static void show(struct survey *v, const struct seen *s)
{
	enum segue_state state = segue__state_seen(v, s);
	segue_context frame;

	v->counts[state]++;
	put_who(&v->text, s->co.kind < 3 ? kinds[s->co.kind] : "", s->at, s->name);
	segue__put(&v->text, ", ");
	segue__put(&v->text, segue__state_name(state));
	segue__put(&v->text, "\n");
	segue__put_origin(&v->text, &v->peek, &s->co);
	put_links(v, s, state);
	if (s->at == v->here)
		put_frames_here(v, s);
	else if (state == SEGUE_CREATED)
		segue__put_address(&v->text, "  will start at ", (void *)s->co.body);
	else if (segue__frame_seen(v, s, &frame))
		put_frames(v, s, &frame);
	else if (state == SEGUE_RUNNING)
		segue__put(&v->text, "  on another thread, or what it resumed is\n");
}

/* ---- The tree: a chain is a branch ------------------------------------------------------------------------------- */

static void put_branch(struct survey *v, int depth, const void *at, const char *name, const char *and)
{
	for (int i = 0; i <= depth && i < MOST_INDENTED; i++)
		segue__put(&v->text, "  ");
	put_who(&v->text, and, at, name);
}

static void show_chain(struct survey *v, const struct seen *root)
{
	const void *awaited = root->co.awaited;
	struct seen s;
	char name[NAME_ROOM];
	int depth = 1;

	if (root->co.awaiter || !awaited || root->co.gate & (GATE_CREATED | GATE_CLOSED))
		return;
	put_branch(v, 0, root->at, root->name, "");
	segue__put(&v->text, segue__state_seen(v, root) == SEGUE_RUNNING ? ", running\n" : ", suspended\n");
	for (; awaited && depth < DEEPEST && segue__see(v, &s, awaited); depth++) {
		put_branch(v, depth, s.at, s.name, "");
		segue__put(&v->text, "\n");
		awaited = s.co.awaited;
	}
	if (awaited && segue__object_name(v, awaited, name)) {
		put_branch(v, depth, awaited, name, "an object, ");
		segue__put(&v->text, "\n");
	}
}

static void put_total(struct survey *v)
{
	struct text *t = &v->text;
	size_t all = 0;

	for (int i = SEGUE_CREATED; i <= SEGUE_CLOSED; i++)
		all += v->counts[i];
	segue__put_number(t, all, 10);
	segue__put(t, " in all:");
	for (int i = SEGUE_CREATED; i <= SEGUE_CLOSED; i++) {
		segue__put(t, i ? ", " : " ");
		segue__put_number(t, v->counts[i], 10);
		segue__put(t, " ");
		segue__put(t, segue__state_name(i));
	}
	segue__put(t, v->missing ? "; and those that could not be read, on memory that is not the library's\n" : "\n");
}

READS_THREAD void segue_dump(int fd)
{
	int error = errno;
	struct survey v;

	segue__survey_begin(&v, fd);
	v.frame = __builtin_frame_address(0);
	segue__put(&v.text, "segue: all coroutines\n");
	segue__survey(&v, show);
	put_total(&v);
	segue__put(&v.text, "who awaits whom\n");
	segue__survey(&v, show_chain);
	segue__survey_end(&v);
	errno = error;
}
