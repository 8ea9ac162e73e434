/* Stacks for peers that bring none. */
#define _GNU_SOURCE
#include "stacks.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_STACK
#define MAP_STACK 0
#endif

void *free_stacks;

static size_t guard_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void *stack_map(void)
{
	size_t guard = guard_size();
	char *low = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (low == MAP_FAILED)
		return NULL;
	if (mprotect(low, guard, PROT_NONE) != 0) {
		munmap(low, guard + STACK_SIZE);
		return NULL;
	}
	return low + guard + STACK_SIZE;
}

void stack_unmap(void *top)
{
	munmap((char *)stack_low(top) - guard_size(), guard_size() + STACK_SIZE);
}
