/* Connections: accepting them, and making them. */
#include <stdlib.h>

#include "adapter.h"

/* ---- Accepting. What nobody accepts libuv keeps, and polls no more until it is accepted ------------------------------ */

static void is_there(uv_stream_t *listener, int status)
{
	struct wait *wait = listener->data;

	if (!wait)
		return;
	segue__uv_detach(listener, wait);
	segue__uv_finish(wait, status);
}

int segue_uv_listen(uv_stream_t *listener, int backlog)
{
	return uv_listen(listener, backlog, is_there);
}

static uv_stream_t *new_like(const uv_stream_t *listener)
{
	if (listener->type == UV_NAMED_PIPE)
		return (uv_stream_t *)segue_uv_pipe_new(listener->loop, 0);
	return (uv_stream_t *)segue_uv_tcp_new(listener->loop);
}

segue_result segue_uv_accept(uv_stream_t *listener)
{
	segue_result r = segue__uv_may_wait();
	uv_stream_t *client;
	int error;

	if (r.raised)
		return r;
	if (listener->data)
		return segue__uv_raise(&segue_RuntimeError, "another task accepts from this listener");
	client = new_like(listener);
	if (!client)
		return segue__uv_raise(&segue_MemoryError, NULL);
	while (!r.raised && (error = uv_accept(listener, client)) != 0) {
		struct wait wait = { 0 };

		r = error == UV_EAGAIN ? segue__uv_wait_on(listener, &wait) : segue_uv_result(error);
	}
	if (!r.raised)
		return segue_value(client);
	segue_uv_drop(client);
	return r;
}

/* ---- Connecting ------------------------------------------------------------------------------------------------------ */

static void is_connected(uv_connect_t *connect, int status)
{
	segue__uv_request_done(connect->data, status);
}

/* A request for one, or NULL with what to raise. */
static struct request *new_connect(segue_result *r)
{
	struct request *request = NULL;

	*r = segue__uv_may_wait();
	if (!r->raised && !(request = segue__uv_request_new(0)))
		*r = segue__uv_raise(&segue_MemoryError, NULL);
	if (request)
		request->connect.data = request;
	return request;
}

segue_result segue_uv_connect(uv_tcp_t *handle, const struct sockaddr *address)
{
	segue_result r;
	struct request *request = new_connect(&r);

	if (request)
		r = segue__uv_request_wait(&request, uv_tcp_connect(&request->connect, handle, address, is_connected));
	free(request);
	return r;
}

segue_result segue_uv_connect_pipe(uv_pipe_t *handle, const char *name)
{
	segue_result r;
	struct request *request = new_connect(&r);

	if (request) {
		uv_pipe_connect(&request->connect, handle, name, is_connected);
		r = segue__uv_request_wait(&request, 0);
	}
	free(request);
	return r;
}
