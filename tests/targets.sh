# The stubs and what is inlined assemble for Apple's systems and the BSDs, with the compiler's own headers alone. Objects only: nothing is
# linked or run, and the rest of the library is for Linux.
. "$srcdir/tests/lib.sh"

clang=${CLANG:-clang}
needs clang $clang --version
cat >inlined.c <<'END'
#include <segue/inline.h>

segue_result turn(segue_coroutine *co, void *value);
segue_result turn(segue_coroutine *co, void *value)
{
	segue_result r = segue_send(co, value);

	segue_unref(co);
	return r.raised ? r : segue_yield(r.value);
}
END
printf '\t.type f, @function\nf:\n' >elf_only.S

assembles() { # TARGET FILE...
	target=$1
	shift
	for file; do
		$clang -target "$target" -O2 -ffreestanding -nostdlibinc -Wall -Wextra -Werror -I"$source/include" -I"$source" -c "$file" -o object.o 2>errors ||
			return 1
	done
}

for target in arm64-apple-macos11 x86_64-apple-macos10.13 \
	x86_64-unknown-freebsd x86_64-unknown-netbsd x86_64-unknown-openbsd \
	aarch64-unknown-freebsd aarch64-unknown-netbsd aarch64-unknown-openbsd \
	riscv64-unknown-freebsd riscv64-unknown-netbsd riscv64-unknown-openbsd \
	armv7-unknown-freebsd-gnueabihf armv7-unknown-netbsd-eabihf armv7-unknown-openbsd; do
	assembles $target "$source/arch/switch.S" "$source/arch/probe.S" inlined.c || fail "$target: $file does not assemble" errors
	echo "$target"
done
for target in arm64-apple-macos11 x86_64-apple-macos10.13; do
	assembles $target elf_only.S && fail "$target: what is for ELF alone goes unnoticed"
done
assembles mips64-unknown-freebsd "$source/arch/switch.S" && fail 'a target without a switch goes unnoticed'
grep -q 'segue has no switch for this target' errors || fail 'a target without a switch fails, but not by name' errors
done_here
