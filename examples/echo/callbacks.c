/* The same echo server as libuv's callbacks, to compare with: what a connection is about to do next lies in its struct, and each
   function is one step of it. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

struct connection {
	uv_tcp_t stream;
	uv_timer_t timer;
	int handles; /* that are not closed yet */
	bool is_writing;
	struct connection *next, **link;
};

/* What of a message the stream did not take at once. */
struct rest {
	uv_write_t request;
	char bytes[];
};

static struct options options;
static uv_tcp_t listener;
static uv_signal_t signals[2];
static uv_timer_t deadline;
static struct connection *connections;
static size_t count, at_first;
static bool is_stopping;

static void ignore_close(uv_handle_t *handle)
{
	(void)handle;
}

/* ---- A connection's end ---------------------------------------------------------------------------------------------- */

static void end(size_t left)
{
	printf("stopped: %zu connections, %zu of them cut off\n", at_first, left);
	uv_close((uv_handle_t *)&deadline, ignore_close);
}

static void handle_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	if (--c->handles == 0)
		free(c);
}

static void close_connection(struct connection *c)
{
	if (uv_is_closing((uv_handle_t *)&c->stream))
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	count--;
	uv_close((uv_handle_t *)&c->stream, handle_closed);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
	if (is_stopping && !count && !uv_is_closing((uv_handle_t *)&deadline))
		end(0);
}

static void has_timed_out(uv_timer_t *timer)
{
	close_connection(timer->data);
}

/* ---- An exchange ----------------------------------------------------------------------------------------------------- */

static void has_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

/* One for all: what was read is written or copied before anything else is read. */
static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	static char bytes[1024];

	(void)handle, (void)suggested;
	*buffer = uv_buf_init(bytes, sizeof bytes);
}

static void has_written(uv_write_t *request, int status)
{
	struct connection *c = request->data;

	free(request);
	c->is_writing = false;
	if (status < 0 || is_stopping || uv_read_start((uv_stream_t *)&c->stream, give_buffer, has_read))
		close_connection(c);
	else
		uv_timer_again(&c->timer);
}

/* Nothing is read until that is written. */
static int write_rest(struct connection *c, const char *bytes, size_t size)
{
	struct rest *rest = malloc(sizeof *rest + size);
	uv_buf_t buffer = uv_buf_init(rest ? rest->bytes : NULL, (unsigned)size);
	int error;

	if (!rest)
		return UV_ENOMEM;
	memcpy(rest->bytes, bytes, size);
	rest->request.data = c;
	uv_read_stop((uv_stream_t *)&c->stream);
	error = uv_write(&rest->request, (uv_stream_t *)&c->stream, &buffer, 1, has_written);
	if (error)
		free(rest);
	else
		c->is_writing = true;
	return error;
}

static void has_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;
	uv_buf_t back = uv_buf_init(buffer->base, n > 0 ? (unsigned)n : 0);
	int written;

	if (n == 0)
		return;
	if (n < 0) {
		close_connection(c);
		return;
	}
	uv_timer_again(&c->timer);
	written = uv_try_write(stream, &back, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0 || (written < n && write_rest(c, back.base + written, (size_t)(n - written))))
		close_connection(c);
}

/* ---- Connections ----------------------------------------------------------------------------------------------------- */

static void start(struct connection *c)
{
	c->next = connections;
	c->link = &connections;
	if (c->next)
		c->next->link = &c->next;
	connections = c;
	count++;
	uv_tcp_nodelay(&c->stream, 1);
	uv_timer_start(&c->timer, has_timed_out, options.timeout, options.timeout);
	if (uv_read_start((uv_stream_t *)&c->stream, give_buffer, has_read))
		close_connection(c);
}

static void accept_one(uv_stream_t *socket, int status)
{
	struct connection *c = status < 0 ? NULL : calloc(1, sizeof *c);
	uv_loop_t *loop = socket->loop;

	if (!c) {
		fprintf(stderr, "accepting: %s\n", uv_strerror(status < 0 ? status : UV_ENOMEM));
		return;
	}
	if (uv_tcp_init(loop, &c->stream) || uv_timer_init(loop, &c->timer))
		errx(1, "libuv has no handles");
	c->stream.data = c->timer.data = c;
	c->handles = 2;
	if (uv_accept(socket, (uv_stream_t *)&c->stream) == 0) {
		start(c);
		return;
	}
	uv_close((uv_handle_t *)&c->stream, handle_closed);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
}

/* ---- The end --------------------------------------------------------------------------------------------------------- */

static void cut_off(uv_timer_t *timer)
{
	size_t left = count;

	(void)timer;
	end(left);
	while (connections)
		close_connection(connections);
}

static void stop(uv_signal_t *handle, int number)
{
	(void)number;
	uv_close((uv_handle_t *)&listener, ignore_close);
	uv_close((uv_handle_t *)&signals[0], ignore_close);
	uv_close((uv_handle_t *)&signals[1], ignore_close);
	uv_timer_init(handle->loop, &deadline);
	uv_timer_start(&deadline, cut_off, options.grace, 0);
	is_stopping = true;
	at_first = count;
	for (struct connection *c = connections, *next; c; c = next) {
		next = c->next;
		if (!c->is_writing)
			close_connection(c);
	}
	if (!at_first)
		end(0);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();

	options = read_options(argc, argv);
	if (options.http)
		errx(2, "this one has no HTTP");
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	uv_tcp_init(loop, &listener);
	check("address", uv_tcp_bind(&listener, (const struct sockaddr *)&options.address, 0));
	check("listening", uv_listen((uv_stream_t *)&listener, 4096, accept_one));
	for (int i = 0; i < 2; i++) {
		uv_signal_init(loop, &signals[i]);
		uv_signal_start(&signals[i], stop, i ? SIGINT : SIGTERM);
	}
	say_address(&listener);
	uv_run(loop, UV_RUN_DEFAULT);
	return uv_loop_close(loop);
}
