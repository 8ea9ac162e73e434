/* Groups of tasks, and the loop that runs for one task's sake. */
#include <stdlib.h>

#include "adapter.h"

segue_uv_group *segue_uv_group_new(uv_loop_t *loop, segue_uv_failed *failed, void *arg)
{
	segue_uv_group *group = calloc(1, sizeof *group);

	if (!group)
		return NULL;
	uv_timer_init(loop, &group->timer); /* neither can fail */
	uv_idle_init(loop, &group->idle);
	group->timer.data = group->idle.data = group;
	uv_unref((uv_handle_t *)&group->timer);
	uv_unref((uv_handle_t *)&group->idle);
	group->handles = GROUP_HANDLES;
	group->loop = loop;
	group->failed = failed;
	group->arg = arg;
	group->refs = 1 + GROUP_HANDLES;
	group->armed = NEVER;
	return group;
}

void segue__uv_group_unref(segue_uv_group *group)
{
	if (--group->refs == 0)
		free(group);
}

static void handle_closed(uv_handle_t *handle)
{
	segue_uv_group *group = handle->data;

	group->handles--;
	segue__uv_group_unref(group);
}

void segue_uv_group_free(segue_uv_group *group)
{
	if (!group)
		return;
	segue_uv_group_cancel(group);
	uv_close((uv_handle_t *)&group->timer, handle_closed);
	uv_close((uv_handle_t *)&group->idle, handle_closed);
	segue__uv_group_unref(group);
}

/* The newest that was there by then and does not run. */
static segue_uv_task *older_than(segue_uv_group *group, uint64_t number)
{
	segue_uv_task *task = group->tasks;

	while (task && (task->is_running || task->number >= number))
		task = task->next;
	return task;
}

void segue_uv_group_cancel(segue_uv_group *group)
{
	uint64_t limit = group->order++;

	for (segue_uv_task *task = group->tasks; task; task = task->next)
		if (task->is_running && task != segue__uv_current())
			segue_uv_cancel(task);
	for (segue_uv_task *task; (task = older_than(group, limit));)
		segue_uv_cancel(task);
}

size_t segue_uv_group_count(const segue_uv_group *group)
{
	return group->count;
}

segue_result segue_uv_group_wait(segue_uv_group *group)
{
	segue_result r = segue_value(NULL);

	while (!r.raised && group->count) {
		struct wait wait = { 0 };

		r = segue__uv_may_wait();
		if (r.raised)
			return r;
		if (segue__uv_current()->group == group)
			return segue__uv_raise(&segue_RuntimeError, "a task can't wait for its own group");
		if (group->emptied)
			return segue__uv_raise(&segue_RuntimeError, "another task waits for this group");
		group->emptied = &wait;
		r = segue__uv_wait(&wait);
		group->emptied = NULL;
	}
	return r;
}

/* ---- asyncio.run() --------------------------------------------------------------------------------------------------- */

static segue_result await_end(segue_uv_task *task)
{
	if (!task->has_ended) {
		task->stops_loop = 1;
		uv_run(task->group->loop, UV_RUN_DEFAULT);
		task->stops_loop = 0;
	}
	if (!task->has_ended)
		return segue__uv_raise(&segue_RuntimeError, "the loop has stopped before the task's end");
	task->is_taken = 1;
	return task->result;
}

static void free_now(segue_uv_group *group)
{
	uv_loop_t *loop = group->loop;

	group->refs++;
	segue_uv_group_free(group);
	while (group->handles)
		uv_run(loop, UV_RUN_NOWAIT);
	segue__uv_group_unref(group);
}

segue_result segue_uv_run(uv_loop_t *loop, segue_coroutine *co)
{
	segue_uv_group *group = NULL;
	segue_uv_task *task;
	segue_result r;

	if (segue__uv_current()) {
		segue_unref(co);
		return segue__uv_raise(&segue_RuntimeError, "segue_uv_run() cannot be called from a running task");
	}
	if (co)
		group = segue_uv_group_new(loop, NULL, NULL);
	if (!group) {
		segue_unref(co);
		return segue__uv_raise(&segue_MemoryError, NULL);
	}
	task = segue_uv_start(group, co);
	r = task ? await_end(task) : segue__uv_raise(&segue_MemoryError, NULL);
	free_now(group);
	segue_object_unref(task);
	return r;
}
