/* What the sanitizers of the user's program hear. The library is built for none of them: it finds their functions as it is loaded, by
   weak symbols, and has coroutines watched then (GATE_WATCHED). */
#include "annotate.h"

#include <pthread.h>

#include "overflow.h"
#include "stack.h"

#define WEAK __attribute__((weak))
/* Where the library, too, is compiled for a sanitizer, functions under which the stack changes are not: it would lose count. */
#ifdef __clang__
#if __has_attribute(disable_sanitizer_instrumentation)
#define UNSANITIZED __attribute__((noinline, disable_sanitizer_instrumentation))
#else
#define UNSANITIZED __attribute__((noinline, no_sanitize("address", "thread", "memory")))
#endif
#if __has_feature(thread_sanitizer)
#define COUNTS_CALLS 1
#endif
#else
#define UNSANITIZED __attribute__((noinline, no_sanitize("address", "thread")))
#ifdef __SANITIZE_THREAD__
#define COUNTS_CALLS 1
#endif
#endif
#ifndef COUNTS_CALLS
#define COUNTS_CALLS 0 /* by ThreadSanitizer, of the library's own functions: those that never return, at a coroutine's end, add up */
#endif

/* AddressSanitizer's: <sanitizer/asan_interface.h>, <sanitizer/common_interface_defs.h> */
extern WEAK void __asan_poison_memory_region(const volatile void *low, size_t size);
extern WEAK void __asan_unpoison_memory_region(const volatile void *low, size_t size);
extern WEAK void __asan_handle_no_return(void);
extern WEAK void __sanitizer_start_switch_fiber(void **fake_stack, const void *stack, size_t size);
extern WEAK void __sanitizer_finish_switch_fiber(void *fake_stack, const void **left, size_t *left_size);

/* ThreadSanitizer's: <sanitizer/tsan_interface.h> */
extern WEAK void *__tsan_get_current_fiber(void);
extern WEAK void *__tsan_create_fiber(unsigned flags);
extern WEAK void __tsan_destroy_fiber(void *fiber);
extern WEAK void __tsan_switch_to_fiber(void *fiber, unsigned flags);
extern WEAK void __tsan_set_fiber_name(void *fiber, const char *name);
extern WEAK void __tsan_acquire(void *at);
extern WEAK void __tsan_release(void *at);

/* MemorySanitizer's: <sanitizer/msan_interface.h> */
extern WEAK void __msan_unpoison(const volatile void *low, size_t size);
extern WEAK void __msan_unpoison_param(size_t n);
extern WEAK void __msan_start_switch_fiber(const void *stack, size_t size);
extern WEAK void __msan_finish_switch_fiber(const void **left, size_t *left_size);

/* LeakSanitizer's, which is part of AddressSanitizer, too: <sanitizer/lsan_interface.h> */
extern WEAK void __lsan_register_root_region(const void *low, size_t size);
extern WEAK void __lsan_unregister_root_region(const void *low, size_t size);

