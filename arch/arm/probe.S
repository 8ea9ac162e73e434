/* The register probe for 32-bit ARM (tests only): the registers that a callee keeps, by AAPCS32 2025Q4, 6.1.1 and 6.1.2.1,
   whatever the stub does. tests/psabi/arm is the list that it is held to. */

	.syntax unified
#ifdef __thumb2__
	.thumb
#define PC_AHEAD 4                      /* what an instruction reads as pc is so far from it */
#else
	.arm
#define PC_AHEAD 8
#endif
	.text
/* void *segue_probe_switch(segue_context *from, segue_context *to, void *value, const uint32_t *fill, uint32_t *found)
 *                          r0                   r1                r2           r3                    [sp]
 * Fills every such register from fill[], switches, stores what they hold then to found[], and returns what the switch did. */
	.p2align 2
	.globl	segue_probe_switch
	.type	segue_probe_switch, %function
segue_probe_switch:
	ldr	ip, [sp]
	push	{r4-r11, ip, lr}
#ifdef __ARM_FP
	vpush	{d8-d15}
	add	ip, r3, #32
	vldm	ip, {d8-d15}
#endif
	ldm	r3, {r4-r11}
	bl	segue_context_switch
#ifdef __ARM_FP
	ldr	r1, [sp, #96]
	add	ip, r1, #32
	vstm	ip, {d8-d15}
	vpop	{d8-d15}
#else
	ldr	r1, [sp, #32]
#endif
	stm	r1, {r4-r11}
	pop	{r4-r11, ip, lr}
	bx	lr
	.size	segue_probe_switch, . - segue_probe_switch

/* void segue_probe_arrive(void): where a context starts that no stub made. Tells what it was given: the two result words, sp, fp,
 * base, fp again; and goes back to *segue_probe_home. */
	.p2align 2
	.globl	segue_probe_arrive
	.type	segue_probe_arrive, %function
segue_probe_arrive:
	ldr	r2, .Larrived
.Lat_arrived:
	add	r2, pc
	str	r0, [r2, #0]
	str	r1, [r2, #4]
	str	sp, [r2, #8]
	str	r11, [r2, #12]
	str	r6, [r2, #16]
	str	r7, [r2, #20]
	ldr	r1, .Lhome
.Lat_home:
	add	r1, pc
	ldr	r1, [r1]
	ldr	r0, .Lleft
.Lat_left:
	add	r0, pc
	bl	segue_context_switch
	udf	#0
	.p2align 2
.Larrived:
	.long	segue_probe_arrived - (.Lat_arrived + PC_AHEAD)
.Lhome:
	.long	segue_probe_home - (.Lat_home + PC_AHEAD)
.Lleft:
	.long	segue_probe_left - (.Lat_left + PC_AHEAD)
	.size	segue_probe_arrive, . - segue_probe_arrive

/* const char segue_probe_names[]: of fill[0], fill[1], …; an empty one ends them. */
	.section .rodata
	.globl	segue_probe_names
	.type	segue_probe_names, %object
segue_probe_names:
	.asciz	"r4"
	.asciz	"r5"
	.asciz	"r6"
	.asciz	"r7"
	.asciz	"r8"
	.asciz	"r9"
	.asciz	"r10"
	.asciz	"r11"
#ifdef __ARM_FP
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.asciz	"d\n"
	.asciz	"d\n"
	.endr
#endif
	.asciz	""
	.size	segue_probe_names, . - segue_probe_names

#ifdef SEGUE_FREESTANDING
/* Where a program without a libc starts: exit(main()), by Linux's system call. And what unwind tables name: nothing unwinds. */
	.text
	.p2align 2
	.globl	_start
	.type	_start, %function
_start:
	bl	main
	mov	r7, #1
	svc	#0
	.size	_start, . - _start
	.globl	__aeabi_unwind_cpp_pr0, __aeabi_unwind_cpp_pr1
__aeabi_unwind_cpp_pr0:
__aeabi_unwind_cpp_pr1:
	udf	#0
#endif

#ifdef __ELF__
	.section .note.GNU-stack, "", %progbits
#endif
