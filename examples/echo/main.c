#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "server.h"

/* That a peer goes away, or is too slow, is nothing to report. */
static void hear_failure(void *arg, segue_coroutine *co, segue_result what)
{
	(void)arg, (void)co;
	if (!segue_isinstance(what, &segue_UVError) && !segue_isinstance(what, &segue_TimeoutError))
		fprintf(stderr, "a connection failed: %s\n", what.raised->name);
}

int main(int argc, char **argv)
{
	const struct options options = read_options(argc, argv);
	uv_loop_t *loop = uv_default_loop();
	struct server server = {
		.timeout = options.timeout, .grace = options.grace, .serve = options.http ? http : echo,
		.tasks = segue_uv_group_new(loop, hear_failure, NULL),
	};
	uv_tcp_t *listener = segue_uv_tcp_new(loop);
	segue_result r;

	if (!server.tasks || !listener)
		err(1, "can't begin");
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	check("address", uv_tcp_bind(listener, (const struct sockaddr *)&options.address, 0));
	check("listening", segue_uv_listen((uv_stream_t *)listener, 4096));
	r = segue_uv_run(loop, run_server(&server, (uv_stream_t *)listener));
	if (r.raised)
		errx(1, "%s: %s", r.raised->name, segue_uv_message(r) ? segue_uv_message(r) : "");
	segue_uv_group_free(server.tasks);
	uv_run(loop, UV_RUN_DEFAULT);
	return uv_loop_close(loop);
}
