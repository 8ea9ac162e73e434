/* Reading from a stream and writing to it. */
#include <stdlib.h>

#include "adapter.h"

/* ---- Reading. A stream is polled from the first read on, and until something comes while nobody reads ---------------- */

struct reading {
	struct wait wait; /* first: the stream's data leads here */
	uv_buf_t into;
};

static void give_buffer(uv_handle_t *stream, size_t suggested, uv_buf_t *buffer)
{
	const struct reading *reading = stream->data;

	(void)suggested;
	*buffer = reading ? reading->into : uv_buf_init(NULL, 0); /* none: then nothing is read */
}

static void has_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct reading *reading = stream->data;

	(void)buffer;
	if (!reading) {
		uv_read_stop(stream); /* an end, or an error, comes again as it is started again */
	} else if (n != 0) {
		segue__uv_detach(stream, &reading->wait);
		segue__uv_finish(&reading->wait, n == UV_EOF ? 0 : n);
	}
}

segue_result segue_uv_read(uv_stream_t *stream, void *buffer, size_t size)
{
	struct reading reading = { .into = { .base = buffer, .len = size } };
	segue_result r = segue__uv_may_wait();
	int error;

	if (r.raised)
		return r;
	if (stream->data)
		return segue__uv_raise(&segue_RuntimeError, "another task reads from this stream");
	error = size ? uv_read_start(stream, give_buffer, has_read) : UV_EINVAL;
	if (error && error != UV_EALREADY)
		return segue_uv_result(error);
	return segue__uv_wait_on(stream, &reading.wait);
}

/* ---- Writing. What the stream does not take at once goes on in pieces that are copied: so libuv has nothing of who is cancelled ---- */

enum { PIECE = 16 * 1024 };

/* What is left to be written. */
struct rest {
	const uv_buf_t *buffers;
	unsigned count;
	size_t done; /* bytes, of the first */
};

static void advance(struct rest *rest, size_t n)
{
	rest->done += n;
	while (rest->count && rest->done >= rest->buffers->len) {
		rest->done -= rest->buffers->len;
		rest->buffers++;
		rest->count--;
	}
}

static uv_buf_t first_of(const struct rest *rest)
{
	return uv_buf_init(rest->buffers->base + rest->done, (unsigned)(rest->buffers->len - rest->done));
}

/* As much as goes without waiting. Returns 0, or a negative code. */
static int write_now(uv_stream_t *stream, struct rest *rest)
{
	while (rest->count) {
		uv_buf_t first = first_of(rest);
		int n = rest->done ? uv_try_write(stream, &first, 1) : uv_try_write(stream, rest->buffers, rest->count);

		if (n < 0)
			return n == UV_EAGAIN ? 0 : n;
		advance(rest, (size_t)n);
	}
	return 0;
}

static size_t copy_piece(char *to, struct rest *rest)
{
	size_t copied = 0;

	while (rest->count && copied < PIECE) {
		uv_buf_t first = first_of(rest);
		size_t n = first.len < PIECE - copied ? first.len : PIECE - copied;

		memcpy(to + copied, first.base, n);
		copied += n;
		advance(rest, n);
	}
	return copied;
}

static void has_written(uv_write_t *write, int status)
{
	segue__uv_request_done(write->data, status);
}

static segue_result write_waiting(uv_stream_t *stream, struct rest *rest)
{
	struct request *request = segue__uv_request_new(PIECE);
	segue_result r = request ? segue_value(NULL) : segue__uv_raise(&segue_MemoryError, NULL);

	while (!r.raised && rest->count) {
		uv_buf_t piece = uv_buf_init(request->data, (unsigned)copy_piece(request->data, rest));

		request->write.data = request;
		r = segue__uv_request_wait(&request, uv_write(&request->write, stream, &piece, 1, has_written));
		if (!r.raised)
			r = segue_uv_result(write_now(stream, rest));
	}
	free(request);
	return r;
}

segue_result segue_uv_write(uv_stream_t *stream, const uv_buf_t *buffers, unsigned count)
{
	struct rest rest = { buffers, count, 0 };
	segue_result r;
	int error;

	advance(&rest, 0); /* over what is empty */
	error = write_now(stream, &rest);
	if (error)
		return segue_uv_result(error);
	if (!rest.count)
		return segue_value(NULL);
	r = segue__uv_may_wait();
	return r.raised ? r : write_waiting(stream, &rest);
}

/* ---- Its end --------------------------------------------------------------------------------------------------------- */

static void has_shut_down(uv_shutdown_t *shutdown, int status)
{
	segue__uv_request_done(shutdown->data, status);
}

segue_result segue_uv_shutdown(uv_stream_t *stream)
{
	segue_result r = segue__uv_may_wait();
	struct request *request;

	if (r.raised)
		return r;
	request = segue__uv_request_new(0);
	if (!request)
		return segue__uv_raise(&segue_MemoryError, NULL);
	request->shutdown.data = request;
	r = segue__uv_request_wait(&request, uv_shutdown(&request->shutdown, stream, has_shut_down));
	free(request);
	return r;
}
