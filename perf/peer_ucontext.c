/* ucontext: the C library's own. Each switch saves the signal mask by a system call. */
#include "config.h"
#ifdef HAVE_MAKECONTEXT
#include <stdint.h>
#include <ucontext.h>

#include "stacks.h"

typedef struct coroutine {
	ucontext_t own, resumer;
	void *value; /* on its way */
} coroutine;

typedef void coroutine_entry(unsigned high, unsigned low);

/* makecontext() hands over ints: a pointer goes in halves. Two shifts, since one by 32 is undefined for a word of 32 bits. */
static inline coroutine *from_halves(unsigned high, unsigned low)
{
	return (coroutine *)((uintptr_t)high << 16 << 16 | low);
}

#define ENTRY(name, body)                                      \
	static void name(unsigned high, unsigned low)          \
	{                                                      \
		coroutine *co = from_halves(high, low);        \
		co->value = body(co, co->value);               \
		setcontext(&co->resumer);                      \
	}

static inline coroutine *create_on(void *top, coroutine_entry *entry)
{
	coroutine *co = (coroutine *)top - 1;

	getcontext(&co->own);
	co->own.uc_stack.ss_sp = stack_low(top);
	co->own.uc_stack.ss_size = STACK_SIZE - sizeof *co;
	co->own.uc_link = NULL;
	makecontext(&co->own, (void (*)(void))entry, 2, (unsigned)((uintptr_t)co >> 16 >> 16), (unsigned)(uintptr_t)co);
	return co;
}

static inline void *top_of(coroutine *co)
{
	return co + 1;
}

static inline void *resume(coroutine *co, void *value)
{
	co->value = value;
	swapcontext(&co->resumer, &co->own);
	return co->value;
}

static inline void *yield(coroutine *self, void *value)
{
	self->value = value;
	swapcontext(&self->own, &self->resumer);
	return self->value;
}

static inline void abandon(coroutine *co)
{
	(void)co;
}

#include "on_stacks.h"
#include "bodies.h"
#include "driving.h"

const struct peer peer_ucontext = {
	.library = "ucontext",
	.prefix = "ucontext-",
	.round_trip = "round-trip",
	.about = "swapcontext() each way; made by makecontext(), ends with setcontext()",
	.works = works,
};
#endif
