/* Facts about AArch64 under AAPCS64, little-endian, LP64. #defines only: C and the assembler both read them. */
#define SEGUE_ARCH_NAME "aarch64"
#define SEGUE_ARCH_SWITCH "aarch64/switch.S"
#define SEGUE_ARCH_PROBE "aarch64/probe.S"
#define SEGUE_ARCH_INLINE "aarch64/inline.h"
#define SEGUE_ARCH_INTERRUPTED "aarch64/interrupted.h"

#define SEGUE_ARCH_STACK_ALIGN 16       /* of sp, always */

/* A saved context (include/segue/context.h) */
#define SEGUE_ARCH_SP 0
#define SEGUE_ARCH_FP 8
#define SEGUE_ARCH_IP 16
#define SEGUE_ARCH_BASE 24
#define SEGUE_ARCH_CONTEXT 32
#define SEGUE_ARCH_BASE_NUMBER 19       /* base is x19, in DWARF's count */

#define SEGUE_ARCH_FRAME_CHAIN 1        /* the ABI chains frame records {fp, ip} */
#define SEGUE_ARCH_RECORD 0             /* a frame pointer's distance from its frame record {fp, ip} */

/* The frame that segue_arch_switch pushes */
#define SEGUE_ARCH_FRAME_X29 0
#define SEGUE_ARCH_FRAME_PC 8
#define SEGUE_ARCH_FRAME_X19 16
#define SEGUE_ARCH_FRAME_X20 24
#define SEGUE_ARCH_FRAME_X21 32
#define SEGUE_ARCH_FRAME_X22 40
#define SEGUE_ARCH_FRAME_X23 48
#define SEGUE_ARCH_FRAME_X24 56
#define SEGUE_ARCH_FRAME_X25 64
#define SEGUE_ARCH_FRAME_X26 72
#define SEGUE_ARCH_FRAME_X27 80
#define SEGUE_ARCH_FRAME_X28 88
#define SEGUE_ARCH_FRAME_D8 96
#define SEGUE_ARCH_FRAME_D9 104
#define SEGUE_ARCH_FRAME_D10 112
#define SEGUE_ARCH_FRAME_D11 120
#define SEGUE_ARCH_FRAME_D12 128
#define SEGUE_ARCH_FRAME_D13 136
#define SEGUE_ARCH_FRAME_D14 144
#define SEGUE_ARCH_FRAME_D15 152
#define SEGUE_ARCH_FRAME 160
