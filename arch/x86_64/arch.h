/* Facts about x86-64 under the System V ABI. #defines only: C and the assembler both read them. */
#define SEGUE_ARCH_NAME "x86_64"
#define SEGUE_ARCH_SWITCH "x86_64/switch.S"
#define SEGUE_ARCH_PROBE "x86_64/probe.S"
#define SEGUE_ARCH_INLINE "x86_64/inline.h"
#define SEGUE_ARCH_INTERRUPTED "x86_64/interrupted.h"

#define SEGUE_ARCH_STACK_ALIGN 16       /* of sp at a call */

/* A saved context (include/segue/context.h) */
#define SEGUE_ARCH_SP 0
#define SEGUE_ARCH_FP 8
#define SEGUE_ARCH_IP 16
#define SEGUE_ARCH_BASE 24
#define SEGUE_ARCH_CONTEXT 32
#define SEGUE_ARCH_BASE_NUMBER 3        /* base is rbx, in DWARF's count */

#define SEGUE_ARCH_FRAME_CHAIN 1         /* the ABI chains frame records {fp, ip} */
#define SEGUE_ARCH_RECORD 0             /* a frame pointer's distance from its frame record {fp, ip} */

/* The frame that segue_arch_switch pushes */
#define SEGUE_ARCH_FRAME_R15 0
#define SEGUE_ARCH_FRAME_R14 8
#define SEGUE_ARCH_FRAME_R13 16
#define SEGUE_ARCH_FRAME_R12 24
#define SEGUE_ARCH_FRAME_RBX 32
#define SEGUE_ARCH_FRAME_RBP 40
#define SEGUE_ARCH_FRAME_PC 48
#define SEGUE_ARCH_FRAME 56
