/* What the protocol makes of every operation, as a small state machine that calls nothing of the library: the random and the
   fuzzed operations are held to it. There is no await in it. */
#ifndef SEGUE_TESTS_MODEL_H
#define SEGUE_TESTS_MODEL_H

#include <stdbool.h>
#include "segue.h"

enum { DEPTH_MOST = 12, FRAMES = DEPTH_MOST + 2 };

/* A coroutine, as the model knows it. */
struct object {
	enum segue_state state;
	uint32_t kind;
	int refs;              /* those that the operations hold */
	bool gone;             /* its stack is to be back */
	bool disposes;         /* it has a dispose, */
	int disposals;         /* which is to have run so often */
	bool closing;          /* dropped by itself: it got GeneratorExit, and its resumer will get */
	segue_result pending;
	bool own_fenv;
	int rounding;          /* the mode that is not in force: its own or its resumer's */
};

enum how { SEND, THROW, CLOSE, DROP };

/* What a call is to give. `words`: it is the library's message and reads so; else the value is told by its address. */
struct answer {
	segue_result result;
	const char *words;
};

/* An operation that has not returned. */
struct frame {
	enum how how;
	struct object *object;
	struct object *before; /* who was current */
	struct answer answer;  /* valid once it is over */
	bool over;
};

/* Rare things, counted so that a test can say that they happened. */
enum event {
	NESTED, IGNORED_EXIT, DROPPED_ITSELF, ABANDONED, CLOSED_TWICE, TAKEN_BACK, DROPPED_UNSTARTED, DROPPED_SUSPENDED, BECAME_RUNTIME_ERROR,
	STARTED_WITH_VALUE, OPERATED_ON_RUNNING, OPERATED_ON_CLOSED, EVENTS
};

struct model {
	struct frame frames[FRAMES];
	int depth;
	struct object *current;
	struct object *arriving; /* whose body is to go on now, with */
	struct answer arrival;
	int rounding;            /* in force */
	long events[EVENTS];
};

/* From outside: each opens a frame. model_end() closes the innermost when the library's call has returned; false: a body that
   was to run did not, or another is on top. */
void model_send(struct model *m, struct object *o, void *value);
void model_throw(struct model *m, struct object *o, const segue_type *type, void *value);
void model_close(struct model *m, struct object *o);
void model_unref(struct model *m, struct object *o);
bool model_end(struct model *m, struct object *o, struct answer *answer);

void model_ref(struct model *m, struct object *o);

/* From inside. Whether the body of `o` may go on here; clears what was to arrive. */
bool model_arrive(struct model *m, struct object *o, struct answer *answer);
void model_yield(struct model *m, struct object *o, void *value);
void model_finish(struct model *m, struct object *o, segue_result r);

#endif
