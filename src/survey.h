/* All coroutines, looked at in a signal's handler: no locks, while other threads go on. */
#ifndef SEGUE_SRC_SURVEY_H
#define SEGUE_SRC_SURVEY_H

#include "peek.h"
#include "stack.h"
#include "text.h"

enum { NAME_ROOM = 64 };

/* One as it was: a copy. */
struct seen {
	segue_contexts contexts; /* just below, as it is there */
	segue_coroutine co;
	segue_coroutine *at;
	const struct peek *peek; /* how its stack is read: NULL where that stays mapped */
	char name[NAME_ROOM];
};

struct survey {
	struct text text;
	struct peek peek;
	segue_coroutine *here; /* the running one of this thread */
	void *frame;           /* of who dumps */
	size_t counts[SEGUE_CLOSED + 1];
	size_t missing;        /* lists that could not be followed to their ends */
};

HIDDEN void segue__survey_begin(struct survey *v, int fd);
HIDDEN void segue__survey_end(struct survey *v);

/* Calls `show` with each. */
HIDDEN void segue__survey(struct survey *v, void (*show)(struct survey *v, const struct seen *s));

/* Looks at one, if there is one. */
HIDDEN bool segue__see(const struct survey *v, struct seen *s, const void *at);

/* The name of an awaited object's kind, if it is one of the user's, and no coroutine. */
HIDDEN bool segue__object_name(const struct survey *v, const void *object, char name[NAME_ROOM]);

HIDDEN const char *segue__state_name(enum segue_state state);
HIDDEN enum segue_state segue__state_seen(const struct survey *v, const struct seen *s);

/* Where its frames wait, into *frame; false: nowhere, as it ended, or runs, or where that is not known: on another thread. */
HIDDEN bool segue__frame_seen(const struct survey *v, const struct seen *s, segue_context *frame);

#endif
