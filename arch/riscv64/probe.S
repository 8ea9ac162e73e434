/* The register probe for RV64 (tests only): the registers that a callee keeps, by "RISC-V ABIs Specification" 1.0, "Integer
   Register Convention" and "Floating-point Register Convention", whatever the stub does. tests/psabi/riscv64 is the list that
   it is held to. */

/* Of fs0-fs11 as much as the ABI keeps. Where that is half a word, the other half of found[] is fill[]'s. */
#if defined __riscv_float_abi_double
#define FSAVE fsd
#define FLOAD fld
	.macro	store_fs n, i
	fsd	fs\n, 8 * \i(a4)
	.endm
#elif defined __riscv_float_abi_single
#define FSAVE fsw
#define FLOAD flw
	.macro	store_fs n, i
	ld	t0, 8 * \i(a3)
	sd	t0, 8 * \i(a4)
	fsw	fs\n, 8 * \i(a4)
	.endm
#endif

	.text
/* void *segue_probe_switch(segue_context *from, segue_context *to, void *value, const uint64_t *fill, uint64_t *found)
 *                          a0                   a1                 a2           a3                    a4
 * Fills every such register from fill[], switches, stores what they hold then to found[], and returns what the switch did. */
	.globl	segue_probe_switch
	.type	segue_probe_switch, @function
segue_probe_switch:
	addi	sp, sp, -224
	sd	ra, 216(sp)
	sd	s0, 208(sp)
	sd	s1, 200(sp)
	sd	s2, 192(sp)
	sd	s3, 184(sp)
	sd	s4, 176(sp)
	sd	s5, 168(sp)
	sd	s6, 160(sp)
	sd	s7, 152(sp)
	sd	s8, 144(sp)
	sd	s9, 136(sp)
	sd	s10, 128(sp)
	sd	s11, 120(sp)
	sd	a3, 112(sp)
	sd	a4, 104(sp)
#ifdef FSAVE
	FSAVE	fs0, 0(sp)
	FSAVE	fs1, 8(sp)
	FSAVE	fs2, 16(sp)
	FSAVE	fs3, 24(sp)
	FSAVE	fs4, 32(sp)
	FSAVE	fs5, 40(sp)
	FSAVE	fs6, 48(sp)
	FSAVE	fs7, 56(sp)
	FSAVE	fs8, 64(sp)
	FSAVE	fs9, 72(sp)
	FSAVE	fs10, 80(sp)
	FSAVE	fs11, 88(sp)
#endif
	ld	s0, 0(a3)
	ld	s1, 8(a3)
	ld	s2, 16(a3)
	ld	s3, 24(a3)
	ld	s4, 32(a3)
	ld	s5, 40(a3)
	ld	s6, 48(a3)
	ld	s7, 56(a3)
	ld	s8, 64(a3)
	ld	s9, 72(a3)
	ld	s10, 80(a3)
	ld	s11, 88(a3)
#ifdef FLOAD
	FLOAD	fs0, 96(a3)
	FLOAD	fs1, 104(a3)
	FLOAD	fs2, 112(a3)
	FLOAD	fs3, 120(a3)
	FLOAD	fs4, 128(a3)
	FLOAD	fs5, 136(a3)
	FLOAD	fs6, 144(a3)
	FLOAD	fs7, 152(a3)
	FLOAD	fs8, 160(a3)
	FLOAD	fs9, 168(a3)
	FLOAD	fs10, 176(a3)
	FLOAD	fs11, 184(a3)
#endif
	call	segue_context_switch@plt
	ld	a3, 112(sp)
	ld	a4, 104(sp)
	sd	s0, 0(a4)
	sd	s1, 8(a4)
	sd	s2, 16(a4)
	sd	s3, 24(a4)
	sd	s4, 32(a4)
	sd	s5, 40(a4)
	sd	s6, 48(a4)
	sd	s7, 56(a4)
	sd	s8, 64(a4)
	sd	s9, 72(a4)
	sd	s10, 80(a4)
	sd	s11, 88(a4)
#ifdef FLOAD
	store_fs 0, 12
	store_fs 1, 13
	store_fs 2, 14
	store_fs 3, 15
	store_fs 4, 16
	store_fs 5, 17
	store_fs 6, 18
	store_fs 7, 19
	store_fs 8, 20
	store_fs 9, 21
	store_fs 10, 22
	store_fs 11, 23
	FLOAD	fs0, 0(sp)
	FLOAD	fs1, 8(sp)
	FLOAD	fs2, 16(sp)
	FLOAD	fs3, 24(sp)
	FLOAD	fs4, 32(sp)
	FLOAD	fs5, 40(sp)
	FLOAD	fs6, 48(sp)
	FLOAD	fs7, 56(sp)
	FLOAD	fs8, 64(sp)
	FLOAD	fs9, 72(sp)
	FLOAD	fs10, 80(sp)
	FLOAD	fs11, 88(sp)
#endif
	ld	ra, 216(sp)
	ld	s0, 208(sp)
	ld	s1, 200(sp)
	ld	s2, 192(sp)
	ld	s3, 184(sp)
	ld	s4, 176(sp)
	ld	s5, 168(sp)
	ld	s6, 160(sp)
	ld	s7, 152(sp)
	ld	s8, 144(sp)
	ld	s9, 136(sp)
	ld	s10, 128(sp)
	ld	s11, 120(sp)
	addi	sp, sp, 224
	ret
	.size	segue_probe_switch, . - segue_probe_switch

/* void segue_probe_arrive(void): where a context starts that no stub made. Tells what it was given: the two result words, sp, fp,
 * base, fp again; and goes back to *segue_probe_home. */
	.globl	segue_probe_arrive
	.type	segue_probe_arrive, @function
segue_probe_arrive:
	la	t0, segue_probe_arrived
	sd	a0, 0(t0)
	sd	a1, 8(t0)
	sd	sp, 16(t0)
	sd	s0, 24(t0)
	sd	s1, 32(t0)
	sd	s0, 40(t0)
	la	a0, segue_probe_left
	la	a1, segue_probe_home
	ld	a1, 0(a1)
	call	segue_context_switch@plt
	unimp
	.size	segue_probe_arrive, . - segue_probe_arrive

/* const char segue_probe_names[]: of fill[0], fill[1], …; an empty one ends them. */
	.section .rodata
	.globl	segue_probe_names
	.type	segue_probe_names, @object
segue_probe_names:
	.asciz	"s0"
	.asciz	"s1"
	.asciz	"s2"
	.asciz	"s3"
	.asciz	"s4"
	.asciz	"s5"
	.asciz	"s6"
	.asciz	"s7"
	.asciz	"s8"
	.asciz	"s9"
	.asciz	"s10"
	.asciz	"s11"
#ifdef FLOAD
	.asciz	"fs0"
	.asciz	"fs1"
	.asciz	"fs2"
	.asciz	"fs3"
	.asciz	"fs4"
	.asciz	"fs5"
	.asciz	"fs6"
	.asciz	"fs7"
	.asciz	"fs8"
	.asciz	"fs9"
	.asciz	"fs10"
	.asciz	"fs11"
#endif
	.asciz	""
	.size	segue_probe_names, . - segue_probe_names

#ifdef SEGUE_FREESTANDING
/* Where a program without a libc starts: exit(main()), by Linux's system call */
	.text
	.globl	_start
	.type	_start, @function
_start:
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	li	s0, 0
	call	main
	li	a7, 93
	ecall
	.size	_start, . - _start
#endif

#ifdef __ELF__
	.section .note.GNU-stack, "", @progbits
#endif
