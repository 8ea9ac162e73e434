/* A connection that answers HTTP/1.1 requests, one after the other. It reads as if it were alone: whoever waits is the coroutine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "server.h"

struct http {
	struct connection *connection;
	size_t begin, end; /* of what was read, and is no request's yet */
	char buffer[HEAD_MAX];
};

struct response {
	int status;
	const char *allow; /* or NULL */
	struct slice body;
	bool has_head_only, closes;
};

static segue_result status(int code)
{
	return segue_value((void *)(intptr_t)code);
}

/* ---- Answering ------------------------------------------------------------------------------------------------------- */

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" }, { 501, "Not Implemented" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

static segue_result answer(struct http *h, const struct response *response)
{
	SEGUE_UV_TIMEOUT(timeout, h->connection->server->timeout);
	char head[256];
	int size = snprintf(head, sizeof head, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nContent-Type: text/plain\r\n%s%s%s%s\r\n",
			    response->status, reason(response->status), response->body.size, response->allow ? "Allow: " : "",
			    response->allow ? response->allow : "", response->allow ? "\r\n" : "",
			    response->closes ? "Connection: close\r\n" : "");
	uv_buf_t buffers[] = { uv_buf_init(head, (unsigned)size),
			       uv_buf_init((char *)response->body.at, response->has_head_only ? 0 : (unsigned)response->body.size) };

	return segue_uv_write(h->connection->stream, buffers, 2);
}

/* Refuses what can't be told from the next request: then the connection ends. What still comes is read for a while, or the system
   would reset the connection, and the client might not see the answer. */
static segue_result refuse(struct http *h, int code)
{
	const char *text = reason(code);
	struct response response = { .status = code, .body = { text, strlen(text) }, .closes = true };
	char rest[1024];

	SEGUE_TRY(answer(h, &response));
	SEGUE_UV_TIMEOUT(timeout, 1000);
	SEGUE_TRY(segue_uv_shutdown(h->connection->stream));
	while (SEGUE_TRY(segue_uv_read(h->connection->stream, rest, sizeof rest)))
		continue;
	return segue_value(NULL);
}

/* ---- Reading --------------------------------------------------------------------------------------------------------- */

/* Whether more has come: 0 is the end. There must be room. */
static segue_result read_more(struct http *h)
{
	size_t n;

	if (h->begin) {
		memmove(h->buffer, h->buffer + h->begin, h->end - h->begin);
		h->end -= h->begin;
		h->begin = 0;
	}
	n = (size_t)SEGUE_TRY(segue_uv_read(h->connection->stream, h->buffer + h->end, sizeof h->buffer - h->end));
	h->end += n;
	return segue_value((void *)n);
}

/* Empty lines in front of a request are none of it. */
static void skip_empty_lines(struct http *h)
{
	while (h->end - h->begin >= 2 && memcmp(h->buffer + h->begin, "\r\n", 2) == 0)
		h->begin += 2;
}

/* Waits for a whole head. Returns its size, 0 at the end of the stream; or, negative, the status to refuse it with. */
static segue_result await_head(struct http *h)
{
	size_t seen = 0;

	for (;;) {
		size_t size;

		if (!seen)
			skip_empty_lines(h);
		size = head_size(h->buffer + h->begin, h->end - h->begin, &seen);
		if (size)
			return segue_value((void *)size);
		if (seen == SIZE_MAX)
			return status(-400);
		if (h->end - h->begin == sizeof h->buffer)
			return status(memchr(h->buffer, '\n', sizeof h->buffer) ? -431 : -414);
		if (!SEGUE_TRY(read_more(h)))
			return segue_value(NULL);
		h->connection->is_idle = false;
	}
}

