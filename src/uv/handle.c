/* Handles: in memory that libuv's close callback frees. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "adapter.h"

static void *made(void *handle, int error)
{
	if (!error) {
		((uv_handle_t *)handle)->data = NULL;
		return handle;
	}
	free(handle);
	errno = -error;
	return NULL;
}

uv_tcp_t *segue_uv_tcp_new(uv_loop_t *loop)
{
	uv_tcp_t *tcp = malloc(sizeof *tcp);

	return made(tcp, tcp ? uv_tcp_init(loop, tcp) : UV_ENOMEM);
}

uv_pipe_t *segue_uv_pipe_new(uv_loop_t *loop, int ipc)
{
	uv_pipe_t *pipe = malloc(sizeof *pipe);

	return made(pipe, pipe ? uv_pipe_init(loop, pipe, ipc) : UV_ENOMEM);
}

/* Who waited for it first hears first: who closes it is the last. */
static void closed(uv_handle_t *handle)
{
	for (struct wait *wait; (wait = handle->data);) {
		segue__uv_detach(handle, wait);
		segue__uv_finish(wait, UV_ECANCELED);
	}
	free(handle);
}

void segue_uv_drop(void *handle)
{
	if (!handle)
		return;
	assert(!uv_is_closing(handle));
	uv_close(handle, closed);
}

segue_result segue_uv_close(void *handle)
{
	segue_result r = segue__uv_may_wait();
	struct wait wait = { 0 };

	segue_uv_drop(handle);
	if (r.raised || !handle)
		return r;
	r = segue__uv_wait_on(handle, &wait);
	return segue_uv_code(r) == UV_ECANCELED ? segue_value(NULL) : r;
}
