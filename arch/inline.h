/* The target's switch for inlining. Included by segue/inline.h. */
#include "arch.h"

#ifndef __ELF__
SEGUE_INLINED segue_coroutine *segue_arch_current(void)
{
	return *segue_running_here();
}

SEGUE_INLINED void segue_arch_set_current(segue_coroutine *co)
{
	*segue_running_here() = co;
}

/* Returns the one before. */
SEGUE_INLINED segue_coroutine *segue_arch_exchange_current(segue_coroutine *co)
{
	segue_coroutine **here = segue_running_here(), *before = *here;

	*here = co;
	return before;
}
#endif

#include SEGUE_ARCH_INLINE