/* Waits for so many bytes of a body, which are to be free()d. NULL at the end of the stream. */
static segue_result await_body(struct http *h, size_t size)
{
	size_t have = h->end - h->begin < size ? h->end - h->begin : size;
	char *body = malloc(size);

	if (!body)
		return segue_raise(&segue_MemoryError, NULL);
	memcpy(body, h->buffer + h->begin, have);
	h->begin += have;
	while (have < size) {
		segue_result r = segue_uv_read(h->connection->stream, body + have, size - have);

		if (r.raised || !r.value) {
			free(body);
			return r;
		}
		have += (size_t)r.value;
	}
	return segue_value(body);
}

/* ---- What there is --------------------------------------------------------------------------------------------------- */

static void respond(const struct request *request, struct slice body, struct response *response)
{
	static const char hello[] = "Hello, world.\n";
	const bool gets = slice_is(request->method, "GET") || slice_is(request->method, "HEAD");

	response->status = 200;
	response->has_head_only = slice_is(request->method, "HEAD");
	if (slice_is(request->target, "/")) {
		response->allow = gets ? NULL : "GET, HEAD";
		response->body = (struct slice){ hello, sizeof hello - 1 };
	} else if (slice_is(request->target, "/echo")) {
		response->allow = slice_is(request->method, "POST") ? NULL : "POST";
		response->body = body;
	} else {
		response->status = 404;
	}
	if (response->allow)
		response->status = 405;
	if (response->status != 200)
		response->body = (struct slice){ reason(response->status), strlen(reason(response->status)) };
}

/* ---- An exchange ----------------------------------------------------------------------------------------------------- */

static void free_body(struct slice *body)
{
	free((char *)body->at);
}

static segue_result receive_body(struct http *h, const struct request *request)
{
	SEGUE_UV_TIMEOUT(timeout, h->connection->server->timeout);

	if (request->expects_continue)
		SEGUE_TRY(segue_uv_write(h->connection->stream, &(uv_buf_t){ (char *)"HTTP/1.1 100 Continue\r\n\r\n", 25 }, 1));
	return await_body(h, request->content_length);
}

/* The body, if there is one, and the answer. Returns whether another request may follow. */
static segue_result serve_request(struct http *h, const struct request *request)
{
	struct slice body __attribute__((__cleanup__(free_body))) = { NULL, request->content_length };
	struct response response = { .closes = false };

	if (body.size) {
		segue_result r = receive_body(h, request);

		if (segue_isinstance(r, &segue_TimeoutError))
			return refuse(h, 408);
		body.at = SEGUE_TRY(r);
		if (!body.at)
			return segue_value(NULL);
	}
	respond(request, body, &response);
	response.closes = !request->keeps_alive || h->connection->server->is_stopping;
	SEGUE_TRY(answer(h, &response));
	return segue_value(response.closes ? NULL : h);
}

static segue_result receive_head(struct http *h)
{
	SEGUE_UV_TIMEOUT(timeout, h->connection->server->timeout);
	segue_result r = await_head(h);

	/* Who has sent nothing of a request is only idle */
	return segue_isinstance(r, &segue_TimeoutError) && h->end > h->begin ? status(-408) : r;
}

/* One request, and its answer. Returns whether another one may follow. */
static segue_result exchange(struct http *h)
{
	intptr_t size = (intptr_t)SEGUE_TRY(receive_head(h));
	const char *head = h->buffer + h->begin; /* which stays there until the next one is awaited */
	struct request request;
	int code;

	if (size <= 0)
		return size ? refuse(h, (int)-size) : segue_value(NULL);
	h->begin += (size_t)size;
	code = read_head(head, (size_t)size, &request);
	return code ? refuse(h, code) : serve_request(h, &request);
}

SEGUE_ASYNC(http, (struct server *, server), (uv_stream_t *, accepted))
{
	CONNECTION(connection, server, accepted);
	struct http h;

	h.connection = &connection;
	h.begin = h.end = 0;
	do
		connection.is_idle = h.begin == h.end;
	while (!(server->is_stopping && connection.is_idle) && SEGUE_TRY(exchange(&h)));
	return segue_value(NULL);
}
