/* Picks the target's folder by the compiler's own macros, so that the triplet, -m32 and an odd build can't disagree.
   Read by C and by the assembler. A new architecture adds its line here and nothing elsewhere: see arch/README.md. */
#ifndef SEGUE_ARCH_H
#define SEGUE_ARCH_H

#if defined __x86_64__ && defined __LP64__
#include "x86_64/arch.h"
#elif defined __aarch64__ && defined __LP64__ && !defined __AARCH64EB__
#include "aarch64/arch.h"
#elif defined __riscv && __riscv_xlen == 64
#include "riscv64/arch.h"
#elif defined __arm__ && defined __ARM_EABI__ && !defined __ARMEB__
#include "arm/arch.h"
#else
#error "segue has no switch for this target yet: arch/README.md says what to write (a folder arch/<cpu>/, and one line in arch/arch.h)"
#endif

#endif
