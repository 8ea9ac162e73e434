/* Installing the overflow handler: the signals, and an alternate stack for each thread. All of it before a fault: what runs in
   one is report.c. */
#define _GNU_SOURCE
#include "overflow.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "objects.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum {
	ALTERNATE_ROOM = 64 * 1024, /* bytes besides a signal's frame: a handler that was there before runs on it, too */
	LOCKED_ROOM = SEGUE_STACK_MIN / 4, /* bytes that suffice for what is called with the library's lock held */
};

#ifdef __linux__
const int segue__faults[] = { SIGSEGV };
#else
const int segue__faults[] = { SIGSEGV, SIGBUS };
#endif
struct sigaction segue__before[FAULTS];

static int installed; /* atomic */
static pthread_once_t keyed = PTHREAD_ONCE_INIT, handled = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* a thread's alternate stack, where it is the library's */
static int key_error;
static _Thread_local SEGUE_TLS bool prepared;

/* ---- Alternate stacks ------------------------------------------------------------------------------------------- */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Without its guard, the lowest page. */
static size_t alternate_size(void)
{
	return (getauxval(AT_MINSIGSTKSZ) + ALTERNATE_ROOM + page_size() - 1) & -page_size();
}

static void unmap_alternate(unsigned char *stack)
{
	munmap(stack - page_size(), page_size() + alternate_size());
}

static unsigned char *map_alternate(void)
{
	size_t size = page_size() + alternate_size();
	unsigned char *guard = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (guard == MAP_FAILED)
		return NULL;
	if (mprotect(guard, page_size(), PROT_NONE)) {
		munmap(guard, size);
		errno = ENOMEM;
		return NULL;
	}
	return guard + page_size();
}

/* As the thread ends. Another destructor may make a coroutine after this one: then the thread is prepared again. */
static void leave_thread(void *stack)
{
	stack_t none = { .ss_flags = SS_DISABLE }, now;

	if (sigaltstack(NULL, &now) == 0 && now.ss_sp == stack)
		sigaltstack(&none, NULL);
	unmap_alternate(stack);
	prepared = false;
}

static bool set_alternate(void)
{
	stack_t mine = { .ss_size = alternate_size() };
	int error;

	mine.ss_sp = map_alternate(); /* last: errno is its */
	if (!mine.ss_sp)
		return false;
	error = pthread_setspecific(key, mine.ss_sp);
	if (!error && sigaltstack(&mine, NULL) == 0)
		return true;
	error = error ? error : errno;
	pthread_setspecific(key, NULL);
	unmap_alternate(mine.ss_sp);
	errno = error;
	return false;
}

static bool prepare(void)
{
	stack_t now;

	if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE))
		return true; /* the user's own; or this library's already */
	return set_alternate();
}

bool segue__prepare_thread(void)
{
	if (!prepared && __atomic_load_n(&installed, __ATOMIC_ACQUIRE))
		prepared = prepare();
	return prepared || !__atomic_load_n(&installed, __ATOMIC_RELAXED);
}

/* ---- Installing ------------------------------------------------------------------------------------------------- */

static void make_key(void)
{
	key_error = pthread_key_create(&key, leave_thread);
}

static void handle_faults(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

	action.sa_sigaction = segue__on_fault;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < FAULTS; i++) {
		sigaction(segue__faults[i], NULL, &segue__before[i]); /* first: the handler needs it */
		sigaction(segue__faults[i], &action, NULL);
	}
	__atomic_store_n(&installed, 1, __ATOMIC_RELEASE);
}

int segue_install_overflow_handler(void)
{
	pthread_once(&keyed, make_key);
	if (key_error) {
		errno = key_error;
		return -1;
	}
	if (!segue__list_objects() || !prepare())
		return -1;
	pthread_once(&handled, handle_faults);
	return 0;
}

/* ---- Locks ------------------------------------------------------------------------------------------------------ */

void segue__spare_locks(void)
{
	segue_coroutine *co = segue_running;

	if (!co || !(co->extras & EXTRA_RECOVER) || !__atomic_load_n(&installed, __ATOMIC_RELAXED))
		return;
	if ((unsigned char *)__builtin_frame_address(0) - co->stack < LOCKED_ROOM)
		*(volatile unsigned char *)(co->stack - 1) = 0;
}
