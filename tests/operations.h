/* Random operations on coroutines, from outside and from inside their bodies, each compared with the model. */
#ifndef SEGUE_TESTS_OPERATIONS_H
#define SEGUE_TESTS_OPERATIONS_H

#include "choices.h"
#include "model.h"

struct outcome {
	const char *failure; /* NULL: all was as predicted */
	int line;            /* of operations.c */
	long operations;     /* as many, or up to the failure */
	long events[EVENTS];
};

/* At most so many operations; then everything is dropped, and must be gone. After a failure nothing is: run no more. */
const struct outcome *operate_at_random(struct choices *choices, long most);

#endif
