/* The register probe for AArch64 (tests only): the registers that a callee keeps, by AAPCS64 2025Q4, 6.1.1 and 6.1.2, whatever
   the stub does. tests/psabi/aarch64 is the list that it is held to. */
#ifdef __ELF__
#define SYMBOL(name) name
#else
#define SYMBOL(name) _##name            /* Mach-O */
#endif

	.text
/* void *segue_probe_switch(segue_context *from, segue_context *to, void *value, const uintptr_t *fill, uintptr_t *found)
 *                          x0                   x1                 x2           x3                     x4
 * Fills every such register from fill[], switches, stores what they hold then to found[], and returns what the switch did. */
	.p2align 2
	.globl	SYMBOL(segue_probe_switch)
#ifdef __ELF__
	.type	segue_probe_switch, %function
#endif
SYMBOL(segue_probe_switch):
	bti	c
	stp	x29, x30, [sp, #-176]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	str	x4, [sp, #160]
	ldp	x19, x20, [x3]
	ldp	x21, x22, [x3, #16]
	ldp	x23, x24, [x3, #32]
	ldp	x25, x26, [x3, #48]
	ldp	x27, x28, [x3, #64]
	ldr	x29, [x3, #80]
	ldp	d8, d9, [x3, #88]
	ldp	d10, d11, [x3, #104]
	ldp	d12, d13, [x3, #120]
	ldp	d14, d15, [x3, #136]
	bl	SYMBOL(segue_context_switch)
	ldr	x4, [sp, #160]
	stp	x19, x20, [x4]
	stp	x21, x22, [x4, #16]
	stp	x23, x24, [x4, #32]
	stp	x25, x26, [x4, #48]
	stp	x27, x28, [x4, #64]
	str	x29, [x4, #80]
	stp	d8, d9, [x4, #88]
	stp	d10, d11, [x4, #104]
	stp	d12, d13, [x4, #120]
	stp	d14, d15, [x4, #136]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #176
	ret
#ifdef __ELF__
	.size	segue_probe_switch, . - segue_probe_switch
#endif

	.macro	address register, name
#ifdef __ELF__
	adrp	\register, \name
	add	\register, \register, :lo12:\name
#else
	adrp	\register, _\name@PAGE
	add	\register, \register, _\name@PAGEOFF
#endif
	.endm

/* void segue_probe_arrive(void): where a context starts that no stub made. Tells what it was given: the two result words, sp, fp,
 * base, fp again; and goes back to *segue_probe_home. */
	.p2align 2
	.globl	SYMBOL(segue_probe_arrive)
#ifdef __ELF__
	.type	segue_probe_arrive, %function
#endif
SYMBOL(segue_probe_arrive):
	address	x9, segue_probe_arrived
	mov	x10, sp
	stp	x0, x1, [x9]
	stp	x10, x29, [x9, #16]
	stp	x19, x29, [x9, #32]
	address	x0, segue_probe_left
	address	x1, segue_probe_home
	ldr	x1, [x1]
	bl	SYMBOL(segue_context_switch)
	brk	#0x1
#ifdef __ELF__
	.size	segue_probe_arrive, . - segue_probe_arrive
#endif

/* const char segue_probe_names[]: of fill[0], fill[1], …; an empty one ends them. */
#ifdef __ELF__
	.section .rodata
	.type	segue_probe_names, %object
#endif
	.globl	SYMBOL(segue_probe_names)
SYMBOL(segue_probe_names):
	.asciz	"x19"
	.asciz	"x20"
	.asciz	"x21"
	.asciz	"x22"
	.asciz	"x23"
	.asciz	"x24"
	.asciz	"x25"
	.asciz	"x26"
	.asciz	"x27"
	.asciz	"x28"
	.asciz	"x29"
	.asciz	"d8"
	.asciz	"d9"
	.asciz	"d10"
	.asciz	"d11"
	.asciz	"d12"
	.asciz	"d13"
	.asciz	"d14"
	.asciz	"d15"
	.asciz	""
#ifdef __ELF__
	.size	segue_probe_names, . - segue_probe_names

	.section .note.GNU-stack, "", %progbits
	.section .note.gnu.property, "a", %note
	.p2align 3
	.long	4, 16, 5                /* sizes of "GNU" and of what follows; NT_GNU_PROPERTY_TYPE_0 */
	.asciz	"GNU"
	.long	0xc0000000, 4, 1, 0     /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI */
#endif
