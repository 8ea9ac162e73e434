/* Facts about RV64 under the ABIs lp64, lp64f and lp64d. #defines only: C and the assembler both read them. */
#define SEGUE_ARCH_NAME "riscv64"
#define SEGUE_ARCH_SWITCH "riscv64/switch.S"
#define SEGUE_ARCH_PROBE "riscv64/probe.S"
#define SEGUE_ARCH_INLINE "riscv64/inline.h"
#define SEGUE_ARCH_INTERRUPTED "riscv64/interrupted.h"

#define SEGUE_ARCH_STACK_ALIGN 16       /* of sp at a call */

/* A saved context (include/segue/context.h) */
#define SEGUE_ARCH_SP 0
#define SEGUE_ARCH_FP 8
#define SEGUE_ARCH_IP 16
#define SEGUE_ARCH_BASE 24
#define SEGUE_ARCH_CONTEXT 32
#define SEGUE_ARCH_BASE_NUMBER 9        /* base is s1, in DWARF's count */

#define SEGUE_ARCH_FRAME_CHAIN 1        /* the ABI chains frame records {fp, ip} */
#define SEGUE_ARCH_RECORD 16            /* a frame pointer's distance from its frame record {fp, ip} */

/* ABI_FLEN in bytes, whatever the processor has: how much of fs0-fs11 a callee keeps */
#if defined __riscv_float_abi_double
#define SEGUE_ARCH_FLEN 8
#define SEGUE_ARCH_FRAME 208
#elif defined __riscv_float_abi_single
#define SEGUE_ARCH_FLEN 4
#define SEGUE_ARCH_FRAME 160
#elif defined __riscv_float_abi_soft
#define SEGUE_ARCH_FLEN 0
#define SEGUE_ARCH_FRAME 112
#else
#error "segue has no switch for this RISC-V floating-point ABI: arch/riscv64/arch.h knows lp64, lp64f and lp64d"
#endif

/* The frame that segue_arch_switch pushes, down from its top; its size is above */
#define SEGUE_ARCH_FRAME_PC (SEGUE_ARCH_FRAME - 8)
#define SEGUE_ARCH_FRAME_S0 (SEGUE_ARCH_FRAME - 16)
#define SEGUE_ARCH_FRAME_S1 (SEGUE_ARCH_FRAME - 24)
#define SEGUE_ARCH_FRAME_S2 (SEGUE_ARCH_FRAME - 32)
#define SEGUE_ARCH_FRAME_S3 (SEGUE_ARCH_FRAME - 40)
#define SEGUE_ARCH_FRAME_S4 (SEGUE_ARCH_FRAME - 48)
#define SEGUE_ARCH_FRAME_S5 (SEGUE_ARCH_FRAME - 56)
#define SEGUE_ARCH_FRAME_S6 (SEGUE_ARCH_FRAME - 64)
#define SEGUE_ARCH_FRAME_S7 (SEGUE_ARCH_FRAME - 72)
#define SEGUE_ARCH_FRAME_S8 (SEGUE_ARCH_FRAME - 80)
#define SEGUE_ARCH_FRAME_S9 (SEGUE_ARCH_FRAME - 88)
#define SEGUE_ARCH_FRAME_S10 (SEGUE_ARCH_FRAME - 96)
#define SEGUE_ARCH_FRAME_S11 (SEGUE_ARCH_FRAME - 104)
#define SEGUE_ARCH_FRAME_FS11 (11 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS10 (10 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS9 (9 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS8 (8 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS7 (7 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS6 (6 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS5 (5 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS4 (4 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS3 (3 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS2 (2 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS1 (1 * SEGUE_ARCH_FLEN)
#define SEGUE_ARCH_FRAME_FS0 (0 * SEGUE_ARCH_FLEN)
