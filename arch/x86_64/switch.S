/* The stack switch for x86-64, System V ABI ("AMD64 Architecture Processor Supplement", 1.0, 3.2 and 3.4).
 *
 *   kept by the callee    rbx rbp r12 r13 r14 r15, rsp; mxcsr's control bits, the x87 control word (3.2.1)
 *   saved here            rbx rbp r12 r13 r14 r15 on the stack; rsp, a frame pointer and the place to go on in the context
 *   lost across a call    rax rcx rdx rsi rdi r8-r11, xmm/ymm/zmm, k, st/mm, flags
 *   never touched         fs and gs bases; mxcsr and the x87 control word: thread state here, unless a coroutine asks for its own
 *
 * A context that this stub suspended: sp points at
 *
 *        +---------------------+
 *    48  | return address      |  PC      the record that fp points at is {RBP, PC}
 *    40  | rbp                 |  RBP  <- fp
 *    32  | rbx                 |  RBX
 *    24  | r12                 |  R12
 *    16  | r13                 |  R13
 *     8  | r14                 |  R14
 *     0  | r15                 |  R15  <- sp; ip is .Lresume; base is unused
 *        +---------------------+
 *
 * A new one: sp is aligned, ip a trampoline, base its argument; fp is 0 or leads to a record of whoever comes next.
 *
 * Wherever control arrives: sp, fp and base hold that side's saved words, rax and rdx the two result words; all else is lost.
 * Departure is by `notrack jmp`: a `ret` would mispredict twice a round trip, and a place inside a function has no endbr64.
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_deref 0x06
#define DW_OP_breg(n) (0x70 + (n))
#define RBX 3
#define RBP 6
#define RIP 16
#define SLEB(n) ((n) & 0x7f)             /* of -64 to 63: one byte */

#ifdef __ELF__
#define SYMBOL(name) name
#define LOCAL(name) .L##name
#define FUNCTION(name) .globl name; .type name, @function
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

/* segue_pair segue_arch_switch(segue_context *from, segue_context *to, void *value, const void *raised)
 *                              rdi                  rsi                rdx          rcx
 * void *segue_context_switch(segue_context *from, segue_context *to, void *value)
 * The second returns rax, so its value goes there too. */
	.p2align 6
	FUNCTION(segue_context_switch)
	HIDDEN_FUNCTION(segue_arch_switch)
SYMBOL(segue_context_switch):
	.cfi_startproc
	endbr64
	mov	%rdx, %rcx
SYMBOL(segue_arch_switch):
	mov	SEGUE_ARCH_IP(%rsi), %r8
	mov	SEGUE_ARCH_SP(%rsi), %r9
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	mov	%rsp, SEGUE_ARCH_FP(%rdi)
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	push	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	push	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	push	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	push	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	lea	LOCAL(resume)(%rip), %rax
	mov	%rsp, SEGUE_ARCH_SP(%rdi)
	mov	%rax, SEGUE_ARCH_IP(%rdi)
	cmp	%rax, %r8
	mov	%rcx, %rax
	jne	LOCAL(foreign)
	.cfi_remember_state
	mov	%r9, %rsp

/* Suspended by this stub, so its frame is the one that was pushed above. Two ways lead here: falling through, and a jump
   by code that was inlined into a caller. */
LOCAL(resume):
	mov	SEGUE_ARCH_FRAME_PC(%rsp), %r8
	mov	SEGUE_ARCH_FRAME_R15(%rsp), %r15
	mov	SEGUE_ARCH_FRAME_R14(%rsp), %r14
	mov	SEGUE_ARCH_FRAME_R13(%rsp), %r13
	mov	SEGUE_ARCH_FRAME_R12(%rsp), %r12
	mov	SEGUE_ARCH_FRAME_RBX(%rsp), %rbx
	mov	SEGUE_ARCH_FRAME_RBP(%rsp), %rbp
	lea	SEGUE_ARCH_FRAME(%rsp), %rsp
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %r8
	.cfi_same_value %rbp
	.cfi_same_value %rbx
	.cfi_same_value %r12
	.cfi_same_value %r13
	.cfi_same_value %r14
	.cfi_same_value %r15
	notrack jmp *%r8

