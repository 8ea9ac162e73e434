/* The public bare context: its first frame. The switch itself is arch/<cpu>/switch.S. */
#include <errno.h>
#include "context.h"

enum { FIRST_FRAME = 16 * sizeof(void *) }; /* room for the trampoline, its call and one spill */

READS_THREAD int segue_context_make(segue_context *context, void *stack, size_t size, segue_context_entry *entry, void *arg)
{
	uintptr_t low = (uintptr_t)stack;
	uintptr_t top;

	if (!context || !stack || !entry || size > UINTPTR_MAX - low)
		goto invalid;
	top = (low + size) & -(uintptr_t)SEGUE_ARCH_STACK_ALIGN;
	if (top < low || top - low < FIRST_FRAME)
		goto invalid;
	segue__first_frame(context, (void *)top, segue_arch_start, (void (*)(void))entry, arg, NULL);
	return 0;
invalid:
	errno = EINVAL;
	return -1;
}
