/* A connection that sends back what it is sent. */
#include "server.h"

SEGUE_ASYNC(echo, (struct server *, server), (uv_stream_t *, accepted))
{
	CONNECTION(connection, server, accepted);
	char buffer[1024];

	while (!server->is_stopping) {
		SEGUE_UV_TIMEOUT(timeout, server->timeout);
		connection.is_idle = true;
		size_t n = (size_t)SEGUE_TRY(segue_uv_read(accepted, buffer, sizeof buffer));
		uv_buf_t back = uv_buf_init(buffer, (unsigned)n);

		if (n == 0)
			break;
		connection.is_idle = false;
		SEGUE_TRY(segue_uv_write(accepted, &back, 1));
	}
	return segue_value(NULL);
}
