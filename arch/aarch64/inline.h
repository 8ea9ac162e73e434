/* The switch for AArch64 as inlined code: see switch.S for where registers stand when control arrives, and why it leaves by `ret`.
 *
 *   saved here   sp, x29, x19 and the place to go on: four words in the context. Compilers may refuse x29 and x19 as clobbers where
 *                these are the frame pointer and the base of a realigned frame, or take them and break
 *   lost         all others that a compiler may keep a value in, x18 too where it is no platform's: it saves what it needs
 *
 * Nothing is pushed.
 */

#ifdef __ELF__
/* The running coroutine. The thread's base is read each time, since compilers keep it over a switch. */
#define SEGUE_ARCH_FIND_CURRENT                                      \
	"adrp %0, :gottprel:segue_running\n\t"                       \
	"ldr %0, [%0, #:gottprel_lo12:segue_running]\n\t"            \
	"mrs %1, tpidr_el0\n\t"

SEGUE_INLINED segue_coroutine *segue_arch_current(void)
{
	segue_coroutine *co;
	uintptr_t offset;

	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "ldr %1, [%1, %0]" : "=&r"(offset), "=&r"(co) : : "memory");
	return co;
}

SEGUE_INLINED void segue_arch_set_current(segue_coroutine *co)
{
	uintptr_t offset, thread;

	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "str %2, [%1, %0]" : "=&r"(offset), "=&r"(thread) : "r"(co) : "memory");
}

/* Returns the one before. */
SEGUE_INLINED segue_coroutine *segue_arch_exchange_current(segue_coroutine *co)
{
	segue_coroutine *before;
	uintptr_t offset, thread;

	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "ldr %2, [%1, %0]\n\t"
						 "str %3, [%1, %0]"
			 : "=&r"(offset), "=&r"(thread), "=&r"(before) : "r"(co) : "memory");
	return before;
}
#endif

#if defined __APPLE__ || defined _WIN32 || defined __ANDROID__ || defined __Fuchsia__ || defined __OHOS__
#define SEGUE_ARCH_X18
#else
#define SEGUE_ARCH_X18 , "x18"
#endif
#if defined __ARM_FP || defined __ARM_NEON
#define SEGUE_ARCH_V                                                                                                            \
	, "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",   \
		"v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"
#else
#define SEGUE_ARCH_V
#endif
#if defined __ARM_FEATURE_SVE && !defined __clang__
#define SEGUE_ARCH_FFR , "ffr"
#else
#define SEGUE_ARCH_FFR /* clang has no name for it, and keeps nothing in it */
#endif
#ifdef __ARM_FEATURE_SVE
#define SEGUE_ARCH_P                                                                                                            \
	, "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15" SEGUE_ARCH_FFR
#else
#define SEGUE_ARCH_P
#endif

/* Suspends `co` or its sender, `from`, and resumes the other, `to`: SEGUE_OWN or SEGUE_SENDER without the prefix. That one gets
   `result`, an lvalue, where what is brought back is then. */
#define SEGUE_ARCH_SWITCH_INLINE(co, from, to, result)                                                                      \
	do {                                                                                                                \
		register const segue_type *segue_raised __asm__("x0") = (result).raised;                                    \
		register void *segue_value_ __asm__("x1") = (result).value;                                                 \
		register segue_coroutine *segue_co __asm__("x2") = (co);                                                    \
		__asm__ volatile("adr x9, 1f\n\t"                                                                           \
				 "mov x10, sp\n\t"                                                                          \
				 "ldr x11, [x2, #" SEGUE_##to(SP) "]\n\t"                                                   \
				 "stp x10, x29, [x2, #" SEGUE_##from(SP) "]\n\t"                                            \
				 "stp x9, x19, [x2, #" SEGUE_##from(IP) "]\n\t"                                             \
				 "ldp x10, x19, [x2, #" SEGUE_##to(IP) "]\n\t"                                              \
				 "ldr x29, [x2, #" SEGUE_##to(FP) "]\n\t"                                                   \
				 "mov sp, x11\n\t"                                                                          \
				 "ret x10\n"                                                                                \
				 "1:"                                                                                       \
				 : "+r"(segue_raised), "+r"(segue_value_), "+r"(segue_co)                                   \
				 :                                                                                          \
				 : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",      \
				   "x16", "x17" SEGUE_ARCH_X18, "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",     \
				   "x28", "x30" SEGUE_ARCH_V SEGUE_ARCH_P, "cc", "memory");                                 \
		(result).raised = segue_raised;                                                                             \
		(result).value = segue_value_;                                                                              \
	} while (0)
