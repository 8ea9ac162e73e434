/* What a signal's handler prints: put together here, in as few writes as can be, so that two threads' reports stay apart. */
#ifndef SEGUE_SRC_TEXT_H
#define SEGUE_SRC_TEXT_H

#include "coroutine.h"
#include "peek.h"

struct text {
	int fd;
	size_t length;
	char of[1024];
};

static inline void segue__text_to(struct text *t, int fd)
{
	t->fd = fd;
	t->length = 0;
}

HIDDEN void segue__flush(struct text *t);
HIDDEN void segue__put(struct text *t, const char *s);
HIDDEN void segue__put_number(struct text *t, uintptr_t n, unsigned base);

/* A line of `what` and OBJECT+OFFSET, as addr2line and gdb take it. */
HIDDEN void segue__put_address(struct text *t, const char *what, void *code);

/* Lines that say where one was made. `peek` as there: NULL where its stack's memory stays. */
HIDDEN void segue__put_origin(struct text *t, const struct peek *peek, const segue_coroutine *co);

/* Lines that say from where who is called, by the chain of frame pointers from fp on, on a stack from `low` to `high`: a first one that
   begins with `what`, and others. Its first frame has none. */
HIDDEN void segue__put_callers(struct text *t, const struct peek *peek, const char *what, void *fp, const void *low, const void *high);

#endif
