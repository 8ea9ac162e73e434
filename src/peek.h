/* Reading memory that may go meanwhile: in signal handlers, that of other threads. */
#ifndef SEGUE_SRC_PEEK_H
#define SEGUE_SRC_PEEK_H

#include <stdbool.h>

#include "context.h"

/* A pipe, through which a system call reads it: that says EFAULT where a load would be a fault. */
struct peek {
	int ends[2]; /* -1: there is none, and nothing can be read */
};

HIDDEN void segue__peek_open(struct peek *p);
HIDDEN void segue__peek_close(struct peek *p);

/* Copies n bytes, at most PIPE_BUF; false: they are not all there. With p NULL, for memory that stays: they are. */
HIDDEN bool segue__peek(const struct peek *p, void *to, const void *from, size_t n);

/* Copies a string, as much of it as can be read and fits; with a NUL. */
HIDDEN void segue__peek_string(const struct peek *p, char *to, const char *from, size_t size);

#endif