/* Before other constructors: they may make coroutines. */
static __attribute__((constructor(101))) void look(void)
{
	if (__sanitizer_start_switch_fiber || __tsan_switch_to_fiber || __msan_unpoison || __lsan_register_root_region)
		segue__want(WANT_WATCH, WANT_WATCH);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

void segue__make_defined(const void *low, size_t size)
{
	if (__msan_unpoison)
		__msan_unpoison(low, size);
}

void segue__make_usable(void *low, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(low, size);
}

/* LeakSanitizer has a lock of its own, and no handler of forks. */
static pthread_mutex_t roots = PTHREAD_MUTEX_INITIALIZER;

void segue__lock_roots(void)
{
	pthread_mutex_lock(&roots);
}

void segue__unlock_roots(void)
{
	pthread_mutex_unlock(&roots);
}

void segue__annotate_root(void *low, size_t size)
{
	if (!__lsan_register_root_region)
		return;
	segue__lock_roots();
	__lsan_register_root_region(low, size);
	segue__unlock_roots();
}

void segue__annotate_no_root(void *low, size_t size)
{
	if (!__lsan_unregister_root_region)
		return;
	segue__lock_roots();
	__lsan_unregister_root_region(low, size);
	segue__unlock_roots();
}

/* ---- What is called, and in which order -------------------------------------------------------------------------- */

void segue__annotate_parameters(size_t n)
{
	if (__msan_unpoison_param)
		__msan_unpoison_param(n);
}

/* A function that returns is taken to have said what is known of its result: at a switch alone that is forgotten. So there is one, to
   nowhere and back. */
UNSANITIZED void segue__annotate_no_result(void)
{
	const void *low = NULL;
	size_t size = 0;

	if (!__msan_start_switch_fiber)
		return;
	__msan_start_switch_fiber(&low, sizeof low);
	__msan_finish_switch_fiber(&low, &size);
	__msan_start_switch_fiber(low, size);
	__msan_finish_switch_fiber(&low, &size);
}

/* __tsan_acquire() and __tsan_release() take a lock. */
void segue__annotate_acquire(void *at)
{
	if (!__tsan_acquire)
		return;
	segue__spare_locks();
	__tsan_acquire(at);
}

void segue__annotate_release(void *at)
{
	if (!__tsan_release)
		return;
	segue__spare_locks();
	__tsan_release(at);
}

/* With detect_stack_use_after_return variables lie on a fake stack, its size by that of the real one: a page, a flag for each frame of 64
   bytes and as many again, and room for 11 sizes of frames. */
static size_t fake_size(size_t stack_size)
{
	size_t room = (size_t)1 << 16;

	while (room < stack_size && room < (size_t)1 << 20)
		room *= 2;
	return 4096 + room / 32 + 11 * room;
}

static void keep_fake_stack(segue_coroutine *co, void *fake_stack)
{
	if (!fake_stack || co->fake_stack)
		return;
	co->fake_stack = fake_stack;
	segue__annotate_root(fake_stack, fake_size(co->stack_size));
}

static void drop_fake_stack(segue_coroutine *co)
{
	if (!co->fake_stack)
		return;
	segue__annotate_no_root(co->fake_stack, fake_size(co->stack_size));
	co->fake_stack = NULL;
}

/* One that never left its stack for good: its fake stack goes as if it did. */
static UNSANITIZED void end_fake_stack(segue_coroutine *co)
{
	const void *low;
	void *mine;
	size_t size;

	if (!co->fake_stack)
		return;
	__sanitizer_start_switch_fiber(&mine, co->stack, co->stack_size);
	__sanitizer_finish_switch_fiber(co->fake_stack, &low, &size);
	drop_fake_stack(co);
	__sanitizer_start_switch_fiber(NULL, low, size);
	__sanitizer_finish_switch_fiber(mine, &low, &size);
}

/* ---- A coroutine's life ------------------------------------------------------------------------------------------ */

void segue__watch(segue_coroutine *co)
{
	co->gate |= GATE_WATCHED;
	co->fake_stack = NULL;
	segue__annotate_usable(co->stack, co->stack_size);
	segue__annotate_defined(co->stack, co->stack_size);
}

/* A fiber stays for the next one, if all functions that were entered have been left: what was seen by one that is destroyed makes no
   report any more. */
void segue__drop_fiber(segue_coroutine *co)
{
	if (co->fiber)
		__tsan_destroy_fiber(co->fiber);
	co->fiber = NULL;
}

/* What lies below the object is nobody's till there is a new one. It stays among the roots: what is poisoned LeakSanitizer passes over, by
   default, and what can't be is cleaned. */
void segue__unwatch(segue_coroutine *co)
{
	co->arg = co->awaited = NULL;
	if (COUNTS_CALLS || (co->gate & (GATE_CLOSED | GATE_OVERFLOWED)) != GATE_CLOSED)
		segue__drop_fiber(co);
	end_fake_stack(co);
	if (__asan_poison_memory_region) /* but for the first frame of the next one, which is made before that is watched */
		__asan_poison_memory_region(co->stack, (size_t)((unsigned char *)contexts_of(co) - co->stack) - SEGUE_ARCH_STACK_ALIGN);
	else if (__lsan_register_root_region && co->class)
		segue__stack_clean(co);
}

/* ---- Switches ---------------------------------------------------------------------------------------------------- */

/* A stack that was left. */
struct kept {
	segue_coroutine *of; /* NULL: the thread's own */
	bool away;
	void *low;           /* what it has of a thread's own begins here, while that is a root */
	void *fake_stack;
};

/* This thread's own stack, as it was last left for a coroutine's. Where it lies a sanitizer tells on the other side. */
static _Thread_local SEGUE_TLS struct {
	struct kept *left; /* just now */
	const segue_context *at;
	const void *stack;
	size_t size;
	void *fiber;
} own;

/* Made as late as it is needed for the first time, since there can't be many. */
static void *fiber_of(segue_coroutine *co)
{
	if (!co)
		return own.fiber;
	if (!co->fiber)
		co->fiber = __tsan_create_fiber(0);
	return co->fiber;
}

static UNSANITIZED void depart(void **fake_stack, segue_coroutine *to)
{
	const void *stack = to ? to->stack : own.stack;
	size_t size = to ? to->stack_size : own.size;

	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(fake_stack, stack, size);
	if (__msan_start_switch_fiber)
		__msan_start_switch_fiber(stack, size);
	if (__tsan_switch_to_fiber && fiber_of(to) != __tsan_get_current_fiber())
		__tsan_switch_to_fiber(fiber_of(to), 0);
}

static UNSANITIZED void depart_for_now(struct kept *kept, const segue_context *from, segue_coroutine *to)
{
	own.left = kept->of ? NULL : kept;
	own.at = from;
	if (!kept->of && __tsan_get_current_fiber)
		own.fiber = __tsan_get_current_fiber();
	kept->away = true;
	depart(&kept->fake_stack, to);
	if (kept->of)
		keep_fake_stack(kept->of, kept->fake_stack);
}

/* AddressSanitizer takes the coroutine's stack for the thread's now: what the thread's own holds would seem to be lost. */
static void keep_own(struct kept *kept, const void *stack, size_t size)
{
	own.stack = stack;
	own.size = size;
	kept->low = own.at->sp;
	if (!__sanitizer_start_switch_fiber)
		return;
	segue__annotate_root(kept->low, (size_t)((char *)stack + size - (char *)kept->low));
	if (kept->fake_stack)
		segue__annotate_root(kept->fake_stack, fake_size(size));
}

static UNSANITIZED void arrive(void *fake_stack)
{
	const void *left = NULL;
	size_t size = 0;

	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(fake_stack, &left, &size);
	if (__msan_finish_switch_fiber)
		__msan_finish_switch_fiber(&left, &size);
	if (own.left)
		keep_own(own.left, left, size);
	own.left = NULL;
}

static UNSANITIZED void arrive_back(struct kept *kept)
{
	arrive(kept->fake_stack);
	kept->away = false;
	if (kept->of || !__sanitizer_start_switch_fiber)
		return;
	segue__annotate_no_root(kept->low, (size_t)((char *)own.stack + own.size - (char *)kept->low));
	if (kept->fake_stack)
		segue__annotate_no_root(kept->fake_stack, fake_size(own.size));
}

/* By unwinding, as a thread ends inside a coroutine, nobody comes by the other side's departure. */
static UNSANITIZED void unwound(struct kept *kept)
{
	if (!kept->away)
		return;
	depart(NULL, kept->of);
	arrive_back(kept);
	if (__asan_handle_no_return) /* frames of this stack went, too, with what is poisoned between their variables */
		__asan_handle_no_return();
}

void segue__arrive_watched(void)
{
	arrive(NULL);
}

/* The first call on a watched one's stack. */
static void run(segue_coroutine *co)
{
	segue__arrive_watched();
	segue__annotate_call(1);
	segue__run(co);
}

static bool is_unstarted(segue_coroutine *co, const segue_context *to)
{
	return co && to == &contexts_of(co)->own && to->ip == (void *)segue_arch_entry;
}

UNSANITIZED segue_pair segue__switch_watched(segue_context *from, segue_context *to, segue_result r, segue_coroutine *leaves,
					     segue_coroutine *reaches)
{
	__attribute__((cleanup(unwound))) struct kept kept = { .of = leaves };
	segue_pair p;

	if (leaves && leaves->gate & GATE_CLOSED) {
		drop_fake_stack(leaves);
		segue__leave_for_good(from, to, r, reaches);
	}
	if (is_unstarted(reaches, to)) {
		segue__call_first(to, (void (*)(void))run);
		if (__tsan_set_fiber_name)
			__tsan_set_fiber_name(fiber_of(reaches), segue__name(reaches) ? segue__name(reaches) : "?");
	}
	depart_for_now(&kept, from, reaches);
	p = segue_arch_switch(from, to, r.value, r.raised);
	arrive_back(&kept);
	return p;
}

UNSANITIZED void segue__leave_for_good(segue_context *from, segue_context *to, segue_result r, segue_coroutine *reaches)
{
	own.left = NULL;
	depart(NULL, reaches);
	(void)segue_arch_switch(from, to, r.value, r.raised);
	__builtin_unreachable();
}
