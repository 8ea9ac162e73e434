/* The register probe for x86-64 (tests only): the registers that a callee keeps, by the System V ABI 1.0, figure 3.4, whatever
   the stub does. tests/psabi/x86_64 is the list that it is held to. */
#ifdef __ELF__
#define SYMBOL(name) name
#define FUNCTION(name) .globl name; .type name, @function
#define SIZE(name) .size name, . - name
#define CALLED(name) name@PLT
#else                                    /* Mach-O */
#define SYMBOL(name) _##name
#define FUNCTION(name) .globl _##name
#define SIZE(name)
#define CALLED(name) _##name
#endif

	.text
/* void *segue_probe_switch(segue_context *from, segue_context *to, void *value, const uint64_t *fill, uint64_t *found)
 *                          rdi                  rsi                rdx          rcx                   r8
 * Fills every such register from fill[], switches, stores what they hold then to found[], and returns what the switch did. */
	FUNCTION(segue_probe_switch)
SYMBOL(segue_probe_switch):
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%r8
	mov	0(%rcx), %rbx
	mov	8(%rcx), %rbp
	mov	16(%rcx), %r12
	mov	24(%rcx), %r13
	mov	32(%rcx), %r14
	mov	40(%rcx), %r15
	call	CALLED(segue_context_switch)
	pop	%r8
	mov	%rbx, 0(%r8)
	mov	%rbp, 8(%r8)
	mov	%r12, 16(%r8)
	mov	%r13, 24(%r8)
	mov	%r14, 32(%r8)
	mov	%r15, 40(%r8)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	SIZE(segue_probe_switch)

/* void segue_probe_arrive(void): where a context starts that no stub made. Tells what it was given: the two result words, sp, fp,
 * base, fp again; and goes back to *segue_probe_home. */
	FUNCTION(segue_probe_arrive)
SYMBOL(segue_probe_arrive):
	lea	SYMBOL(segue_probe_arrived)(%rip), %rdi
	mov	%rax, 0(%rdi)
	mov	%rdx, 8(%rdi)
	mov	%rsp, 16(%rdi)
	mov	%rbp, 24(%rdi)
	mov	%rbx, 32(%rdi)
	mov	%rbp, 40(%rdi)
	lea	SYMBOL(segue_probe_left)(%rip), %rdi
	mov	SYMBOL(segue_probe_home)(%rip), %rsi
	call	CALLED(segue_context_switch)
	ud2
	SIZE(segue_probe_arrive)

/* const char segue_probe_names[]: of fill[0], fill[1], …; an empty one ends them. */
#ifdef __ELF__
	.section .rodata
	.type	segue_probe_names, @object
#endif
	.globl	SYMBOL(segue_probe_names)
SYMBOL(segue_probe_names):
	.asciz	"rbx"
	.asciz	"rbp"
	.asciz	"r12"
	.asciz	"r13"
	.asciz	"r14"
	.asciz	"r15"
	.asciz	""
	SIZE(segue_probe_names)

#ifdef __ELF__
	.section .note.GNU-stack, "", @progbits
#endif
