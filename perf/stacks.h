/* Guarded, pooled stacks for peers that bring none, so that all are made on warm stacks, as segue's are. */
#ifndef SEGUE_PERF_STACKS_H
#define SEGUE_PERF_STACKS_H

#include <stddef.h>

enum { STACK_SIZE = 64 * 1024 }; /* bytes, as segue's default */

/* A stack is known by its top. The word below that links the free ones, the last one given first. */
extern void *free_stacks;

/** A new one, not pooled; NULL with errno. */
void *stack_map(void);
void stack_unmap(void *top);

static inline void **stack_link(void *top)
{
	return (void **)top - 1;
}

static inline void *stack_take(void)
{
	void *top = free_stacks;

	if (__builtin_expect(!top, 0))
		return stack_map();
	free_stacks = *stack_link(top);
	return top;
}

static inline void stack_give(void *top)
{
	*stack_link(top) = free_stacks;
	free_stacks = top;
}

static inline void *stack_low(void *top)
{
	return (char *)top - STACK_SIZE;
}

#endif
