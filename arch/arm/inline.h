/* The switch for 32-bit ARM as inlined code, A32 or T32: see switch.S for where registers stand when control arrives.
 *
 *   saved here   sp, the frame pointer (r7 in T32, r11 in A32), r6 and the place to go on: four words in the context. Compilers may
 *                refuse these as clobbers where they are the frame pointer and the base of a realigned frame, or take them and break
 *   lost         all others that a compiler may keep a value in: it saves what it needs
 *
 * Nothing is pushed.
 */
#if defined __thumb__ && !defined __thumb2__
#error "segue/inline.h wants A32 or Thumb-2: Thumb-1 has not the instructions"
#endif
#ifdef __ARM_FEATURE_MVE
#error "segue/inline.h is not for MVE: compilers keep predicates in VPR, and clang has no name for it to say that it is lost"
#endif

#ifdef __thumb__
#define SEGUE_ARCH_FRAME_POINTER "r7"
#define SEGUE_ARCH_NO_FRAME_POINTER "r11"
#define SEGUE_ARCH_ADR(register, label) "adr.w " register ", " label " + 1\n\t" /* the bit that `bx` wants: adr leaves it out */
#define SEGUE_ARCH_PC 4
#else
#define SEGUE_ARCH_FRAME_POINTER "r11"
#define SEGUE_ARCH_NO_FRAME_POINTER "r7"
#define SEGUE_ARCH_ADR(register, label) "adr " register ", " label "\n\t"
#define SEGUE_ARCH_PC 8
#endif

/* The running coroutine: where it lies from the thread's base on, and that, are read each time. */
#if __ARM_ARCH >= 7 && __ARM_ARCH_PROFILE != 'M'
#define SEGUE_ARCH_THREAD "mrc p15, 0, r0, c13, c0, 3\n\t"
#else
#define SEGUE_ARCH_THREAD "bl __aeabi_read_tp\n\t"
#endif
#define SEGUE_ARCH_FIND_CURRENT                                                              \
	SEGUE_ARCH_THREAD                                                                    \
	"ldr r1, 1f\n"                                                                       \
	"0:\tadd r1, r1, pc\n\t"                                                             \
	"ldr r1, [r1]\n\t"                                                                   \
	"b 2f\n\t"                                                                           \
	".balign 4\n"                                                                        \
	"1:\t.word segue_running(gottpoff) + (. - 0b - " SEGUE_STRING_OF(SEGUE_ARCH_PC) ")\n" \
	"2:\t"
#define SEGUE_STRING_OF(x) SEGUE_STRING(x)
#define SEGUE_ARCH_LOST_BY_FINDING "r0", "r1", "ip", "lr", "cc", "memory"

SEGUE_INLINED segue_coroutine *segue_arch_current(void)
{
	segue_coroutine *co;

	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "ldr %0, [r0, r1]" : "=r"(co) : : SEGUE_ARCH_LOST_BY_FINDING);
	return co;
}

SEGUE_INLINED void segue_arch_set_current(segue_coroutine *co)
{
	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "str %0, [r0, r1]" : : "r"(co) : SEGUE_ARCH_LOST_BY_FINDING);
}

/* Returns the one before. */
SEGUE_INLINED segue_coroutine *segue_arch_exchange_current(segue_coroutine *co)
{
	segue_coroutine *before;

	__asm__ volatile(SEGUE_ARCH_FIND_CURRENT "ldr %0, [r0, r1]\n\t"
						 "str %1, [r0, r1]"
			 : "=&r"(before) : "r"(co) : SEGUE_ARCH_LOST_BY_FINDING);
	return before;
}

/* All 32 wherever there is floating point: no macro tells VFPv3-D32 from -D16, and naming what is not there does no harm. */
#ifdef __ARM_FP
#define SEGUE_ARCH_D                                                                                                            \
	, "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "d16", "d17",   \
		"d18", "d19", "d20", "d21", "d22", "d23", "d24", "d25", "d26", "d27", "d28", "d29", "d30", "d31"
#else
#define SEGUE_ARCH_D
#endif
/* clang warns of that. It is to warn only where T32's frame pointer is r11 (-mframe-chain=aapcs): for that there is no room in a context. */
#ifdef __clang__
#define SEGUE_ARCH_QUIETLY(statement)                                                                                       \
	__asm__ volatile("@ lost" : : : SEGUE_ARCH_NO_FRAME_POINTER);                                                       \
	_Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Winline-asm\"") statement;                    \
	_Pragma("clang diagnostic pop")
#else
#define SEGUE_ARCH_QUIETLY(statement) statement
#endif

/* Suspends `co` or its sender, `from`, and resumes the other, `to`: SEGUE_OWN or SEGUE_SENDER without the prefix. That one gets
   `result`, an lvalue, where what is brought back is then. */
#define SEGUE_ARCH_SWITCH_INLINE(co, from, to, result)                                                                      \
	do {                                                                                                                \
		register const segue_type *segue_raised __asm__("r0") = (result).raised;                                    \
		register void *segue_value_ __asm__("r1") = (result).value;                                                 \
		register segue_coroutine *segue_co __asm__("r2") = (co);                                                    \
		SEGUE_ARCH_QUIETLY(__asm__ volatile(                                                                        \
				 SEGUE_ARCH_ADR("r3", "1f")                                                                 \
				 "str sp, [r2, #" SEGUE_##from(SP) "]\n\t"                                                  \
				 "str " SEGUE_ARCH_FRAME_POINTER ", [r2, #" SEGUE_##from(FP) "]\n\t"                        \
				 "str r3, [r2, #" SEGUE_##from(IP) "]\n\t"                                                  \
				 "str r6, [r2, #" SEGUE_##from(BASE) "]\n\t"                                                \
				 "ldr r12, [r2, #" SEGUE_##to(IP) "]\n\t"                                                   \
				 "ldr r6, [r2, #" SEGUE_##to(BASE) "]\n\t"                                                  \
				 "ldr r7, [r2, #" SEGUE_##to(FP) "]\n\t"                                                    \
				 "mov r11, r7\n\t"                                                                          \
				 "ldr sp, [r2, #" SEGUE_##to(SP) "]\n\t"                                                    \
				 "bx r12\n\t"                                                                               \
				 ".balign 4\n"                                                                              \
				 "1:"                                                                                       \
				 : "+r"(segue_raised), "+r"(segue_value_), "+r"(segue_co)                                   \
				 :                                                                                          \
				 : "r3", "r4", "r5", SEGUE_ARCH_NO_FRAME_POINTER, "r8", "r9", "r10", "r12",                 \
				   "lr" SEGUE_ARCH_D, "cc", "memory"));                                                     \
		(result).raised = segue_raised;                                                                             \
		(result).value = segue_value_;                                                                              \
	} while (0)
