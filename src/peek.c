/* Reading what may be gone. Signal handlers do: what is called here is on signal-safety(7)'s list. */
#define _GNU_SOURCE
#include "peek.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "annotate.h"

enum { LEAST_PAGE = 4096 };

void segue__peek_open(struct peek *p)
{
	if (pipe(p->ends))
		p->ends[0] = p->ends[1] = -1;
	else
		for (int i = 0; i < 2; i++)
			(void)fcntl(p->ends[i], F_SETFD, FD_CLOEXEC);
}

void segue__peek_close(struct peek *p)
{
	for (int i = 0; i < 2 && p->ends[i] >= 0; i++)
		close(p->ends[i]);
}

/* Not by write(), of which sanitizers have their own: what that reads must be there, and written before. */
static ssize_t write_unseen(int fd, const void *from, size_t n)
{
	return syscall(SYS_write, fd, from, n);
}

/* What was written of it is read again, if it is not all that was wanted, too: the pipe is left empty. */
static bool through_pipe(const struct peek *p, void *to, const void *from, size_t n)
{
	ssize_t written = p->ends[0] < 0 ? -1 : write_unseen(p->ends[1], from, n);

	return written > 0 && read(p->ends[0], to, (size_t)written) == (ssize_t)n;
}

/* Not by memcpy(), which in a program with a sanitizer looks whether the memory may be read. */
static void copy(void *to, const void *from, size_t n)
{
	const volatile unsigned char *byte = from;

	for (size_t i = 0; i < n; i++)
		((unsigned char *)to)[i] = byte[i];
}

/* It may be nobody's, a pooled stack's, or not written: of that Valgrind need not say anything. */
bool segue__peek(const struct peek *p, void *to, const void *from, size_t n)
{
	bool there = true;

	segue__annotate_errors(false);
	if (p)
		there = through_pipe(p, to, from, n);
	else
		copy(to, from, n);
	segue__annotate_errors(true);
	segue__annotate_known(to, n);
	return there;
}

/* First what lies in its page. */
void segue__peek_string(const struct peek *p, char *to, const char *from, size_t size)
{
	size_t first = LEAST_PAGE - (uintptr_t)from % LEAST_PAGE;

	memset(to, 0, size--);
	if (first > size)
		first = size;
	if (segue__peek(p, to, from, first) && strlen(to) == first)
		(void)segue__peek(p, to + first, from + first, size - first);
}
