/* segue_dump_dot(): every coroutine as a node, for Graphviz. A signal's handler may call it, as segue_dump(). */
#define _GNU_SOURCE
#include <errno.h>

#include "survey.h"

/* A quoted string of DOT. */
static void put_quoted(struct text *t, const char *s)
{
	char one[3] = { '\\' };

	for (; *s; s++) {
		one[1] = *s;
		segue__put(t, *s == '"' || *s == '\\' ? one : (unsigned char)*s < ' ' ? "?" : one + 1);
	}
}

static void put_node(struct text *t, const void *at)
{
	segue__put(t, "\"");
	segue__put_number(t, (uintptr_t)at, 16);
	segue__put(t, "\"");
}

static void put_edge(struct text *t, const void *from, const void *to, const char *attributes)
{
	segue__put(t, "\t");
	put_node(t, from);
	segue__put(t, " -> ");
	put_node(t, to);
	segue__put(t, attributes);
}

static void put_label(struct text *t, const void *at, const char *label)
{
	segue__put(t, "\t");
	put_node(t, at);
	segue__put(t, " [label=\"");
	put_quoted(t, label);
}

static void show_node(struct survey *v, const struct seen *s)
{
	enum segue_state state = segue__state_seen(v, s);
	struct text *t = &v->text;
	char name[NAME_ROOM];

	put_label(t, s->at, s->name);
	segue__put(t, "\\n");
	segue__put(t, segue__state_name(state));
	segue__put(t, state == SEGUE_RUNNING ? "\", style=bold];\n" : "\"];\n");
	if (s->co.awaited && segue__object_name(v, s->co.awaited, name)) {
		put_label(t, s->co.awaited, name);
		segue__put(t, "\", shape=ellipse];\n");
	}
	if (s->co.awaited)
		put_edge(t, s->at, s->co.awaited, " [label=\"awaits\"];\n");
	if (state != SEGUE_RUNNING || s->co.awaiter)
		return;
	if (s->co.resumer)
		put_edge(t, s->co.resumer, s->at, " [label=\"resumed\", style=dashed];\n");
	else {
		segue__put(t, "\t\"thread of ");
		segue__put_number(t, (uintptr_t)s->at, 16);
		segue__put(t, "\" [label=\"a thread\", shape=plaintext];\n\t\"thread of ");
		segue__put_number(t, (uintptr_t)s->at, 16);
		segue__put(t, "\" -> ");
		put_node(t, s->at);
		segue__put(t, " [label=\"resumed\", style=dashed];\n");
	}
}

READS_THREAD void segue_dump_dot(int fd)
{
	int error = errno;
	struct survey v;

	segue__survey_begin(&v, fd);
	segue__put(&v.text, "digraph segue {\n\tnode [shape=box];\n");
	segue__survey(&v, show_node);
	segue__put(&v.text, "}\n");
	segue__survey_end(&v);
	errno = error;
}
