# At each instruction of each operation gdb has a right and full backtrace: tests/gdb/step.py steps through tests/gdb/step.c. Of a
# target's program under qemu-user, too, by its gdb stub.
. "$srcdir/tests/lib.sh"

gdb=gdb
test ! "$EMULATOR" || gdb=gdb-multiarch
needs $gdb $gdb --version
needs 'gdb with Python' $gdb -nx -batch -ex 'python print(1)'
here=$source/tests/gdb
cpu=$(echo SEGUE_ARCH_NAME | $CC $CPPFLAGS -E -P -include "$source/arch/arch.h" -x c - | tr -d '" \n')

compile() { # OBJECT SOURCE FLAG...
	object=$1 file=$2
	shift 2
	$CC $CPPFLAGS -g -O1 -fexceptions -fno-optimize-sibling-calls "$@" -I"$source/include" -I"$source" -c "$here/$file" -o "$object" ||
		fail "compiling $file"
}
compile step.o step.c -fno-omit-frame-pointer
compile chained.o step_inline.c -fno-omit-frame-pointer -DFORM=chained
compile unchained.o step_inline.c -fomit-frame-pointer -DFORM=unchained
$CC -static step.o chained.o unchained.o "$built/.libs/libsegue.a" -pthread -o step || fail linking

field() { # NUMBER, of this architecture's line
	tr -d ' ' <"$here/table" | awk -F '|' -v cpu="$cpu" -v field="$1" '$1 == cpu { print $field }'
}
REGISTERS=$(sed 's/^\([a-z0-9]*\) .*/\1/' "$built/tests/psabi.list" | tr -s '\n' ' ')
FRAME_POINTER=$(field 2) EXEMPT=$(field 3)
export REGISTERS FRAME_POINTER EXEMPT

start=
if test "$EMULATOR"; then
	test ! "$(field 4)" || export QEMU_CPU="$(field 4)" # gdb unwinds no views of registers, as v8 is with SVE
	$EMULATOR -g "$PWD/socket" ./step &
	emulator=$!
	trap 'kill $emulator 2>/dev/null' EXIT
	while test ! -S socket; do
		kill -0 $emulator || fail 'the emulator has no gdb stub'
		sleep 0.1
	done
	start="target remote $PWD/socket"
fi
$gdb -nx -batch -iex 'set debuginfod enabled off' -ex "$start" -x "$here/step.py" ./step >log 2>&1
status=$?
cat report || tail log
test $status = 0 && grep -qx passed report || fail 'not every backtrace is right'
done_here
