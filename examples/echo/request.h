/* The head of an HTTP/1.1 request, RFC 9112: from bytes to what they say. Nothing here waits. */
#ifndef ECHO_REQUEST_H
#define ECHO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HEAD_MAX = 8192,    /* bytes */
	FIELDS_MAX = 64,
	BODY_MAX = 1 << 20, /* bytes */
};

struct slice {
	const char *at;
	size_t size;
};

struct request {
	struct slice method, target; /* in the head */
	size_t content_length;
	bool keeps_alive;      /* another request may follow: HTTP/1.1, without Connection: close */
	bool expects_continue; /* before it sends the body */
};

/** The size of the head at the beginning of these bytes, with the empty line that ends it; 0: it is not whole yet. `*seen` is how many
 * were looked at before, 0 at first. A line that ends otherwise than by CR LF sets `*seen` to SIZE_MAX. */
size_t head_size(const char *bytes, size_t size, size_t *seen);

/** Reads a whole head. Returns 0, or the status to refuse it with. */
int read_head(const char *head, size_t size, struct request *request);

bool slice_is(struct slice slice, const char *text);

#endif
