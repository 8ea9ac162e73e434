/* Tasks: a coroutine that is resumed by callbacks, how it ends, and who awaits it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapter.h"

/* This thread's. What a running task finishes goes on after it, and not on its stack: so no chain of tasks is a recursion. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct {
	segue_uv_task *current;
	segue_uv_task *ready, *last_ready;
	int is_busy; /* tasks run, or are about to */
} here;

__attribute__((noinline)) segue_uv_task *segue__uv_current(void)
{
	__asm__ volatile("");
	return here.current;
}

segue_uv_task *segue_uv_current(void)
{
	return segue__uv_current();
}

static segue_uv_task *exchange_current(segue_uv_task *task)
{
	segue_uv_task *before = here.current;

	here.current = task;
	return before;
}

/* ---- Its end --------------------------------------------------------------------------------------------------------- */

static void print_failure(segue_coroutine *co, segue_result what)
{
	const char *message = segue_uv_message(what);
	const segue_site *sites[16];
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	fprintf(stderr, "segue: task '%s' failed: %s%s%s\n", info.cr_code.name ? info.cr_code.name : "?", what.raised->name,
		message ? ": " : "", message ? message : "");
	for (size_t i = 0, n = segue_traceback(co, sites, 16); i < n; i++)
		fprintf(stderr, "  at %s:%" PRIu32 ", in %s\n", sites[i]->file, sites[i]->line, sites[i]->function);
}

static void report(const segue_uv_task *task)
{
	const segue_uv_group *group = task->group;

	if (!task->result.raised || task->is_taken || segue_isinstance(task->result, &segue_CancelledError))
		return;
	if (group->failed)
		group->failed(group->arg, task->co, task->result);
	else
		print_failure(task->co, task->result);
	segue_discard(task->result);
}

static void unref(segue_uv_task *task)
{
	segue_uv_task *before;

	if (--task->refs)
		return;
	report(task);
	before = exchange_current(task); /* one that has ignored its close is closed once more, and may not wait now either */
	task->is_closing = 1;
	segue_unref(task->co);
	exchange_current(before);
	segue__uv_group_unref(task->group);
	free(task);
}

static void forget_awaited(segue_uv_task *task)
{
	segue_uv_task *other = task->awaits;

	if (!other)
		return;
	task->awaits = NULL;
	unref(other);
}

static segue_result cancelled(segue_result r)
{
	segue_discard(r);
	return segue__uv_raise(&segue_CancelledError, NULL);
}

static void end(segue_uv_task *task, segue_result r)
{
	segue_uv_group *group = task->group;
	struct wait *emptied;

	if (task->awaits && task->awaits->awaited.task == task) /* by a frame that was abandoned */
		task->awaits->awaited.task = NULL;
	forget_awaited(task);
	segue__uv_end_alarms(task);
	*task->link = task->next;
	if (task->next)
		task->next->link = task->link;
	task->has_ended = 1;
	task->waiting = NULL;
	task->result = segue_isinstance(r, &segue_GeneratorExit) ? cancelled(r) : r;
	if (task->stops_loop)
		uv_stop(group->loop);
	emptied = --group->count ? NULL : group->emptied;
	segue__uv_finish(&task->awaited, 0);
	if (emptied && emptied == group->emptied)
		segue__uv_finish(emptied, 0);
	unref(task);
}

static void close_it(segue_uv_task *task)
{
	segue_uv_task *before = exchange_current(task);
	segue_result r;

	task->is_closing = task->is_running = 1;
	r = segue_close(task->co);
	task->is_running = 0;
	exchange_current(before);
	end(task, r.raised ? r : cancelled(r));
}

void segue_uv_cancel(segue_uv_task *task)
{
	if (task->is_running)
		task->is_cancelled = 1;
	else if (!task->has_ended)
		close_it(task);
}

/* ---- Its steps ------------------------------------------------------------------------------------------------------- */

/* What it yielded is what it waits for, or nothing. Returns whether it was either. */
static int settle(segue_uv_task *task, void *yielded)
{
	if (yielded && yielded != task->waiting)
		return 0;
	if (yielded) {
		task->waiting->task = task;
	} else {
		task->waiting = NULL;
		segue__uv_begin_turn(task);
	}
	return 1;
}

