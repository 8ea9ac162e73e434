/* The stack switch for RV64: "RISC-V ABIs Specification" 1.0, "Register Convention" and "Procedure Calling Convention"; frame
 * records as "Frame Pointer Convention" of the 1.1 drafts has them, and compilers.
 *
 *   kept by the callee    s0-s11, sp; of fs0-fs11 ABI_FLEN bits: 64 with lp64d, 32 with lp64f, none with lp64
 *   saved here            s0-s11, fs0-fs11 on the stack; sp, a frame pointer and the place to go on in the context
 *   lost across a call    ra t0-t6 a0-a7, ft0-ft11 fa0-fa7, what is above ABI_FLEN in fs0-fs11, v0-v31 vl vtype vxrm vxsat
 *   never touched         gp and tp, which signal handlers rely on; fcsr: thread state here, unless a coroutine asks for its own
 *
 * A context that this stub suspended: sp points at (bytes with lp64d / lp64f / lp64)
 *
 *                      +---------------------+ <- fp
 *   200 / 152 / 104    | ra                  |  PC      the record below fp is {S0, PC}
 *   192 / 144 /  96    | s0                  |  S0
 *   184 / 136 /  88    | s1                  |  S1
 *        ...           | s2 ... s10          |  S2 ... S10
 *   104 /  56 /   8    | s11                 |  S11
 *    96 /  48 /   0    | (unused)            |
 *    88 /  44 /        | fs11                |  FS11
 *        ...           | fs10 ... fs1        |  FS10 ... FS1
 *     0 /   0 /        | fs0                 |  FS0
 *                      +---------------------+ <- sp; ip is .Lresume; base is unused
 *
 * A new one: sp is aligned, ip a trampoline, base its argument; fp is 0 or leads to a record of whoever comes next.
 *
 * Wherever control arrives: sp, s0 and s1 hold that side's saved sp, fp and base, a0 and a1 the two result words; all else is
 * lost. Departure is by `jr t2`. Through ra or t0 it would be a return to the predictor, and a wrong one; and of the others only t2
 * may lead to a place without a landing pad (Zicfilp's software-guarded branch).
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_deref 0x06
#define DW_OP_breg(n) (0x70 + (n))
#define RA 1
#define S0 8
#define S1 9
#define SLEB(n) ((n) & 0x7f)             /* of -64 to 63: one byte */

#if SEGUE_ARCH_FLEN == 8
#define fsave fsd
#define fload fld
#elif SEGUE_ARCH_FLEN == 4
#define fsave fsw
#define fload flw
#endif

/* To whoever is the caller now, these hold their own values. */
	.macro	same_fs_and_s2_up
	.irp	n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	.cfi_same_value s\n
	.endr
#if SEGUE_ARCH_FLEN
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	.cfi_same_value fs\n
	.endr
#endif
	.endm

	.text
	.option norelax                 /* a linker has nothing to shorten here, and lld before 15 can't undo an alignment */

/* segue_pair segue_arch_switch(segue_context *from, segue_context *to, void *value, const void *raised)
 *                              a0                   a1                 a2           a3
 * void *segue_context_switch(segue_context *from, segue_context *to, void *value)
 * The second returns a0, so its value goes there too. */
	.p2align 5
	.globl	segue_context_switch
	.type	segue_context_switch, @function
	.globl	segue_arch_switch
	.hidden	segue_arch_switch
	.type	segue_arch_switch, @function
segue_context_switch:
	.cfi_startproc
	mv	a3, a2
segue_arch_switch:
	ld	t2, SEGUE_ARCH_IP(a1)
	ld	t1, SEGUE_ARCH_SP(a1)
	sd	sp, SEGUE_ARCH_FP(a0)   /* the frame's top */
	addi	sp, sp, -SEGUE_ARCH_FRAME
	.cfi_adjust_cfa_offset SEGUE_ARCH_FRAME
	sd	ra, SEGUE_ARCH_FRAME_PC(sp)
	.cfi_rel_offset ra, SEGUE_ARCH_FRAME_PC
	sd	s0, SEGUE_ARCH_FRAME_S0(sp)
	.cfi_rel_offset s0, SEGUE_ARCH_FRAME_S0
	sd	s1, SEGUE_ARCH_FRAME_S1(sp)
	.cfi_rel_offset s1, SEGUE_ARCH_FRAME_S1
	sd	s2, SEGUE_ARCH_FRAME_S2(sp)
	.cfi_rel_offset s2, SEGUE_ARCH_FRAME_S2
	sd	s3, SEGUE_ARCH_FRAME_S3(sp)
	.cfi_rel_offset s3, SEGUE_ARCH_FRAME_S3
	sd	s4, SEGUE_ARCH_FRAME_S4(sp)
	.cfi_rel_offset s4, SEGUE_ARCH_FRAME_S4
	sd	s5, SEGUE_ARCH_FRAME_S5(sp)
	.cfi_rel_offset s5, SEGUE_ARCH_FRAME_S5
	sd	s6, SEGUE_ARCH_FRAME_S6(sp)
	.cfi_rel_offset s6, SEGUE_ARCH_FRAME_S6
	sd	s7, SEGUE_ARCH_FRAME_S7(sp)
	.cfi_rel_offset s7, SEGUE_ARCH_FRAME_S7
	sd	s8, SEGUE_ARCH_FRAME_S8(sp)
	.cfi_rel_offset s8, SEGUE_ARCH_FRAME_S8
	sd	s9, SEGUE_ARCH_FRAME_S9(sp)
	.cfi_rel_offset s9, SEGUE_ARCH_FRAME_S9
	sd	s10, SEGUE_ARCH_FRAME_S10(sp)
	.cfi_rel_offset s10, SEGUE_ARCH_FRAME_S10
	sd	s11, SEGUE_ARCH_FRAME_S11(sp)
	.cfi_rel_offset s11, SEGUE_ARCH_FRAME_S11
