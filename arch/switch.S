/* The target's stubs. */
#include "arch.h"
#include SEGUE_ARCH_SWITCH
