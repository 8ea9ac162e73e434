/* The stack switch for AArch64: "Procedure Call Standard for the Arm 64-bit Architecture" (AAPCS64) 2025Q4, 6.1, 6.2 and 6.4.6.
 *
 *   kept by the callee    x19-x28, x29, sp, the low 64 bits of v8-v15; FPCR's control bits (6.1.2)
 *   saved here            x19-x28 x29 d8-d15 on the stack; sp, a frame pointer and the place to go on in the context
 *   lost across a call    x0-x17 x30, v0-v7 v16-v31 and the upper halves of v8-v15, SVE's z, p and ffr, ZT0, FPMR, FPSR, flags
 *   never touched         x18 and TPIDR_EL0: the platform's; FPCR: thread state here, unless a coroutine asks for its own;
 *                         SME's ZA, its TPIDR2_EL0, and streaming mode, which is off here as in any function not marked for it
 *
 * A context that this stub suspended: sp points at
 *
 *        +---------------------+
 *    96  | d8 … d15            |  D8 … D15
 *    16  | x19 … x28           |  X19 … X28
 *     8  | return address      |  PC      the record that fp points at is {X29, PC}
 *     0  | x29                 |  X29  <- sp, fp; ip is .Lresume; base is unused
 *        +---------------------+
 *
 * A new one: sp is aligned, ip a trampoline, base its argument; fp is 0 or leads to a record of whoever comes next.
 *
 * Wherever control arrives: sp, fp (x29) and base (x19) hold that side's saved words, x0 and x1 the two result words; all else
 * is lost. Departure is by `ret`, through any register: a place inside a function has no `bti j`, and only `ret` needs none.
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_deref 0x06
#define DW_OP_breg(n) (0x70 + (n))
#define X19 19
#define X29 29
#define X30 30                           /* the return address's column */
#define SLEB(n) ((n) & 0x7f)             /* of -64 to 63: one byte */

#ifdef __ELF__
#define SYMBOL(name) name
#define LOCAL(name) .L##name
#define FUNCTION(name) .globl name; .type name, %function
#define HIDDEN_FUNCTION(name) FUNCTION(name); .hidden name
#define SIZE(name) .size name, . - name
#else                                    /* Mach-O */
#define SYMBOL(name) _##name
#define LOCAL(name) L##name
#define FUNCTION(name) .globl _##name
#define HIDDEN_FUNCTION(name) .private_extern _##name
#define SIZE(name)
#endif

	.text

/* segue_pair segue_arch_switch(segue_context *from, segue_context *to, void *value, const segue_type *raised)
 *                              x0                   x1                 x2           x3
 * void *segue_context_switch(segue_context *from, segue_context *to, void *value)
 * The second returns x0, so its value goes there too. It alone has a landing pad: the first is only called directly. */
	.p2align 5
	FUNCTION(segue_context_switch)
	HIDDEN_FUNCTION(segue_arch_switch)
SYMBOL(segue_context_switch):
	.cfi_startproc
	bti	c
	mov	x3, x2