#if SEGUE_ARCH_FLEN
	fsave	fs11, SEGUE_ARCH_FRAME_FS11(sp)
	.cfi_rel_offset fs11, SEGUE_ARCH_FRAME_FS11
	fsave	fs10, SEGUE_ARCH_FRAME_FS10(sp)
	.cfi_rel_offset fs10, SEGUE_ARCH_FRAME_FS10
	fsave	fs9, SEGUE_ARCH_FRAME_FS9(sp)
	.cfi_rel_offset fs9, SEGUE_ARCH_FRAME_FS9
	fsave	fs8, SEGUE_ARCH_FRAME_FS8(sp)
	.cfi_rel_offset fs8, SEGUE_ARCH_FRAME_FS8
	fsave	fs7, SEGUE_ARCH_FRAME_FS7(sp)
	.cfi_rel_offset fs7, SEGUE_ARCH_FRAME_FS7
	fsave	fs6, SEGUE_ARCH_FRAME_FS6(sp)
	.cfi_rel_offset fs6, SEGUE_ARCH_FRAME_FS6
	fsave	fs5, SEGUE_ARCH_FRAME_FS5(sp)
	.cfi_rel_offset fs5, SEGUE_ARCH_FRAME_FS5
	fsave	fs4, SEGUE_ARCH_FRAME_FS4(sp)
	.cfi_rel_offset fs4, SEGUE_ARCH_FRAME_FS4
	fsave	fs3, SEGUE_ARCH_FRAME_FS3(sp)
	.cfi_rel_offset fs3, SEGUE_ARCH_FRAME_FS3
	fsave	fs2, SEGUE_ARCH_FRAME_FS2(sp)
	.cfi_rel_offset fs2, SEGUE_ARCH_FRAME_FS2
	fsave	fs1, SEGUE_ARCH_FRAME_FS1(sp)
	.cfi_rel_offset fs1, SEGUE_ARCH_FRAME_FS1
	fsave	fs0, SEGUE_ARCH_FRAME_FS0(sp)
	.cfi_rel_offset fs0, SEGUE_ARCH_FRAME_FS0
#endif
	lla	t0, .Lresume
	sd	sp, SEGUE_ARCH_SP(a0)
	sd	t0, SEGUE_ARCH_IP(a0)
	mv	a0, a3
	bne	t2, t0, .Lforeign
	.cfi_remember_state
	mv	a1, a2
	mv	sp, t1

/* Suspended by this stub, so its frame is the one that was pushed above. Two ways lead here: falling through, and a jump
   by code that was inlined into a caller. */
.Lresume:
	ld	t2, SEGUE_ARCH_FRAME_PC(sp)
	ld	s0, SEGUE_ARCH_FRAME_S0(sp)
	ld	s1, SEGUE_ARCH_FRAME_S1(sp)
	ld	s2, SEGUE_ARCH_FRAME_S2(sp)
	ld	s3, SEGUE_ARCH_FRAME_S3(sp)
	ld	s4, SEGUE_ARCH_FRAME_S4(sp)
	ld	s5, SEGUE_ARCH_FRAME_S5(sp)
	ld	s6, SEGUE_ARCH_FRAME_S6(sp)
	ld	s7, SEGUE_ARCH_FRAME_S7(sp)
	ld	s8, SEGUE_ARCH_FRAME_S8(sp)
	ld	s9, SEGUE_ARCH_FRAME_S9(sp)
	ld	s10, SEGUE_ARCH_FRAME_S10(sp)
	ld	s11, SEGUE_ARCH_FRAME_S11(sp)
