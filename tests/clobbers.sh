# What segue/inline.h says that its switch loses is every register that a compiler may keep a value in, with whatever flags: tests/clobbers/
# has them from the psABIs. With these flags it compiles without a warning, and where they say `run` test_inline passes.
. "$srcdir/tests/lib.sh"

include="-I$source/include -I$source"
cpu=$(echo SEGUE_ARCH_NAME | $CC $CPPFLAGS -E -P -include "$source/arch/arch.h" -x c - | tr -d '" \n')
cat >moves.c <<'END'
#include <segue/inline.h>

segue_result move(segue_coroutine *co, void *value);
segue_result move(segue_coroutine *co, void *value)
{
	segue_result r = segue_send(co, value);

	return r.raised ? r : segue_yield(r.value);
}
END
echo 'LOST SEGUE_ARCH_SWITCH_INLINE(co, OWN, SENDER, r)' | cat moves.c - >switch.c

# What must be lost, less what is said to be: nothing
not_lost() { # COMPILER FLAG...
	"$@" $CPPFLAGS -E -P -x c - <"$source/tests/clobbers/$cpu" | grep -v '^flags' | tr -s ' ' '\n' | grep . | sort >must
	"$@" $CPPFLAGS $include -E -P switch.c | tr '\n' ' ' | sed 's/.*LOST//' | grep -o '"[a-z0-9()]*"' | tr -d '"' | sort >said
	test -s must && test -s said || fail "nothing could be read with $*"
	comm -23 must said
}

try() { # run|compile COMPILER FLAG...
	how=$1
	shift
	echo 'int empty;' | "$@" -include "$source/arch/arch.h" -Werror -x c -c - -o empty.o 2>/dev/null || return 0
	echo "$*"
	tried=$((tried + 1))
	not_lost "$@" >missing
	test ! -s missing || fail "with $* these are not said to be lost" missing
	for level in -O0 -O2; do
		"$@" $level -Wall -Wextra -Werror $CPPFLAGS $include -c moves.c -o moves.o 2>errors || fail "with $* $level it does not compile" errors
	done
	test "$how" = run && test "$1" = "${CC%% *}" || return 0
	"$@" -O2 -w $CPPFLAGS $include $CMOCKA_CFLAGS "$source/tests/test_inline.c" "$source/arch/probe.S" "$built/.libs/libsegue.a" $CMOCKA_LIBS -pthread -o inline ||
		fail "test_inline does not build with $*"
	$EMULATOR ./inline >inline.log 2>&1 || fail "test_inline fails with $*" inline.log
}

tried=0
sed -n 's/^flags //p' "$source/tests/clobbers/$cpu" >trials
echo run >>trials
for compiler in "$CC" "clang ${HOST:+--target=$HOST -ffreestanding}"; do
	while read -r how flags; do
		try "$how" $compiler $flags </dev/null
	done <trials
done
test $tried -ge 2 || fail 'no flags were tried'

# That this can fail
sed '/^flags/d' "$source/tests/clobbers/$cpu" >more
echo unheard-of >>more
$CC $CPPFLAGS -E -P -x c - <more | tr -s ' ' '\n' | grep . | sort | comm -23 - said | grep -qx unheard-of || fail 'a register more was not missed'
done_here
