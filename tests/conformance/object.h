/* What a score plays with: values, exceptions, and instances of its definitions. */
#ifndef SEGUE_CONFORMANCE_OBJECT_H
#define SEGUE_CONFORMANCE_OBJECT_H

#include "score.h"
#include "segue.h"

/* An iterator or an awaitable: an object of the player's own. */
struct thing {
	const segue_ops *ops;
	long refs;
	const struct line *definition;
	const struct line *answer; /* an iterator's next one */
	char label[NAME_MAX_LENGTH + 16];
};

/* A function's instance: its coroutine's argument. It stays until the end, for the label is the coroutine's name. */
struct instance {
	struct instance *next;
	const struct line *definition;
	int ended; /* its body has ended, will never begin, or was abandoned */
	char label[NAME_MAX_LENGTH + 16];
};

/* Things that are there, and instances that have not ended. */
extern long live;

/* What runs an instance: play.c's. */
segue_body play_body;

/* A line of the trace: `me` is the label of who says it, "" the driver's. */
void say(const char *me, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A value, as the score has it, and back. Each number is a string of its own, known by its address: a message is none of them. */
void *value_of(const char *word);
/* "7", none, or a message in quotes; valid until the next call. */
const char *show(const void *value);

const segue_type *type_of(const char *word);
/* segue_raise() of two words: TYPE VALUE. */
segue_result exception_of(char *const words[2]);
/* Whether r is an exception of one of the types that an except line lists. */
int matches(const struct line *except, segue_result r);

/* A new instance of a name in the score: one reference. */
void *make(const char *name);
/* The score that make() looks in. */
void make_from(struct line *score);

/* What an awaitvar awaits where nothing is in the variable. */
void *no_object(void);
/* The label of a coroutine or a thing. */
const char *label_of(void *object);
/* An instance ends only once, however often this is said. */
void instance_ends(struct instance *instance);
struct instance *instance_of(const segue_coroutine *co);
void instances_free(void);

#endif
