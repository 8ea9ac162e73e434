/* The switch for x86-64 as inlined code: see switch.S for where registers stand when control arrives, and why it leaves by `notrack jmp`.
 *
 *   saved here   rsp, rbp, rbx and the place to go on: four words in the context. Compilers may refuse rbp and rbx as clobbers where
 *                these are the frame pointer and the base of a realigned frame, or take them and break
 *   lost         all others that a compiler may keep a value in: it saves what it needs
 *
 * Nothing is pushed: a leaf function's red zone stays as it is.
 */
#ifdef __ELF__
/* The running coroutine. Where it lies from fs on is loaded each time: a register held over a switch costs more. */
SEGUE_INLINED segue_coroutine *segue_arch_current(void)
{
	segue_coroutine *co;

	__asm__ volatile("movq segue_running@gottpoff(%%rip), %0\n\t"
			 "movq %%fs:(%0), %0" : "=r"(co) : : "memory");
	return co;
}

SEGUE_INLINED void segue_arch_set_current(segue_coroutine *co)
{
	uintptr_t at;

	__asm__ volatile("movq segue_running@gottpoff(%%rip), %0\n\t"
			 "movq %1, %%fs:(%0)" : "=&r"(at) : "r"(co) : "memory");
}

/* Returns the one before. */
SEGUE_INLINED segue_coroutine *segue_arch_exchange_current(segue_coroutine *co)
{
	segue_coroutine *before;
	uintptr_t at;

	__asm__ volatile("movq segue_running@gottpoff(%%rip), %0\n\t"
			 "movq %%fs:(%0), %1\n\t"
			 "movq %2, %%fs:(%0)" : "=&r"(at), "=&r"(before) : "r"(co) : "memory");
	return before;
}
#endif

#ifdef __SSE__
#define SEGUE_ARCH_XMM                                                                                                      \
	, "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
		"xmm14", "xmm15"
#else
#define SEGUE_ARCH_XMM
#endif
#ifdef __AVX512F__
#define SEGUE_ARCH_AVX512                                                                                                   \
	, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", \
		"xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define SEGUE_ARCH_AVX512
#endif
#if defined __APX_F__ || defined __EGPR__
#define SEGUE_ARCH_APX                                                                                                       \
	, "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31"
#else
#define SEGUE_ARCH_APX
#endif
#ifdef __MMX__
#define SEGUE_ARCH_MMX , "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7"
#else
#define SEGUE_ARCH_MMX
#endif

#ifndef _SOFT_FLOAT /* gcc's word for -mno-80387: it refuses them then */
#define SEGUE_ARCH_X87 , "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"
#else
#define SEGUE_ARCH_X87
#endif

/* Suspends `co` or its sender, `from`, and resumes the other, `to`: SEGUE_OWN or SEGUE_SENDER without the prefix. That one gets
   `result`, an lvalue, where what is brought back is then. */
#define SEGUE_ARCH_SWITCH_INLINE(co, from, to, result)                                                                      \
	do {                                                                                                                \
		segue_coroutine *segue_co = (co);                                                                           \
		__asm__ volatile("leaq 1f(%%rip), %%r8\n\t"                                                                 \
				 "movq %%rsp, " SEGUE_##from(SP) "(%%rdi)\n\t"                                              \
				 "movq %%rbp, " SEGUE_##from(FP) "(%%rdi)\n\t"                                              \
				 "movq %%r8, " SEGUE_##from(IP) "(%%rdi)\n\t"                                               \
				 "movq %%rbx, " SEGUE_##from(BASE) "(%%rdi)\n\t"                                            \
				 "movq " SEGUE_##to(FP) "(%%rdi), %%rbp\n\t"                                                \
				 "movq " SEGUE_##to(BASE) "(%%rdi), %%rbx\n\t"                                              \
				 "movq " SEGUE_##to(SP) "(%%rdi), %%rsp\n\t"                                                \
				 "notrack jmpq *" SEGUE_##to(IP) "(%%rdi)\n"                                                \
				 "1:"                                                                                       \
				 : "+a"((result).raised), "+d"((result).value), "+D"(segue_co)                              \
				 :                                                                                          \
				 : "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"                       \
				   SEGUE_ARCH_X87 SEGUE_ARCH_MMX SEGUE_ARCH_XMM SEGUE_ARCH_AVX512 SEGUE_ARCH_APX,           \
				   "cc", "memory");                                                                         \
	} while (0)
