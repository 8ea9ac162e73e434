/* How a task waits: for anything that will be finished, for a handle, for a request. */
#include <stdlib.h>

#include "adapter.h"

segue_result segue__uv_may_wait(void)
{
	const segue_uv_task *me = segue__uv_current();

	if (!me)
		return segue__uv_raise(&segue_RuntimeError, "no running task");
	return me->is_closing ? segue__uv_raise(&segue_GeneratorExit, NULL) : segue_value(NULL);
}

segue_result segue__uv_wait(struct wait *wait)
{
	segue_result r;

	segue__uv_current()->waiting = wait;
	r = segue_yield(wait);
	if (r.raised)
		return r;
	if (!wait->is_done) /* who resumed it was no task */
		return segue__uv_raise(&segue_RuntimeError, "await wasn't used with a task");
	return segue_uv_result(wait->result);
}

void segue__uv_finish(struct wait *wait, intptr_t result)
{
	segue_uv_task *task = wait->task;

	wait->is_done = 1;
	wait->result = result;
	if (task && task->waiting == wait)
		segue__uv_resume(task, segue_value(NULL));
}

/* ---- A handle -------------------------------------------------------------------------------------------------------- */

void segue__uv_attach(void *handle, struct wait *wait)
{
	struct wait *last = ((uv_handle_t *)handle)->data;

	wait->next = NULL;
	while (last && last->next)
		last = last->next;
	if (last)
		last->next = wait;
	else
		((uv_handle_t *)handle)->data = wait;
}

void segue__uv_detach(void *handle, struct wait *wait)
{
	struct wait *before = ((uv_handle_t *)handle)->data;

	if (before == wait) {
		((uv_handle_t *)handle)->data = wait->next;
		return;
	}
	while (before && before->next != wait)
		before = before->next;
	if (before)
		before->next = wait->next;
}

segue_result segue__uv_wait_on(void *handle, struct wait *wait)
{
	segue_result r;

	segue__uv_attach(handle, wait);
	r = segue__uv_wait(wait);
	if (!wait->is_done)
		segue__uv_detach(handle, wait);
	return r;
}

/* ---- A request ------------------------------------------------------------------------------------------------------- */

struct request *segue__uv_request_new(size_t data)
{
	struct request *request = malloc(sizeof *request + data);

	if (request)
		request->wait = NULL;
	return request;
}

segue_result segue__uv_request_wait(struct request **request, int error)
{
	struct wait wait = { 0 };
	segue_result r;

	if (error) {
		free(*request);
		*request = NULL;
		return segue_uv_result(error);
	}
	(*request)->wait = &wait;
	r = segue__uv_wait(&wait);
	if (!wait.is_done) {
		(*request)->wait = NULL;
		*request = NULL;
	}
	return r;
}

int segue__uv_request_done(struct request *request, int status)
{
	if (request->wait) {
		segue__uv_finish(request->wait, status);
		return 1;
	}
	free(request);
	return 0;
}
