/* The target's registers, as a signal's handler finds them and leaves them. Included by src/report.c and src/text.c. */
#include <stdint.h>
#include <ucontext.h>

#include "arch.h"
#include "segue/context.h"
#include SEGUE_ARCH_INTERRUPTED
