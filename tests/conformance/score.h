/* A score as it is read. FORMAT.md says what one is. */
#ifndef SEGUE_CONFORMANCE_SCORE_H
#define SEGUE_CONFORMANCE_SCORE_H

/* What a line's first word says. */
enum verb {
	GEN, CORO, ICORO, ITERATOR, AWAITABLE, DRIVE, /* definitions, which come first here */
	STOP, /* an iterator's answer; the others are statements, too */
	LOG, YIELD, AWAIT, AWAITVAR, RETURN, RAISE, RERAISE, REPEAT, TRY, EXCEPT, ELSE, FINALLY,
	NEW, SEND, THROW, CLOSE, INFO, DEL,
};

/* A line and all that is indented under it. */
struct line {
	struct line *next;  /* the next one at this indentation */
	struct line *first; /* the first one under it */
	int made;           /* of a definition: its instances so far */
	enum verb verb;
	int count;          /* of words */
	char *words[];
};

enum { NAME_MAX_LENGTH = 30 };

/* Reads a score: its first line. What is no score ends the program, as all below. */
struct line *score_read(const char *path);
void score_free(struct line *first);

/* The definition of a name in a score. */
struct line *score_find(struct line *score, const char *name);

/* A number in a score, from 1 up to a limit. */
int score_number(const char *word, int limit);

/* Says what is wrong, and ends the program. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