#if SEGUE_ARCH_FLEN
	fload	fs11, SEGUE_ARCH_FRAME_FS11(sp)
	fload	fs10, SEGUE_ARCH_FRAME_FS10(sp)
	fload	fs9, SEGUE_ARCH_FRAME_FS9(sp)
	fload	fs8, SEGUE_ARCH_FRAME_FS8(sp)
	fload	fs7, SEGUE_ARCH_FRAME_FS7(sp)
	fload	fs6, SEGUE_ARCH_FRAME_FS6(sp)
	fload	fs5, SEGUE_ARCH_FRAME_FS5(sp)
	fload	fs4, SEGUE_ARCH_FRAME_FS4(sp)
	fload	fs3, SEGUE_ARCH_FRAME_FS3(sp)
	fload	fs2, SEGUE_ARCH_FRAME_FS2(sp)
	fload	fs1, SEGUE_ARCH_FRAME_FS1(sp)
	fload	fs0, SEGUE_ARCH_FRAME_FS0(sp)
#endif
	addi	sp, sp, SEGUE_ARCH_FRAME
	.cfi_def_cfa sp, 0
	.cfi_register ra, t2
	.cfi_same_value s0
	.cfi_same_value s1
	same_fs_and_s2_up
	jr	t2

/* Not suspended by this stub: give it its three words and jump where it says. sp last: *to may lie on that very stack, below where it
   ends then, and a signal's frame may come there. From then on its caller is the other side. */
.Lforeign:
	.cfi_restore_state
	ld	s0, SEGUE_ARCH_FP(a1)
	ld	s1, SEGUE_ARCH_BASE(a1)
	mv	sp, t1
	.cfi_def_cfa sp, 0
	.cfi_register ra, t2
	.cfi_same_value s0
	.cfi_same_value s1
	same_fs_and_s2_up
	mv	a1, a2
	jr	t2
	.cfi_endproc
	.size	segue_context_switch, . - segue_context_switch
	.size	segue_arch_switch, . - segue_arch_switch

/* The first frame of a bare context: the end of its backtrace. s1: ARG; ENTRY is at sp. a1: the first value. */
	.p2align 4
	.globl	segue_arch_start
	.hidden	segue_arch_start
	.type	segue_arch_start, @function
	.cfi_startproc
	.cfi_undefined ra
segue_arch_before:              /* who looks an address up looks one byte before it */
	nop
segue_arch_start:
	ld	t1, (sp)
	mv	a0, s1
	jalr	t1
	unimp
	.cfi_endproc
	.size	segue_arch_start, . - segue_arch_start

/* The first frame of a coroutine. s1: the coroutine, ARG; just below it in memory lies its sender's context; ENTRY is at sp.
   Its caller is whoever resumed it last: that context's four words. It counts as a signal frame, so that a debugger lets the
   stack change below it, and looks its caller up at the very address; then also something must follow the call. */
	.p2align 4
	.globl	segue_arch_entry
	.hidden	segue_arch_entry
	.type	segue_arch_entry, @function
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg(S1), SLEB(SEGUE_ARCH_SP - SEGUE_ARCH_CONTEXT), DW_OP_deref
	.cfi_escape DW_CFA_expression, RA, 2, DW_OP_breg(S1), SLEB(SEGUE_ARCH_IP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, S0, 2, DW_OP_breg(S1), SLEB(SEGUE_ARCH_FP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, S1, 2, DW_OP_breg(S1), SLEB(SEGUE_ARCH_BASE - SEGUE_ARCH_CONTEXT)
	nop
segue_arch_entry:
	ld	t1, (sp)
	mv	a0, s1
	jalr	t1
	unimp
	.cfi_endproc
	.size	segue_arch_entry, . - segue_arch_entry

/* void segue_arch_fenv_save(uint32_t fenv[2]), void segue_arch_fenv_load(const uint32_t fenv[2]): the rounding mode, frm, is
   all the control that there is; fcsr's flags are status. */
	.globl	segue_arch_fenv_save
	.hidden	segue_arch_fenv_save
	.type	segue_arch_fenv_save, @function
segue_arch_fenv_save:
	.cfi_startproc
#if defined __riscv_flen || defined __riscv_zfinx
	frrm	t1
	sw	t1, (a0)
#endif
	ret
	.cfi_endproc
	.size	segue_arch_fenv_save, . - segue_arch_fenv_save

	.globl	segue_arch_fenv_load
	.hidden	segue_arch_fenv_load
	.type	segue_arch_fenv_load, @function
segue_arch_fenv_load:
	.cfi_startproc
#if defined __riscv_flen || defined __riscv_zfinx
	lw	t1, (a0)
	fsrm	t1
#endif
	ret
	.cfi_endproc
	.size	segue_arch_fenv_load, . - segue_arch_fenv_load

#ifdef __ELF__
	.section .note.GNU-stack, "", @progbits
#endif
