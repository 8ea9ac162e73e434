/* Random operations on coroutines, from outside and from inside their bodies, each compared with the model. */
#ifndef SEGUE_TESTS_OPERATIONS_H
#define SEGUE_TESTS_OPERATIONS_H

#include "model.h"

/* Where the choices come from: a generator of random numbers, or a file. */
struct choices {
	unsigned (*choose)(struct choices *c, unsigned n); /* a number below n, of at most 256 */
	bool ended;                                        /* set by choose(), or when there were enough operations: all goes to its end */
};

struct outcome {
	const char *failure; /* NULL: all was as predicted */
	int line;            /* of operations.c */
	long operations;     /* as many, or up to the failure */
	long events[EVENTS];
};

/* At most so many operations; then everything is dropped, and must be gone. After a failure nothing is: run no more. */
const struct outcome *operate_at_random(struct choices *choices, long most);

#endif
