/* A server whose connections are coroutines. */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include <stdbool.h>
#include <segue/uv.h>

struct server {
	uint64_t timeout, grace; /* ms */
	segue_coroutine *(*serve)(struct server *server, uv_stream_t *accepted); /* makes a connection's coroutine */
	segue_uv_group *tasks;         /* the connections' */
	struct connection *connections;
	segue_uv_task *accepting;
	bool is_stopping;
};

/** A connection lies on the stack of its coroutine, and is closed as that ends, whichever way. */
struct connection {
	uv_stream_t *stream;
	struct server *server;
	segue_uv_task *task;
	bool is_idle; /* between two exchanges: it may be closed as the server stops */
	struct connection *next, **link;
};

#define CONNECTION(name, server, accepted)                                             \
	struct connection name __attribute__((__cleanup__(connection_close)));         \
	connection_open(&name, server, accepted)

void connection_open(struct connection *connection, struct server *server, uv_stream_t *accepted);
void connection_close(struct connection *connection);

/** Accepts connections until SIGTERM or SIGINT. Then those that are idle are closed, the others may finish their exchange; what is
 * left after `grace` is closed. Takes the listener. */
segue_coroutine *run_server(struct server *server, uv_stream_t *listener);

/** What may be served. */
segue_coroutine *echo(struct server *server, uv_stream_t *accepted);
segue_coroutine *http(struct server *server, uv_stream_t *accepted);

#endif
