/* The switch for RV64 as inlined code: see switch.S for where registers stand when control arrives, and why it leaves by `jr t2`.
 *
 *   saved here   sp, s0, s1 and the place to go on: four words in the context. Compilers may refuse s0 and s1 as clobbers where
 *                these are the frame pointer and the base of a realigned frame, or take them and break
 *   lost         all others that a compiler may keep a value in: it saves what it needs
 *
 * Nothing is pushed.
 */

/* The running coroutine: where it lies from tp on is loaded each time. */
SEGUE_INLINED segue_coroutine *segue_arch_current(void)
{
	segue_coroutine *co;

	__asm__ volatile("la.tls.ie %0, segue_running\n\t"
			 "add %0, %0, tp\n\t"
			 "ld %0, 0(%0)" : "=&r"(co) : : "memory");
	return co;
}

SEGUE_INLINED void segue_arch_set_current(segue_coroutine *co)
{
	uintptr_t at;

	__asm__ volatile("la.tls.ie %0, segue_running\n\t"
			 "add %0, %0, tp\n\t"
			 "sd %1, 0(%0)" : "=&r"(at) : "r"(co) : "memory");
}

/* Returns the one before. */
SEGUE_INLINED segue_coroutine *segue_arch_exchange_current(segue_coroutine *co)
{
	segue_coroutine *before;
	uintptr_t at;

	__asm__ volatile("la.tls.ie %0, segue_running\n\t"
			 "add %0, %0, tp\n\t"
			 "ld %1, 0(%0)\n\t"
			 "sd %2, 0(%0)" : "=&r"(at), "=&r"(before) : "r"(co) : "memory");
	return before;
}

#ifdef __riscv_flen
#define SEGUE_ARCH_F                                                                                                            \
	, "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", "fa1", "fa2", "fa3",     \
		"fa4", "fa5", "fa6", "fa7", "fs0", "fs1", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11"
#else
#define SEGUE_ARCH_F
#endif
/* gcc before 13 takes -march=...v and has no names for these registers, nor values in them; clang takes vl and vtype for lost by any
   assembly, and older ones have no names for them. */
#if defined __riscv_vector && defined __GNUC__ && !defined __clang__ && __GNUC__ >= 13
#define SEGUE_ARCH_VL , "vl", "vtype"
#else
#define SEGUE_ARCH_VL
#endif
#if defined __riscv_vector && (defined __clang__ || __GNUC__ >= 13)
#define SEGUE_ARCH_V                                                                                                            \
	, "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",   \
		"v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31" SEGUE_ARCH_VL
#else
#define SEGUE_ARCH_V
#endif

/* Suspends `co` or its sender, `from`, and resumes the other, `to`: SEGUE_OWN or SEGUE_SENDER without the prefix. That one gets
   `result`, an lvalue, where what is brought back is then. */
#define SEGUE_ARCH_SWITCH_INLINE(co, from, to, result)                                                                      \
	do {                                                                                                                \
		register const segue_type *segue_raised __asm__("a0") = (result).raised;                                    \
		register void *segue_value_ __asm__("a1") = (result).value;                                                 \
		register segue_coroutine *segue_co __asm__("a2") = (co);                                                    \
		__asm__ volatile("ld t2, " SEGUE_##to(IP) "(a2)\n\t"                                                        \
				 "lla t1, 1f\n\t"                                                                           \
				 "sd sp, " SEGUE_##from(SP) "(a2)\n\t"                                                      \
				 "sd s0, " SEGUE_##from(FP) "(a2)\n\t"                                                      \
				 "sd t1, " SEGUE_##from(IP) "(a2)\n\t"                                                      \
				 "sd s1, " SEGUE_##from(BASE) "(a2)\n\t"                                                    \
				 "ld s0, " SEGUE_##to(FP) "(a2)\n\t"                                                        \
				 "ld s1, " SEGUE_##to(BASE) "(a2)\n\t"                                                      \
				 "ld sp, " SEGUE_##to(SP) "(a2)\n\t"                                                        \
				 "jr t2\n"                                                                                  \
				 "1:"                                                                                       \
				 : "+r"(segue_raised), "+r"(segue_value_), "+r"(segue_co)                                   \
				 :                                                                                          \
				 : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a3", "a4", "a5", "a6", "a7", "s2",      \
				   "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11" SEGUE_ARCH_F SEGUE_ARCH_V,        \
				   "memory");                                                                               \
		(result).raised = segue_raised;                                                                             \
		(result).value = segue_value_;                                                                              \
	} while (0)
