#!/bin/sh
# usage: freestanding.sh SRCDIR EMULATOR CC FLAGS...
# Builds the register probe without a libc, for an ABI that has none here, and runs it: for example
#     tests/freestanding.sh . qemu-riscv64 riscv64-linux-gnu-gcc -march=rv64imac -mabi=lp64
# Exit status: 0 if it ran and all is right; else what tests/freestanding.c says, or the compiler, or the emulator.
set -eu
src=$1 emulator=$2
shift 2
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

cpu=$(echo SEGUE_ARCH_NAME | "$@" -E -P -include "$src/arch/arch.h" -x c - | tr -d '" \n')
"$@" -E -P -x c - <"$src/tests/psabi/$cpu" | sed -n 's/^ *\([a-z0-9]*\) |.*/"\1\\0"/p' >"$build/psabi_names.h"
test -s "$build/psabi_names.h"
cat >"$build/errno.h" <<H
extern int errno;
enum { EINVAL = 22 };
H

"$@" -ffreestanding -nostdlib -static -DSEGUE_FREESTANDING -I"$build" -I"$src/include" -o "$build/probe" \
	"$src/arch/switch.S" "$src/arch/probe.S" "$src/src/context.c" "$src/tests/probe.c" "$src/tests/freestanding.c"
$emulator "$build/probe"