/* Not suspended by this stub: give it its three words and jump where it says. sp last: *to may lie on that very stack, below where it
   ends then, and a signal's frame may come there. From then on its caller is the other side. */
LOCAL(foreign):
	.cfi_restore_state
	mov	SEGUE_ARCH_FP(%rsi), %rbp
	mov	SEGUE_ARCH_BASE(%rsi), %rbx
	mov	%r9, %rsp
	.cfi_def_cfa %rsp, 0
	.cfi_register %rip, %r8
	.cfi_same_value %rbp
	.cfi_same_value %rbx
	.cfi_same_value %r12
	.cfi_same_value %r13
	.cfi_same_value %r14
	.cfi_same_value %r15
	notrack jmp *%r8
	.cfi_endproc
	SIZE(segue_context_switch)
	SIZE(segue_arch_switch)

/* The first frame of a bare context: the end of its backtrace. rbx: ARG; ENTRY is at sp. rdx: the first value. */
	.p2align 4
	HIDDEN_FUNCTION(segue_arch_start)
	.cfi_startproc
	.cfi_undefined %rip
SYMBOL(segue_arch_before):            /* who looks an address up looks one byte before it */
	nop
SYMBOL(segue_arch_start):
	mov	%rbx, %rdi
	mov	%rdx, %rsi
	call	*(%rsp)
	ud2
	.cfi_endproc
	SIZE(segue_arch_start)

/* The first frame of a coroutine. rbx: the coroutine, ARG; just below it in memory lies its sender's context; ENTRY is at sp. Its caller is
   whoever resumed it last: that context's four words. It counts as a signal frame, so that a debugger lets the stack
   change below it, and looks its caller up at the very address; then also something must follow the call. */
	.p2align 4
	HIDDEN_FUNCTION(segue_arch_entry)
	.cfi_startproc
	.cfi_signal_frame
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg(RBX), SLEB(SEGUE_ARCH_SP - SEGUE_ARCH_CONTEXT), DW_OP_deref
	.cfi_escape DW_CFA_expression, RIP, 2, DW_OP_breg(RBX), SLEB(SEGUE_ARCH_IP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, RBP, 2, DW_OP_breg(RBX), SLEB(SEGUE_ARCH_FP - SEGUE_ARCH_CONTEXT)
	.cfi_escape DW_CFA_expression, RBX, 2, DW_OP_breg(RBX), SLEB(SEGUE_ARCH_BASE - SEGUE_ARCH_CONTEXT)
	nop
SYMBOL(segue_arch_entry):
	mov	%rbx, %rdi
	call	*(%rsp)
	ud2
	.cfi_endproc
	SIZE(segue_arch_entry)

/* void segue_arch_fenv_save(uint32_t fenv[2]), void segue_arch_fenv_load(const uint32_t fenv[2]): mxcsr and the x87 control word */
	HIDDEN_FUNCTION(segue_arch_fenv_save)
SYMBOL(segue_arch_fenv_save):
	.cfi_startproc
	stmxcsr	(%rdi)
	fnstcw	4(%rdi)
	ret
	.cfi_endproc
	SIZE(segue_arch_fenv_save)

	HIDDEN_FUNCTION(segue_arch_fenv_load)
SYMBOL(segue_arch_fenv_load):
	.cfi_startproc
	ldmxcsr	(%rdi)
	fldcw	4(%rdi)
	ret
	.cfi_endproc
	SIZE(segue_arch_fenv_load)

#ifdef __ELF__
	.section .note.GNU-stack, "", @progbits
/* True of this file: every indirect target has endbr64, or is reached by notrack. Not claimed: shadow stacks. */
	.section .note.gnu.property, "a", @note
	.p2align 3
	.long	4, 16, 5                /* sizes of "GNU" and of what follows; NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.long	0xc0000002, 4, 1, 0     /* GNU_PROPERTY_X86_FEATURE_1_AND: IBT */
#endif
