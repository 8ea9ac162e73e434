/* What the files of the adapter share: how a task waits for a callback of libuv's. */
#ifndef SEGUE_SRC_UV_ADAPTER_H
#define SEGUE_SRC_UV_ADAPTER_H

#include "segue/uv.h"

#define HIDDEN __attribute__((visibility("hidden")))

/* ---- Waiting --------------------------------------------------------------------------------------------------------- */

/* What a task waits for, on the stack of who waits. Whoever will finish it is told where it is, and is told to forget it again if
   the wait ends otherwise. */
struct wait {
	segue_uv_task *task; /* NULL until the task has been seen to wait for it */
	struct wait *next;   /* those on the same handle */
	intptr_t result;     /* a value, or a negative code of libuv's */
	int is_done;
};

/* A value where the running task may wait; else what to raise instead. To be asked before anything is begun. */
HIDDEN segue_result segue__uv_may_wait(void);

/* Suspends the running task until segue__uv_finish(wait). Returns the value or the error that it was finished with; or what was thrown in,
   also where it had been finished before that. */
HIDDEN segue_result segue__uv_wait(struct wait *wait);

/* Resumes the task that waits. Nothing of *wait is there any more after it. */
HIDDEN void segue__uv_finish(struct wait *wait, intptr_t result);

static inline segue_result segue__uv_raise(const segue_type *type, const void *value)
{
	return (segue_raise)(type, (void *)value);
}

/* ---- Waiting for a handle: its data is a list ------------------------------------------------------------------------ */

HIDDEN void segue__uv_attach(void *handle, struct wait *wait);
HIDDEN void segue__uv_detach(void *handle, struct wait *wait);

/* The same as segue__uv_wait(), on a handle: its callback finishes whom it finds there. */
HIDDEN segue_result segue__uv_wait_on(void *handle, struct wait *wait);

/* ---- Waiting for a request ------------------------------------------------------------------------------------------- */

/* In memory of its own, which outlives who waits: libuv can't be told to forget a request. */
struct request {
	struct wait *wait; /* NULL: nobody waits any more, and the callback frees it */
	union {
		uv_write_t write;
		uv_connect_t connect;
		uv_shutdown_t shutdown;
		uv_getaddrinfo_t getaddrinfo;
	};
	char data[];
};

/* NULL: no memory. */
HIDDEN struct request *segue__uv_request_new(size_t data);

/* Waits for one that was begun: `error` is what beginning it returned. If it is freed by the callback, or has failed and is freed here,
   *request becomes NULL; else the caller frees it. */
HIDDEN segue_result segue__uv_request_wait(struct request **request, int error);

/* What its callback calls, with an int of libuv's. Returns whether somebody waited: if not, it has been freed. */
HIDDEN int segue__uv_request_done(struct request *request, int status);

/* ---- Alarms ---------------------------------------------------------------------------------------------------------- */

#define NEVER UINT64_MAX

/* Calls passed(alarm) when it is due, unless it is unset before. */
struct alarm {
	uint64_t due; /* of uv_now(); NEVER: it is not set */
	uint64_t order;
	struct alarm *child, *next, *previous;
	void (*passed)(struct alarm *alarm);
};

/* ---- Groups and tasks ------------------------------------------------------------------------------------------------ */

enum { GROUP_HANDLES = 2 };
struct segue_uv_group {
	uv_timer_t timer;
	uv_idle_t idle;           /* for what is due at once */
	int handles;              /* of these two, that are open */
	uv_loop_t *loop;
	segue_uv_failed *failed;
	void *arg;
	size_t refs;              /* its owner's, its handles', and each task object's */
	size_t count;             /* of tasks that have not ended */
	segue_uv_task *tasks;     /* those, the newest first */
	struct wait *emptied;     /* who waits for their end */
	struct alarm *first;      /* a pairing heap */
	uint64_t order;           /* of the next alarm, or task */
	size_t needs;             /* sleepers and timeouts, for which the loop has to run */
	uint64_t armed;           /* when one of the two goes off, or NEVER */
};

/* The first 64 bytes are what a round trip touches. */
struct segue_uv_task {
	const segue_ops *ops;
	segue_coroutine *co;
	segue_uv_group *group;
	unsigned refs;            /* the users', and one while it has not ended */
	unsigned is_running : 1;  /* it, or a task that it started, or one that that one started */
	unsigned is_ready : 1;    /* it is to be resumed; this is a reference, too */
	unsigned is_cancelled : 1; /* it is to be closed as it next waits */
	unsigned is_closing : 1;
	unsigned has_ended : 1;
	unsigned is_taken : 1;    /* somebody has its result */
	unsigned stops_loop : 1;  /* as it ends */
	unsigned takes_turn : 1;  /* it has yielded by itself */
	struct wait *waiting;     /* what it yielded last */
	segue_uv_task *awaits;    /* if what it yielded last is that one's `awaited`: a reference */
	segue_uv_timeout *timeouts; /* innermost first */
	struct alarm alarm;       /* no later than the earliest of those */
	struct alarm turn;
	uint64_t number;          /* the higher, the younger */
	segue_uv_task *next, **link; /* in its group */
	segue_uv_task *next_ready;
	struct wait awaited;      /* who awaits it */
	segue_result result;
};

HIDDEN void segue__uv_group_unref(segue_uv_group *group);

/* The running task, read afresh: compilers keep a thread-local's address over a switch. */
HIDDEN segue_uv_task *segue__uv_current(void);

/* Resumes a task from a callback: with a value, or with what is thrown in. */
HIDDEN void segue__uv_resume(segue_uv_task *task, segue_result with);

/* ---- Time ------------------------------------------------------------------------------------------------------------ */

HIDDEN void segue__uv_unset(segue_uv_group *group, struct alarm *alarm);

/* It goes on as the loop has gone round; and what is called as it goes on, by that or otherwise. */
HIDDEN void segue__uv_begin_turn(segue_uv_task *task);
HIDDEN void segue__uv_end_turn(segue_uv_task *task);

/* Of a task that has ended: timeouts are left of frames that were abandoned. */
HIDDEN void segue__uv_end_alarms(segue_uv_task *task);

#endif
