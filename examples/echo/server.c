/* Accepting connections, and stopping gracefully. */
#include "server.h"

#include <signal.h>
#include <stdio.h>

#include "options.h"

void connection_open(struct connection *connection, struct server *server, uv_stream_t *accepted)
{
	*connection = (struct connection){ accepted, server, segue_uv_current(), true, server->connections, &server->connections };
	if (connection->next)
		connection->next->link = &connection->next;
	server->connections = connection;
	uv_tcp_nodelay((uv_tcp_t *)accepted, 1);
}

void connection_close(struct connection *connection)
{
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	segue_uv_drop(connection->stream);
}

/* What does not depend on this connection may pass: no more descriptors, no more memory. */
static SEGUE_ASYNC(accept_all, (struct server *, server), (uv_stream_t *, socket))
{
	SEGUE_UV_OWNER uv_stream_t *listener = socket;

	for (;;) {
		segue_result r = segue_uv_accept(listener);

		if (segue_isinstance(r, &segue_UVError) || segue_isinstance(r, &segue_MemoryError)) {
			fprintf(stderr, "accepting: %s\n", segue_uv_message(r) ? segue_uv_message(r) : "no memory");
			SEGUE_TRY(segue_uv_sleep(50));
			continue;
		}
		uv_stream_t *accepted = SEGUE_TRY(r);
		if (segue_uv_spawn(server->tasks, server->serve(server, accepted)) < 0)
			segue_uv_drop(accepted); /* its coroutine never ran */
	}
}

static SEGUE_ASYNC(stop_at, (struct server *, server), (int, signal))
{
	SEGUE_TRY(segue_uv_signal(signal));
	segue_uv_cancel(server->accepting);
	return segue_value(NULL);
}

/* To be called in a task, and waits. */
static segue_result stop(struct server *server)
{
	SEGUE_UV_TIMEOUT(deadline, server->grace);
	size_t at_first = segue_uv_group_count(server->tasks), left;

	server->is_stopping = true;
	for (struct connection *c = server->connections, *next; c; c = next) {
		next = c->next;
		if (c->is_idle)
			segue_uv_cancel(c->task);
	}
	segue_uv_group_wait(server->tasks);
	left = segue_uv_group_count(server->tasks);
	segue_uv_group_cancel(server->tasks);
	printf("stopped: %zu connections, %zu of them cut off\n", at_first, left);
	return segue_value(NULL);
}

SEGUE_ASYNC(run_server, (struct server *, server), (uv_stream_t *, listener))
{
	server->accepting = segue_uv_start(NULL, accept_all(server, listener));
	segue_object_ref(server->accepting);
	segue_uv_spawn(NULL, stop_at(server, SIGTERM));
	segue_uv_spawn(NULL, stop_at(server, SIGINT));
	say_address((uv_tcp_t *)listener); /* from now on SIGTERM is no sudden end */
	segue_result r = segue_await(server->accepting);
	segue_object_unref(server->accepting);
	return segue_isinstance(r, &segue_CancelledError) ? stop(server) : r;
}
