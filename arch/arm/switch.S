/* The stack switch for 32-bit ARM, A32 or T32 ("Procedure Call Standard for the Arm Architecture", 2025Q4, 6.1 and 6.2.1;
 * "Exception Handling ABI for the Arm Architecture", 2025Q4, 10.3).
 *
 *   kept by the callee    r4-r8 r10 r11, r9 where it is v6, sp; d8-d15, with hard float and softfp alike (6.1.1, 6.1.2.1)
 *   saved here            r4-r11, d8-d15 on the stack; sp, a frame pointer and the place to go on in the context
 *   lost across a call    r0-r3 r12 lr, d0-d7 d16-d31, CPSR's flags
 *   never touched         the thread's own pointer (a system register); FPSCR: thread state here, unless a coroutine asks for its own
 *
 * d8-d15 are there where __ARM_FP is defined: a library for soft float does not keep them for a program that has them (softfp).
 *
 * A context that this stub suspended: sp points at
 *
 *        +---------------------+
 *    36  | d8-d15              |  D8
 *    32  | return address      |  PC
 *    28  | r11                 |  R11
 *    24  | r10                 |  R10
 *    20  | r9                  |  R9
 *    16  | r8                  |  R8
 *    12  | r7                  |  R7
 *     8  | r6                  |  R6
 *     4  | r5                  |  R5
 *     0  | r4                  |  R4  <- sp; ip is .Lresume; fp is the caller's r11; base is unused
 *        +---------------------+
 *
 * A new one: sp is aligned, ip a trampoline, base its argument; fp is 0 or leads to a record of whoever comes next.
 *
 * Wherever control arrives: sp holds that side's saved word, r7 and r11 both its fp (A32's frame pointer and T32's: either may
 * meet the other), r6 its base, r0 and r1 the two result words; all else is lost. An ip has bit 0 set where T32 goes on, as
 * `bx` wants it. Departure is by `bx` through another register than lr: that one is a return to a predictor, and mispredicts.
 *
 * The ABI leaves it to the platform whether frame records are chained (6.2.1.4), and Linux does not: no record is made here,
 * and fp is what the caller has in r11. Nor need r9 be a variable: where it is a static base, a new context starts with the
 * one that its first resumer has.
 *
 * There are two sets of unwind tables: .debug_frame, right at every instruction, for debuggers; and EHABI's, one state a
 * function, for _Unwind_Backtrace, which only ever comes to .Lresume and to what follows a call.
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_deref 0x06
#define DW_OP_breg(n) (0x70 + (n))
#define R6 6
#define R7 7
#define R11 11
#define LR 14
#define SLEB(n) ((n) & 0x7f)             /* of -64 to 63: one byte */

	.syntax unified
#ifdef __thumb2__
	.thumb
	.macro	address register, label
	adr.w	\register, \label + 1           /* the bit that `bx` wants: adr leaves it out */
	.endm
#else
	.arm
	.macro	address register, label
	adr	\register, \label
	.endm
#endif
	.cfi_sections .debug_frame
	.text

/* segue_pair segue_arch_switch(segue_context *from, segue_context *to, void *value, const void *raised)
 *                              r0                   r1                r2           r3
 * void *segue_context_switch(segue_context *from, segue_context *to, void *value)
 * The second returns r0, so its value goes there too. */
	.p2align 5
	.globl	segue_context_switch
	.type	segue_context_switch, %function
	.globl	segue_arch_switch
	.hidden	segue_arch_switch
	.type	segue_arch_switch, %function
segue_context_switch:
	.fnstart
	.cfi_startproc
	mov	r3, r2