/* Up to where it next waits, or to its end. */
static void run(segue_uv_task *task, segue_result with)
{
	segue_result r;

	if (task->takes_turn)
		segue__uv_end_turn(task);
	forget_awaited(task);
	for (;;) {
		segue_uv_task *before = exchange_current(task);

		task->is_running = 1;
		task->waiting = NULL;
		r = with.raised ? segue_throw(task->co, with.raised, with.value) : segue_send(task->co, NULL);
		task->is_running = 0;
		exchange_current(before);
		if (r.raised) {
			end(task, segue_isinstance(r, &segue_StopIteration) ? segue_value(r.value) : r);
			return;
		}
		if (settle(task, r.value))
			break;
		with = segue__uv_raise(&segue_RuntimeError, "task got bad yield");
	}
	if (task->is_cancelled)
		close_it(task);
}

static void enqueue(segue_uv_task *task, segue_result with)
{
	if (task->is_ready)
		return;
	task->is_ready = 1;
	task->refs++;
	task->result = with;
	task->next_ready = NULL;
	if (here.ready)
		here.last_ready->next_ready = task;
	else
		here.ready = task;
	here.last_ready = task;
}

static void run_ready(void)
{
	for (segue_uv_task *task; (task = here.ready);) {
		here.ready = task->next_ready;
		task->is_ready = 0;
		if (!task->has_ended)
			run(task, task->result);
		unref(task);
	}
}

static void run_all(segue_uv_task *task, segue_result with)
{
	here.is_busy = 1;
	run(task, with);
	run_ready();
	here.is_busy = 0;
}

void segue__uv_resume(segue_uv_task *task, segue_result with)
{
	if (here.is_busy)
		enqueue(task, with);
	else
		run_all(task, with);
}

/* ---- Awaiting one: it is its own iterator ---------------------------------------------------------------------------- */

static void task_ref(void *self)
{
	((segue_uv_task *)self)->refs++;
}

static void task_release(void *self)
{
	unref(self);
}

static segue_result take(segue_uv_task *task)
{
	if (task->is_taken)
		return segue__uv_raise(&segue_RuntimeError, "cannot reuse already awaited task");
	task->is_taken = 1;
	return task->result.raised ? task->result : segue__uv_raise(&segue_StopIteration, task->result.value);
}

static segue_result task_next(void *self)
{
	segue_uv_task *task = self, *me = segue__uv_current();
	segue_result r = segue__uv_may_wait();

	if (task->has_ended)
		return take(task);
	if (r.raised)
		return r;
	if (task == me)
		return segue__uv_raise(&segue_RuntimeError, "task cannot await on itself");
	if (task->awaited.task == me) {
		task->awaited.task = NULL;
		return segue__uv_raise(&segue_RuntimeError, "await wasn't used with a task");
	}
	if (task->awaited.task)
		return segue__uv_raise(&segue_RuntimeError, "task is being awaited already");
	me->waiting = &task->awaited;
	me->awaits = segue_object_ref(task);
	return segue_value(&task->awaited);
}

static segue_result task_throw(void *self, segue_result what)
{
	segue_uv_task *task = self;

	if (task->awaited.task == segue__uv_current())
		task->awaited.task = NULL;
	return what;
}

static segue_result task_close(void *self)
{
	return task_throw(self, segue_value(NULL));
}

static const segue_ops task_ops = {
	.size = sizeof task_ops, .names = SEGUE_NAMED("Task"), .ref = task_ref, .release = task_release,
	.await_ = segue_object_ref, .next = task_next, .throw_ = task_throw, .close = task_close,
};

/* ---- Its start ------------------------------------------------------------------------------------------------------- */

static segue_uv_task *make(segue_uv_group *group, segue_coroutine *co)
{
	segue_uv_task *task = calloc(1, sizeof *task);

	if (!task)
		return NULL;
	task->ops = &task_ops;
	task->co = co;
	task->group = group;
	task->refs = 2;
	task->alarm.due = task->turn.due = NEVER;
	task->number = group->order++;
	task->next = group->tasks;
	task->link = &group->tasks;
	if (task->next)
		task->next->link = &task->next;
	group->tasks = task;
	group->count++;
	group->refs++;
	return task;
}

segue_uv_task *segue_uv_start(segue_uv_group *group, segue_coroutine *co)
{
	segue_uv_task *task = NULL, *me = segue__uv_current();

	if (!co)
		return NULL;
	if (!group && me)
		group = me->group;
	if (group)
		task = make(group, co);
	else
		errno = EINVAL;
	if (!task) {
		int error = errno;
		segue_unref(co);
		errno = error;
	} else if (here.is_busy)
		run(task, segue_value(NULL));
	else
		run_all(task, segue_value(NULL));
	return task;
}

int segue_uv_spawn(segue_uv_group *group, segue_coroutine *co)
{
	segue_uv_task *task = segue_uv_start(group, co);

	if (!task)
		return errno ? uv_translate_sys_error(errno) : UV_ENOMEM;
	unref(task);
	return 0;
}
