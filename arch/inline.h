/* The target's switch for inlining. Included by segue/inline.h. */
#include "arch.h"
#include SEGUE_ARCH_INLINE
