/* What src/ knows of arch/: the stubs, and how a first frame is laid out. */
#ifndef SEGUE_SRC_CONTEXT_H
#define SEGUE_SRC_CONTEXT_H

#include <stddef.h>
#include <stdint.h>
#include "../arch/arch.h"
#include "segue/context.h"
#include "segue.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORTED __attribute__((visibility("default")))
/* What reads a thread-local, errno too, is a function of its own, also in a program that is optimised as a whole; and it reads none after
   it ran what may switch, a user's function among that. The thread may be another then, and compilers keep a thread-local's address. */
#define READS_THREAD __attribute__((noinline))

/* Two words as the ABI returns them in registers: the exported functions and the stub speak this one. */
#if SEGUE_PAIRED
typedef uint64_t segue_pair;
#else
typedef segue_result segue_pair;
#endif

/* The exported name of a function that returns one. */
#if SEGUE_PAIRED
#define PAIR(function) function##_pair
#else
#define PAIR(function) function
#endif

static inline segue_pair segue__pair(segue_result r)
{
#if SEGUE_PAIRED
	return segue_to_pair(r);
#else
	return r;
#endif
}

static inline segue_result segue__unpair(segue_pair p)
{
#if SEGUE_PAIRED
	return segue_from_pair(p);
#else
	return p;
#endif
}

static inline segue_result segue__raised(const segue_type *type, void *value)
{
	return (segue_result){ type, value };
}

_Static_assert(offsetof(segue_context, sp) == SEGUE_ARCH_SP, "arch.h");
_Static_assert(offsetof(segue_context, fp) == SEGUE_ARCH_FP, "arch.h");
_Static_assert(offsetof(segue_context, ip) == SEGUE_ARCH_IP, "arch.h");
_Static_assert(offsetof(segue_context, base) == SEGUE_ARCH_BASE, "arch.h");
_Static_assert(sizeof(segue_context) == SEGUE_ARCH_CONTEXT, "arch.h");
/* {fp, ip} is a frame record: no padding between */
_Static_assert(SEGUE_ARCH_IP == SEGUE_ARCH_FP + sizeof(void *), "arch.h");

/* Suspends into *from and resumes *to, which sees {raised, value}; returns what whoever resumes *from brings. */
HIDDEN segue_pair segue_arch_switch(segue_context *from, segue_context *to, void *value, const segue_type *raised);

/* Trampolines: where a new context starts. Never called. base: the argument; the word at sp: the function.
   segue_arch_entry's argument is an object with its sender's context just below it. */
HIDDEN void segue_arch_start(void);
HIDDEN void segue_arch_entry(void);

/* The floating-point control state of this thread: 8 bytes, or fewer. */
HIDDEN void segue_arch_fenv_save(uint32_t fenv[2]);
HIDDEN void segue_arch_fenv_load(const uint32_t fenv[2]);

enum { RED_ZONE = 512 }; /* bytes below a suspended sp that may be in use: no ABI has more */

/* A context that will call entry with `base` on the stack that ends at `top`, an aligned address. */
static inline void segue__first_frame(segue_context *context, void *top, void (*start)(void), void (*entry)(void), void *base,
				      void *fp)
{
	void **sp = (void **)top - SEGUE_ARCH_STACK_ALIGN / sizeof(void *);
	sp[0] = (void *)entry;
	context->sp = sp;
	context->fp = fp;
	context->ip = (void *)start;
	context->base = base;
}

/* Before it ran: has it call another one. */
static inline void segue__call_first(const segue_context *context, void (*entry)(void))
{
	*(void **)context->sp = (void *)entry;
}

#endif
