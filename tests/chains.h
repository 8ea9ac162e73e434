/* Random programs of coroutines that await: each is run twice, by segue_await() and by delegation.c's, and all that can be seen of it
   must be the same. */
#ifndef SEGUE_TESTS_CHAINS_H
#define SEGUE_TESTS_CHAINS_H

#include "choices.h"

/* Rare things, counted so that a test can say that they happened. */
enum chain_event { AWAITED_DEEP, SENT_TO_MEMBER, CLOSED_MEMBER, ABANDONED_AWAITING, RELEASED, CHAIN_EVENTS };

struct played {
	const char *failure;    /* NULL: it was the same both times, and nothing is left */
	const char *event;      /* the first that was another: what it was, */
	int who, number;        /* of which object, and the how many-th */
	long operations;
	long events[CHAIN_EVENTS];
	const char *words[64];  /* every message that was seen, */
	long times[64];         /* and how often */
};

/* Plays one program of at most so many operations. After a failure nothing is as it should be: run no more. */
const struct played *play_twice(struct choices *choices, long most);

#endif
