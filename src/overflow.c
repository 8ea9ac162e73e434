/* Installing the overflow handler: the signals, an alternate stack for each thread, and the table of what is loaded. All of it
   before a fault: what runs in one is report.c. */
#define _GNU_SOURCE
#include "overflow.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

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
struct objects *segue__objects;

static int installed; /* atomic */
static pthread_once_t keyed = PTHREAD_ONCE_INIT, handled = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* a thread's alternate stack, where it is the library's */
static int key_error;
static _Thread_local SEGUE_TLS bool prepared;

/* ---- What is loaded --------------------------------------------------------------------------------------------- */

struct listing {
	struct objects *to;
	char *names; /* where the next one goes */
	size_t room, characters;
};

static const char *name_of(const struct dl_phdr_info *info)
{
	return *info->dlpi_name ? info->dlpi_name : program_invocation_name;
}

static int measure(struct dl_phdr_info *info, size_t size, void *listing)
{
	struct listing *l = listing;

	(void)size;
	l->room++;
	l->characters += strlen(name_of(info)) + 1;
	return 0;
}

static struct object object_of(const struct dl_phdr_info *info, const char *name)
{
	struct object o = { info->dlpi_addr, UINTPTR_MAX, 0, name };

	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t low = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		o.low = low < o.low ? low : o.low;
		o.high = low + p->p_memsz > o.high ? low + p->p_memsz : o.high;
	}
	return o;
}

static int list(struct dl_phdr_info *info, size_t size, void *listing)
{
	struct listing *l = listing;
	const char *name = name_of(info);
	size_t length = strlen(name) + 1;

	(void)size;
	l->to->adds = info->dlpi_adds;
	l->to->subs = info->dlpi_subs;
	if (l->to->count == l->room || length > l->characters)
		return 1; /* one came in between: it is missing */
	memcpy(l->names, name, length);
	l->to->of[l->to->count++] = object_of(info, l->names);
	l->names += length;
	l->characters -= length;
	return 0;
}

static int is_newest(struct dl_phdr_info *info, size_t size, void *objects)
{
	const struct objects *o = objects;

	(void)size;
	return 1 + (o && o->adds == info->dlpi_adds && o->subs == info->dlpi_subs);
}

static bool list_objects(void)
{
	struct listing l = { NULL, NULL, 0, 0 };
	struct objects *old = __atomic_load_n(&segue__objects, __ATOMIC_ACQUIRE);

	if (dl_iterate_phdr(is_newest, old) == 2)
		return true;
	dl_iterate_phdr(measure, &l);
	l.to = calloc(1, sizeof *l.to + l.room * sizeof *l.to->of + l.characters);
	if (!l.to)
		return false;
	l.names = (char *)&l.to->of[l.room];
	dl_iterate_phdr(list, &l);
	l.to->older = old;
	while (!__atomic_compare_exchange_n(&segue__objects, &l.to->older, l.to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	return true;
}

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
	if (!list_objects() || !prepare())
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