segue_arch_switch:
	ldr	ip, [r1, #SEGUE_ARCH_SP]
#ifdef __ARM_FP
	.vsave	{d8-d15}
	vpush	{d8-d15}
	.cfi_adjust_cfa_offset SEGUE_ARCH_FRAME - SEGUE_ARCH_FRAME_CORE
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_rel_offset d\n, 8 * (\n - 8)
	.endr
#endif
	.save	{r4-r11, lr}
	push	{r4-r11, lr}
	.cfi_adjust_cfa_offset SEGUE_ARCH_FRAME_CORE
	.cfi_rel_offset r4, SEGUE_ARCH_FRAME_R4
	.cfi_rel_offset r5, SEGUE_ARCH_FRAME_R5
	.cfi_rel_offset r6, SEGUE_ARCH_FRAME_R6
	.cfi_rel_offset r7, SEGUE_ARCH_FRAME_R7
	.cfi_rel_offset r8, SEGUE_ARCH_FRAME_R8
	.cfi_rel_offset r9, SEGUE_ARCH_FRAME_R9
	.cfi_rel_offset r10, SEGUE_ARCH_FRAME_R10
	.cfi_rel_offset r11, SEGUE_ARCH_FRAME_R11
	.cfi_rel_offset lr, SEGUE_ARCH_FRAME_PC
	ldr	r8, [r1, #SEGUE_ARCH_IP]
	mov	r4, sp
	address lr, .Lresume
	stm	r0, {r4, r11, lr}               /* SP, FP, IP */
	mov	r0, r3
	cmp	r8, lr
	bne	.Lforeign
	mov	r1, r2
	.cfi_remember_state
	mov	sp, ip

/* Suspended by this stub, so its frame is the one that was pushed above. Two ways lead here: falling through, and a jump
   by code that was inlined into a caller. */
.Lresume:
	pop	{r4-r11, ip}
	.cfi_adjust_cfa_offset -SEGUE_ARCH_FRAME_CORE
	.cfi_register lr, ip
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11
	.cfi_same_value r\n
	.endr
#ifdef __ARM_FP
	vpop	{d8-d15}
	.cfi_adjust_cfa_offset SEGUE_ARCH_FRAME_CORE - SEGUE_ARCH_FRAME
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_same_value d\n
	.endr
#endif
	bx	ip

/* Not suspended by this stub: give it its three words and jump where it says. sp last: *to may lie on that very stack, below where it
   ends then, and a signal's frame may come there. From then on its caller is the other side. */
.Lforeign:
	.cfi_restore_state
	ldr	r6, [r1, #SEGUE_ARCH_BASE]
	ldr	r7, [r1, #SEGUE_ARCH_FP]
	mov	r11, r7
	mov	sp, ip
	.cfi_def_cfa sp, 0
	.cfi_register lr, r8
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11
	.cfi_same_value r\n
	.endr
#ifdef __ARM_FP
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_same_value d\n
	.endr
#endif
	mov	r1, r2
	bx	r8
	.cfi_endproc
	.fnend
	.size	segue_context_switch, . - segue_context_switch
	.size	segue_arch_switch, . - segue_arch_switch

/* The first frame of a bare context: the end of its backtrace. r6: ARG; ENTRY is at sp. r1: the first value, where entry
   wants it. */
	.p2align 2
	.globl	segue_arch_start
	.hidden	segue_arch_start
	.type	segue_arch_start, %function
	.fnstart
	.cantunwind
	.cfi_startproc
	.cfi_undefined lr
segue_arch_before:              /* who looks an address up looks one byte before it */
	nop
segue_arch_start:
	ldr	ip, [sp]
	mov	r0, r6
	blx	ip
	udf	#0
	.cfi_endproc
	.fnend
	.size	segue_arch_start, . - segue_arch_start

/* The first frame of a coroutine. r6: the coroutine, ARG; just below it in memory lies its sender's context; ENTRY is at sp.
   Its caller is whoever resumed it last: that context's four words. It counts as a signal frame, so that a debugger lets the
   stack change below it, and looks its caller up at the very address; then also something must follow the call. */
	.p2align 2
	.globl	segue_arch_entry
	.hidden	segue_arch_entry
	.type	segue_arch_entry, %function
	.fnstart
	.unwind_raw 0,             \
		0x96,              /* vsp = r6 */ \
		0x42, 0x80, 0x08,  /* vsp -= 12, to its sender's fp; pop {r7} */ \
		0x40, 0x88, 0x80,  /* vsp -= 4, to it again; pop {r11, pc}: fp, ip */ \
		0x80, 0x04,        /* pop {r6}: base */ \
		0x43, 0x82, 0x00   /* vsp -= 16, to its sender's sp; pop {sp} */
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg(R6), SLEB(SEGUE_ARCH_SP - SEGUE_ARCH_CONTEXT), DW_OP_deref
	.cfi_escape DW_CFA_expression, LR, 2, DW_OP_breg(R6), SLEB(SEGUE_ARCH_IP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, R7, 2, DW_OP_breg(R6), SLEB(SEGUE_ARCH_FP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, R11, 2, DW_OP_breg(R6), SLEB(SEGUE_ARCH_FP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, R6, 2, DW_OP_breg(R6), SLEB(SEGUE_ARCH_BASE - SEGUE_ARCH_CONTEXT)
	nop
segue_arch_entry:
	ldr	ip, [sp]
	mov	r0, r6
	blx	ip
	udf	#0
	.cfi_endproc
	.fnend
	.size	segue_arch_entry, . - segue_arch_entry

/* void segue_arch_fenv_save(uint32_t fenv[2]), void segue_arch_fenv_load(const uint32_t fenv[2]): FPSCR, its status bits too */
	.p2align 2
	.globl	segue_arch_fenv_save
	.hidden	segue_arch_fenv_save
	.type	segue_arch_fenv_save, %function
segue_arch_fenv_save:
	.fnstart
	.cfi_startproc
#ifdef __ARM_FP
	vmrs	r1, fpscr
	str	r1, [r0]
#endif
	bx	lr
	.cfi_endproc
	.fnend
	.size	segue_arch_fenv_save, . - segue_arch_fenv_save

	.p2align 2
	.globl	segue_arch_fenv_load
	.hidden	segue_arch_fenv_load
	.type	segue_arch_fenv_load, %function
segue_arch_fenv_load:
	.fnstart
	.cfi_startproc
#ifdef __ARM_FP
	ldr	r1, [r0]
	vmsr	fpscr, r1
#endif
	bx	lr
	.cfi_endproc
	.fnend
	.size	segue_arch_fenv_load, . - segue_arch_fenv_load

#ifdef __ELF__
	.section .note.GNU-stack, "", %progbits
#endif
