/* Stack overflows: what is set up for the signal's handler, and what the handler is. */
#ifndef SEGUE_SRC_OVERFLOW_H
#define SEGUE_SRC_OVERFLOW_H

#include <signal.h>
#include <stdbool.h>

#include "coroutine.h"

/* The signals of a fault in a guard. */
enum {
#ifdef __linux__
	FAULTS = 1,
#else
	FAULTS = 2,
#endif
};
extern HIDDEN const int segue__faults[FAULTS];
extern HIDDEN struct sigaction segue__before[FAULTS]; /* what handled them before */

/* The handler. */
HIDDEN void segue__on_fault(int number, siginfo_t *info, void *ucontext);

/* Gives this thread an alternate stack for the handler, if that is installed. False with errno. */
HIDDEN bool segue__prepare_thread(void);

/* A lock that an abandoned frame holds is held for good. So a coroutine that recovers overflows here, if it would have too little
   stack for what the library does with its lock held. */
HIDDEN void segue__spare_locks(void);

#endif
