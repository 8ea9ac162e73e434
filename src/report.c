/* The overflow handler. All that is here runs in a signal's handler, on the alternate stack: what it calls is on signal-safety(7)'s
   list, and tests/signal_safety.sh looks. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "../arch/interrupted.h"
#include "find.h"
#include "overflow.h"
#include "stack.h"
#include "text.h"

/* ---- Whose guard it was ----------------------------------------------------------------------------------------- */

struct hit {
	segue_coroutine *co;
	uintptr_t address;
	segue_context at; /* where the fault was */
	void *link;
	bool own;         /* the code that faulted ran on that coroutine's stack */
};

static bool guards(const segue_coroutine *co, uintptr_t address)
{
	return co && co->class && (uintptr_t)co->stack - address - 1 < co->class->guard_size;
}

/* Whether sp stands on its stack, or below: code that touches the guard may have moved it already, by a large frame. */
static bool stands_on(const segue_coroutine *co, uintptr_t sp)
{
	size_t below = co->class->guard_size + (co == segue_running ? co->stack_size : 0);

	return sp + below - (uintptr_t)co->stack < below + co->stack_size;
}

static bool find(struct hit *hit, const siginfo_t *info, const ucontext_t *u)
{
	hit->address = (uintptr_t)info->si_addr;
	hit->co = guards(segue_running, hit->address) ? segue_running : segue__find(hit->address);
	if (!guards(hit->co, hit->address))
		return false;
	hit->at = segue_arch_interrupted(u);
	hit->link = segue_arch_link(u);
	hit->own = stands_on(hit->co, (uintptr_t)hit->at.sp);
	return true;
}

/* ---- The report ------------------------------------------------------------------------------------------------- */

static void put_frames(struct text *t, const struct hit *hit)
{
	segue__put_address(t, "  in ", hit->at.ip);
	if (hit->own && SEGUE_ARCH_FRAME_CHAIN)
		segue__put_callers(t, NULL, "  called from ", hit->at.fp, hit->co->stack, contexts_of(hit->co));
	else if (hit->own)
		segue__put_address(t, "  called from ", hit->link);
}

static void report(const struct hit *hit)
{
	const segue_coroutine *co = hit->co;
	const char *name = segue__name(co);
	struct text t;

	segue__text_to(&t, STDERR_FILENO);
	segue__put(&t, hit->own ? "segue: stack overflow in '" : "segue: a stray access to the guard of '");
	segue__put(&t, name ? name : "?");
	segue__put(&t, "', ");
	segue__put_number(&t, (uintptr_t)co->stack - hit->address, 10);
	segue__put(&t, " bytes below its stack of ");
	segue__put_number(&t, co->stack_size, 10);
	segue__put(&t, " bytes\n");
	segue__put_origin(&t, NULL, co);
	put_frames(&t, hit);
	segue__flush(&t);
}

/* ---- What was there before -------------------------------------------------------------------------------------- */

/* By the default, which is at once where another process or raise() sent it, and else as the instruction is tried again. */
static void die(int number, const siginfo_t *info)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };

	sigemptyset(&by_default.sa_mask);
	sigaction(number, &by_default, NULL);
	if (info->si_code <= 0)
		raise(number); /* it is blocked until this handler returns */
}

/* As the kernel would have called it, but for the stack: the mask is the interrupted code's again when this returns. */
static void call(struct sigaction *action, int number, siginfo_t *info, void *ucontext)
{
	struct sigaction was = *action;
	sigset_t one;

	if (was.sa_flags & (int)SA_RESETHAND)
		action->sa_handler = SIG_DFL, action->sa_flags = 0;
	pthread_sigmask(SIG_BLOCK, &was.sa_mask, NULL);
	if (was.sa_flags & SA_NODEFER && !sigismember(&was.sa_mask, number)) {
		sigemptyset(&one);
		sigaddset(&one, number);
		pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	}
	if (was.sa_flags & SA_SIGINFO)
		was.sa_sigaction(number, info, ucontext);
	else
		was.sa_handler(number);
}

static void pass_on(int number, siginfo_t *info, void *ucontext)
{
	struct sigaction *before = segue__before;

	for (size_t i = 0; i < FAULTS; i++)
		if (segue__faults[i] == number)
			before = &segue__before[i];
	if (before->sa_flags & SA_SIGINFO || (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN))
		call(before, number, info, ucontext);
	else if (before->sa_handler == SIG_DFL || info->si_code > 0) /* a fault can't be ignored */
		die(number, info);
}

/* ---- Recovery --------------------------------------------------------------------------------------------------- */

/* The handler returns into a function that ends the coroutine: on the lowest part of the stack, since what others may still have of it,
   what it awaits above all, is rather in the first frames than in the last. */
static void abandon(segue_coroutine *co, ucontext_t *u)
{
	segue_context to;

	segue__first_frame(&to, co->stack + SEGUE_STACK_MIN / 2, segue_arch_entry, (void (*)(void))segue__overflowed, co,
			   (char *)&contexts_of(co)->sender.fp + SEGUE_ARCH_RECORD);
	segue_arch_go_on(u, &to);
}

void segue__on_fault(int number, siginfo_t *info, void *ucontext)
{
	int error = errno;
	struct hit hit;

	if (info->si_code > 0 && find(&hit, info, ucontext)) {
		if (hit.own && hit.co->extras & EXTRA_RECOVER) {
			abandon(hit.co, ucontext);
			errno = error;
			return;
		}
		report(&hit);
	}
	pass_on(number, info, ucontext);
	errno = error;
}