SYMBOL(segue_arch_switch):
	ldr	x10, [x1, #SEGUE_ARCH_IP]
	ldr	x9, [x1, #SEGUE_ARCH_SP]
	stp	x29, x30, [sp, #-SEGUE_ARCH_FRAME]!
	.cfi_adjust_cfa_offset SEGUE_ARCH_FRAME
	.cfi_rel_offset x29, SEGUE_ARCH_FRAME_X29
	.cfi_rel_offset x30, SEGUE_ARCH_FRAME_PC
	mov	x29, sp
	stp	x19, x20, [sp, #SEGUE_ARCH_FRAME_X19]
	.cfi_rel_offset x19, SEGUE_ARCH_FRAME_X19
	.cfi_rel_offset x20, SEGUE_ARCH_FRAME_X20
	stp	x21, x22, [sp, #SEGUE_ARCH_FRAME_X21]
	.cfi_rel_offset x21, SEGUE_ARCH_FRAME_X21
	.cfi_rel_offset x22, SEGUE_ARCH_FRAME_X22
	stp	x23, x24, [sp, #SEGUE_ARCH_FRAME_X23]
	.cfi_rel_offset x23, SEGUE_ARCH_FRAME_X23
	.cfi_rel_offset x24, SEGUE_ARCH_FRAME_X24
	stp	x25, x26, [sp, #SEGUE_ARCH_FRAME_X25]
	.cfi_rel_offset x25, SEGUE_ARCH_FRAME_X25
	.cfi_rel_offset x26, SEGUE_ARCH_FRAME_X26
	stp	x27, x28, [sp, #SEGUE_ARCH_FRAME_X27]
	.cfi_rel_offset x27, SEGUE_ARCH_FRAME_X27
	.cfi_rel_offset x28, SEGUE_ARCH_FRAME_X28
	stp	d8, d9, [sp, #SEGUE_ARCH_FRAME_D8]
	.cfi_rel_offset d8, SEGUE_ARCH_FRAME_D8
	.cfi_rel_offset d9, SEGUE_ARCH_FRAME_D9
	stp	d10, d11, [sp, #SEGUE_ARCH_FRAME_D10]
	.cfi_rel_offset d10, SEGUE_ARCH_FRAME_D10
	.cfi_rel_offset d11, SEGUE_ARCH_FRAME_D11
	stp	d12, d13, [sp, #SEGUE_ARCH_FRAME_D12]
	.cfi_rel_offset d12, SEGUE_ARCH_FRAME_D12
	.cfi_rel_offset d13, SEGUE_ARCH_FRAME_D13
	stp	d14, d15, [sp, #SEGUE_ARCH_FRAME_D14]
	.cfi_rel_offset d14, SEGUE_ARCH_FRAME_D14
	.cfi_rel_offset d15, SEGUE_ARCH_FRAME_D15
	adr	x11, LOCAL(resume)
	stp	x29, x29, [x0, #SEGUE_ARCH_SP]  /* sp and fp: the record is the lowest of the frame */
	str	x11, [x0, #SEGUE_ARCH_IP]
	mov	x0, x3
	cmp	x10, x11
	b.ne	LOCAL(foreign)
	.cfi_remember_state
	mov	x1, x2
	mov	sp, x9

/* Suspended by this stub, so its frame is the one that was pushed above: the same CFI holds. Two ways lead here: falling
   through, and a `ret` by code that was inlined into a caller. The return address first: the `ret` waits for it. */
LOCAL(resume):
	ldp	x29, x30, [sp, #SEGUE_ARCH_FRAME_X29]
	ldp	x19, x20, [sp, #SEGUE_ARCH_FRAME_X19]
	ldp	x21, x22, [sp, #SEGUE_ARCH_FRAME_X21]
	ldp	x23, x24, [sp, #SEGUE_ARCH_FRAME_X23]
	ldp	x25, x26, [sp, #SEGUE_ARCH_FRAME_X25]
	ldp	x27, x28, [sp, #SEGUE_ARCH_FRAME_X27]
	ldp	d8, d9, [sp, #SEGUE_ARCH_FRAME_D8]
	ldp	d10, d11, [sp, #SEGUE_ARCH_FRAME_D10]
	ldp	d12, d13, [sp, #SEGUE_ARCH_FRAME_D12]
	ldp	d14, d15, [sp, #SEGUE_ARCH_FRAME_D14]
	add	sp, sp, #SEGUE_ARCH_FRAME
	.cfi_def_cfa_offset 0
	.irp	kept, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30, d8, d9, d10, d11, d12, d13, d14, d15
	.cfi_restore \kept
	.endr
	ret

/* Not suspended by this stub: give it its three words and go where it says. sp last: *to may lie on that very stack, below where it
   ends then, and a signal's frame may come there. From then on its caller is the other side. */
LOCAL(foreign):
	.cfi_restore_state
	ldr	x29, [x1, #SEGUE_ARCH_FP]
	ldr	x19, [x1, #SEGUE_ARCH_BASE]
	mov	sp, x9
	.cfi_def_cfa_offset 0
	.cfi_register x30, x10
	.irp	kept, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, d8, d9, d10, d11, d12, d13, d14, d15
	.cfi_restore \kept
	.endr
	mov	x1, x2
	ret	x10
	.cfi_endproc
	SIZE(segue_context_switch)
	SIZE(segue_arch_switch)

/* The first frame of a bare context: the end of its backtrace. x19: ARG; ENTRY is at sp. x1: the first value. */
	.p2align 4
	HIDDEN_FUNCTION(segue_arch_start)
	.cfi_startproc
	.cfi_undefined x30
SYMBOL(segue_arch_before):      /* who looks an address up looks one byte before it */
	nop
SYMBOL(segue_arch_start):
	ldr	x9, [sp]
	mov	x0, x19
	blr	x9
	brk	#1000
	.cfi_endproc
	SIZE(segue_arch_start)

/* The first frame of a coroutine. x19: the coroutine, ARG; just below it in memory lies its sender's context; ENTRY is at sp.
   Its caller is whoever resumed it last: that context's four words. It counts as a signal frame, so that a debugger lets
   the stack change below it, and looks its caller up at the very address; then also something must follow the call. */
	.p2align 4
	HIDDEN_FUNCTION(segue_arch_entry)
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg(X19), SLEB(SEGUE_ARCH_SP - SEGUE_ARCH_CONTEXT), DW_OP_deref
	.cfi_escape DW_CFA_expression, X30, 2, DW_OP_breg(X19), SLEB(SEGUE_ARCH_IP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, X29, 2, DW_OP_breg(X19), SLEB(SEGUE_ARCH_FP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, X19, 2, DW_OP_breg(X19), SLEB(SEGUE_ARCH_BASE - SEGUE_ARCH_CONTEXT)
	nop
SYMBOL(segue_arch_entry):
	ldr	x9, [sp]
	mov	x0, x19
	blr	x9
	brk	#1000
	.cfi_endproc
	SIZE(segue_arch_entry)

/* void segue_arch_fenv_save(uint32_t fenv[2]), void segue_arch_fenv_load(const uint32_t fenv[2]): FPCR, in fenv[0]; its upper
   half is reserved */
	HIDDEN_FUNCTION(segue_arch_fenv_save)
SYMBOL(segue_arch_fenv_save):
	.cfi_startproc
	mrs	x1, fpcr
	str	w1, [x0]
	ret
	.cfi_endproc
	SIZE(segue_arch_fenv_save)

	HIDDEN_FUNCTION(segue_arch_fenv_load)
SYMBOL(segue_arch_fenv_load):
	.cfi_startproc
	ldr	w1, [x0]
	msr	fpcr, x1
	ret
	.cfi_endproc
	SIZE(segue_arch_fenv_load)

#ifdef __ELF__
	.section .note.GNU-stack, "", %progbits
/* True of this file: every target of an indirect `blr` or `br` has its `bti c`; all else is reached by `ret` or directly. Not
   claimed: PAC, since the return addresses in the frames are not signed here, and GCS. */
	.section .note.gnu.property, "a", %note
	.p2align 3
	.long	4, 16, 5                /* sizes of "GNU" and of what follows; NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.long	0xc0000000, 4, 1, 0     /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI */
#endif
