/* What a test asks about its own process. */
#ifndef SEGUE_TESTS_PROCESS_H
#define SEGUE_TESTS_PROCESS_H

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "on_valgrind.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

/* For a test that wraps syscall(): as many arguments as the library passes. */
long __real_syscall(long number, ...);
#define FIVE_ARGUMENTS(into, last)               \
	do {                                     \
		va_list list;                    \
		va_start(list, last);            \
		for (int i = 0; i < 5; i++)      \
			(into)[i] = va_arg(list, long); \
		va_end(list);                    \
	} while (0)

/* How many mappings it has. */
static inline long mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	long lines = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		lines += c == '\n';
	if (f)
		fclose(f);
	return lines;
}

/* Whether a read of *p would fault. A system call is asked, so that one may ask about thousands of pages. */
static inline int is_guarded(const void *p)
{
	static int ends[2];
	ssize_t written;
	char byte;

	if (ends[1] == 0 && pipe(ends))
		return -1;
	VALGRIND_DISABLE_ERROR_REPORTING;
	written = write(ends[1], p, 1);
	VALGRIND_ENABLE_ERROR_REPORTING;
	if (written == 1)
		return read(ends[0], &byte, 1) == 1 ? 0 : -1;
	return errno == EFAULT ? 1 : -1;
}

#endif
