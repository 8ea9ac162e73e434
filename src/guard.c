/* Guards, by the cheapest way that works here: light ones, which split no mapping, many in a call; light ones, one in a call; and
 * mprotect(), of which each splits a mapping in three.
 *
 * A way is trusted when the first guards that it made were seen to fault: some kernels, and emulators, answer 0 to advice that
 * they ignore. One that is trusted may still fail, as light guards do in locked memory: then the next way is taken for that once.
 */
#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "annotate.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

static size_t split; /* guards made by mprotect() */

/* The descriptor is not kept: after a fork it would be the parent, and after a close anything. */
static size_t guard_many(unsigned char *first, size_t size, size_t stride, size_t n)
{
	static struct iovec ranges[GUARDS_AT_ONCE]; /* not on the stack, which may be a small one of ours */
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	long advised;

	if (self < 0)
		return 0;
	if (n > GUARDS_AT_ONCE)
		n = GUARDS_AT_ONCE;
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct iovec){ first + i * stride, size };
	advised = syscall(SYS_process_madvise, self, ranges, n, MADV_GUARD_INSTALL, 0);
	close(self);
	return advised < 0 ? 0 : (size_t)advised / size;
}

static size_t guard_one(unsigned char *first, size_t size, size_t stride, size_t n)
{
	(void)stride, (void)n;
	return madvise(first, size, MADV_GUARD_INSTALL) == 0;
}

/* One at a time, so that the limit of mappings is not met before it must be. */
static size_t guard_by_mprotect(unsigned char *first, size_t size, size_t stride, size_t n)
{
	(void)stride, (void)n;
	if (mprotect(first, size, PROT_NONE)) {
		if (errno == ENOMEM)
			errno = EAGAIN;
		return 0;
	}
	split++;
	return 1;
}

static size_t (*const ways[])(unsigned char *first, size_t size, size_t stride, size_t n) = { guard_many, guard_one, guard_by_mprotect };
enum { MANY, ONE, BY_MPROTECT, WAYS };

static int first_way(void)
{
	if (secure_getenv("SEGUE_TEST_NO_LIGHT_GUARDS"))
		return BY_MPROTECT;
	return segue__on_valgrind() ? ONE : MANY; /* Valgrind does not know the other call */
}

/* Asks a system call that writes there. */
static bool all_fault(unsigned char *first, size_t stride, size_t n)
{
	for (; n > 0; n--, first += stride)
		if (syscall(SYS_uname, first) != -1 || errno != EFAULT)
			return false;
	return true;
}

size_t segue__guard(unsigned char *first, size_t size, size_t stride, size_t n)
{
	static int trusted = -1; /* none yet */
	size_t made;

	for (int way = trusted < 0 ? first_way() : trusted; way < WAYS; way++) {
		made = ways[way](first, size, stride, n);
		if (made == 0 || (trusted < 0 && way < BY_MPROTECT && !all_fault(first, stride, made)))
			continue;
		if (trusted < 0)
			trusted = way;
		return made;
	}
	return 0;
}

size_t segue__guard_mappings(void)
{
	return 2 * split;
}
