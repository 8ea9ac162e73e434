/* A signal, as something to wait for. */
#include <stdlib.h>

#include "adapter.h"

static void has_come(uv_signal_t *handle, int number)
{
	struct wait *wait = handle->data;

	(void)number;
	if (!wait)
		return;
	segue__uv_detach(handle, wait);
	segue__uv_finish(wait, 0);
}

segue_result segue_uv_signal(int number)
{
	segue_result r = segue__uv_may_wait();
	struct wait wait = { 0 };
	uv_signal_t *handle;
	int error;

	if (r.raised)
		return r;
	handle = malloc(sizeof *handle);
	if (!handle)
		return segue__uv_raise(&segue_MemoryError, NULL);
	error = uv_signal_init(segue__uv_current()->group->loop, handle);
	if (error) {
		free(handle);
		return segue_uv_result(error);
	}
	handle->data = NULL;
	error = uv_signal_start(handle, has_come, number);
	r = error ? segue_uv_result(error) : segue__uv_wait_on(handle, &wait);
	segue_uv_drop(handle);
	return r;
}
