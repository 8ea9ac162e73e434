/* The addresses of a name: a thread of libuv's looks them up. */
#include <stdlib.h>

#include "adapter.h"

static void is_resolved(uv_getaddrinfo_t *getaddrinfo, int status, struct addrinfo *found)
{
	if (!segue__uv_request_done(getaddrinfo->data, status))
		uv_freeaddrinfo(found);
}

segue_result segue_uv_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints)
{
	segue_result r = segue__uv_may_wait();
	struct request *request;
	uv_loop_t *loop;

	if (r.raised)
		return r;
	loop = segue__uv_current()->group->loop;
	request = segue__uv_request_new(0);
	if (!request)
		return segue__uv_raise(&segue_MemoryError, NULL);
	request->getaddrinfo.data = request;
	r = segue__uv_request_wait(&request, uv_getaddrinfo(loop, &request->getaddrinfo, is_resolved, node, service, hints));
	if (!r.raised)
		r.value = request->getaddrinfo.addrinfo;
	else if (request)
		uv_freeaddrinfo(request->getaddrinfo.addrinfo);
	free(request);
	return r;
}
