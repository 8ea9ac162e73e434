/* Rows of behaviour: generators and coroutines in C, operations on them in words, and the trace that these leave. */
#ifndef SEGUE_TESTS_CORNERS_H
#define SEGUE_TESTS_CORNERS_H

#include <segue.h>

enum { A, B, C, CAST };

/* Up to three take part, made before the script begins and dropped, if still there, after it. The script's words are operations,
   [a.|b.|c.]VERB[:ARGUMENT[:ARGUMENT]], on a where none is named; test_corners.c has the verbs. Each says what it gave, and bodies
   say what they like. */
struct row {
	const char *behaviour;
	segue_coroutine *(*cast[CAST])(void);
	const char *script;
	const char *trace;
};

struct rows {
	const struct row *row;
	size_t count;
};
#define ROWS(array) { array, sizeof(array) / sizeof *(array) }
extern const struct rows coroutine_rows, generator_rows, await_rows, algorithm_rows;

/* The row's own, for bodies. NULL where it has none, or dropped it. */
extern segue_coroutine *cast[CAST];

/* All values here are strings or NULL, numbers too. */
extern const segue_type Error, Marker; /* under Exception */

/* Adds to the trace. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A string that stays until the row has ended. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A value as it is, or NULL; an exception as Type or Type(value). */
const char *show(segue_result r);
const char *state_of(const segue_coroutine *co);
int number(const void *value);

#endif
