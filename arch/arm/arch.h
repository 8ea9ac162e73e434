/* Facts about 32-bit ARM under AAPCS32, A32 or T32. #defines only: C and the assembler both read them. */
#define SEGUE_ARCH_NAME "arm"
#define SEGUE_ARCH_SWITCH "arm/switch.S"
#define SEGUE_ARCH_PROBE "arm/probe.S"
#define SEGUE_ARCH_INLINE "arm/inline.h"
#define SEGUE_ARCH_INTERRUPTED "arm/interrupted.h"

#if __ARM_ARCH < 5 || (!defined __thumb2__ && !defined __ARM_ARCH_ISA_ARM)
#error "segue's switch for ARM wants A32 with blx (ARMv5), or Thumb-2"
#endif

#if defined __IWMMXT__ || (defined __ARM_FEATURE_MVE && !defined __ARM_FP)
#error "segue's switch for ARM does not keep wr10-wr15 of iWMMXt, nor d8-d15 of MVE without floating point"
#endif

#define SEGUE_ARCH_STACK_ALIGN 8        /* of sp at a call */

/* A saved context (include/segue/context.h) */
#define SEGUE_ARCH_SP 0
#define SEGUE_ARCH_FP 4
#define SEGUE_ARCH_IP 8
#define SEGUE_ARCH_BASE 12
#define SEGUE_ARCH_CONTEXT 16
#define SEGUE_ARCH_BASE_NUMBER 6        /* base is r6, in DWARF's count */

#define SEGUE_ARCH_FRAME_CHAIN 0        /* the ABI chains no frame records */
#define SEGUE_ARCH_RECORD 0             /* a frame pointer's distance from its frame record {fp, ip} */

/* The frame that segue_arch_switch pushes */
#define SEGUE_ARCH_FRAME_R4 0
#define SEGUE_ARCH_FRAME_R5 4
#define SEGUE_ARCH_FRAME_R6 8
#define SEGUE_ARCH_FRAME_R7 12
#define SEGUE_ARCH_FRAME_R8 16
#define SEGUE_ARCH_FRAME_R9 20
#define SEGUE_ARCH_FRAME_R10 24
#define SEGUE_ARCH_FRAME_R11 28
#define SEGUE_ARCH_FRAME_PC 32
#define SEGUE_ARCH_FRAME_CORE 36
#ifdef __ARM_FP
#define SEGUE_ARCH_FRAME_D8 36          /* to d15, 8 bytes each */
#define SEGUE_ARCH_FRAME 100
#else
#define SEGUE_ARCH_FRAME 36
#endif
