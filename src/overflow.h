/* Stack overflows: what is set up for the signal's handler, and what the handler is. */
#ifndef SEGUE_SRC_OVERFLOW_H
#define SEGUE_SRC_OVERFLOW_H

#include <signal.h>
#include <stdbool.h>

#include "coroutine.h"

/* The executables and libraries that were loaded, so that addresses can be told without asking the loader. */
struct objects {
	struct objects *older;          /* it may be being read: kept */
	unsigned long long adds, subs;  /* the loader's counts then */
	size_t count;
	struct object {
		uintptr_t base, low, high; /* what addresses in it are counted from; where its code is */
		const char *name;
	} of[];
};
extern HIDDEN struct objects *segue__objects; /* atomic */

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
