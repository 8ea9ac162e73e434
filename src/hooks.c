/* Hooks for what would otherwise be lost, and what SEGUE_DEBUG=1 makes of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "words.h"

static segue_never_awaited_hook *never_awaited;
static segue_unraisable_hook *unraisable;

segue_never_awaited_hook *segue_set_never_awaited_hook(segue_never_awaited_hook *hook)
{
	segue__annotate_release(&never_awaited);
	return __atomic_exchange_n(&never_awaited, hook, __ATOMIC_ACQ_REL);
}

segue_unraisable_hook *segue_set_unraisable_hook(segue_unraisable_hook *hook)
{
	segue__annotate_release(&unraisable);
	return __atomic_exchange_n(&unraisable, hook, __ATOMIC_ACQ_REL);
}

void segue__never_awaited(segue_coroutine *co)
{
	segue_never_awaited_hook *hook = __atomic_load_n(&never_awaited, __ATOMIC_ACQUIRE);

	if (!hook)
		return;
	segue__annotate_acquire(&never_awaited);
	segue__annotate_call(1);
	hook(co);
	segue__annotate_returned();
}

void segue__unraisable(segue_coroutine *co, segue_result what)
{
	segue_unraisable_hook *hook = __atomic_load_n(&unraisable, __ATOMIC_ACQUIRE);

	if (hook) {
		segue__annotate_acquire(&unraisable);
		segue__annotate_call(3);
		hook(co, what);
		segue__annotate_returned();
	}
	segue__discard(what);
}

/* ---- SEGUE_DEBUG=1 ------------------------------------------------------------------------------------------------ */

void segue__print_origin(const segue_info *info)
{
	const segue_site *made = info->cr_origin.made;

	if (made)
		fprintf(stderr, "  made at %s:%" PRIu32 ", in %s\n", made->file, made->line, made->function);
	else if (info->cr_code.file)
		fprintf(stderr, "  its code is at %s:%" PRIu32 "\n", info->cr_code.file, info->cr_code.line);
	for (void *const *pc = info->cr_origin.frames; pc && *pc; pc++)
		fprintf(stderr, "  made from %p\n", *pc);
}

static void print_never_awaited(segue_coroutine *co)
{
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	fprintf(stderr, "segue: coroutine '%s' was never awaited\n", info.cr_code.name ? info.cr_code.name : "?");
	segue__print_origin(&info);
}

static void print_unraisable(segue_coroutine *co, segue_result what)
{
	const char *message = segue_message(what);
	segue_info info;

	segue_inspect(co, &info, sizeof info);
	fprintf(stderr, "segue: exception ignored in '%s': %s%s%s\n", info.cr_code.name ? info.cr_code.name : "?", what.raised->name,
		message ? ": " : "", message ? message : "");
	segue__print_origin(&info);
}

static __attribute__((constructor)) void debug(void)
{
	const char *wanted = getenv("SEGUE_DEBUG");

	if (wanted && *wanted && *wanted != '0') {
		segue_set_never_awaited_hook(print_never_awaited);
		segue_set_unraisable_hook(print_unraisable);
		if (strstr(wanted, "owner"))
			segue__want(WANT_OWNER, WANT_OWNER);
	}
}
