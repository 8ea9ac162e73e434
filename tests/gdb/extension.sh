# The gdb extension: what it says of a process, of a core file, with a library that has no names but those that are exported, of a
# program that has none at all, and of a target's program under qemu-user, by its gdb stub.
. "$srcdir/tests/lib.sh"

gdb=gdb
test ! "$EMULATOR" || gdb=gdb-multiarch
needs $gdb $gdb --version
needs 'gdb with Python' $gdb -nx -batch -ex 'python print(1)'
here=$source/tests/gdb

for file in extension extension_inline; do
	$CC $CPPFLAGS -g -O1 -fexceptions -fno-optimize-sibling-calls -fno-inline-small-functions -fno-omit-frame-pointer -I"$source/include" \
		-I"$source" -c "$here/$file.c" -o $file.o || fail "compiling $file.c"
done

# How the extension is loaded
load="source $source/src/segue-gdb.py"

# gdb_of NAME PROGRAM [ARGUMENT of gdb...]: the commands' answers, in NAME.said
gdb_of() {
	name=$1 program=$2
	shift 2
	$gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set height 0' -ex 'set width 0' -ex "$load" "$@" \
		-x "$here/extension.gdb" "$program" >"$name.log" 2>&1
	sed -n '/^== ps/,/^== end/p' "$name.log" >"$name.said"
	grep -q '^== end' "$name.said" || fail "gdb did not come to the end ($name)" "$name.log"
}

# remotely NAME PROGRAM: the same of one under the emulator
remotely() {
	rm -f socket
	$EMULATOR -g "$PWD/socket" "./$2" &
	emulator=$!
	while test ! -S socket; do
		kill -0 $emulator || fail 'the emulator has no gdb stub'
		sleep 0.1
	done
	gdb_of "$1" "$2" -ex "target remote $PWD/socket" -ex continue
	kill $emulator 2>/dev/null
	wait $emulator 2>/dev/null
}

said() { # NAME SECTION: the answer
	awk -v section="== $2" '/^== / { on = $0 == section; next } on' "$1.said"
}

functions() { # those of the program, in the order of the frames
	sed -n -E 's/^#[0-9]+ +(0x[0-9a-f]+ in )?(ext_[a-z]*|main) .*/\2/p' | tr '\n' ' '
}

is() { # NAME SECTION FUNCTION...: the backtrace has these
	name=$1 section=$2
	shift 2
	test "$(said "$name" "$section" | functions)" = "$* " || fail "'$section' has other functions than $* ($name)" "$name.said"
	said "$name" "$section" | grep -q -e ' in ?? ' -e 'Backtrace stopped' && fail "'$section' ends in nonsense ($name)" "$name.said"
}

has() { # NAME SECTION REGULAR_EXPRESSION
	said "$1" "$2" | grep -q -E -e "$3" || fail "'$2' does not say $3 ($1)" "$1.said"
}

# What needs no names but the coroutines' own
check_nameless() {
	while read -r number state name; do
		has "$1" ps "^$number +0x[0-9a-f]+ +$state +$name( |\$)"
	done <<'TABLE'
1 created   ext_never
2 suspended ext_counts
3 suspended ext_counts
4 suspended ext_awaits
5 ended     ext_never
6 suspended ext_inlined
7 running   ext_stops
8 running   ext_sends
9 suspended on other memory
TABLE
	test "$(said "$1" ps | wc -l)" = 10 || fail "there are others ($1)" "$1.said"
	has "$1" ps "^4 .* awaits 3 'ext_counts'"
	has "$1" ps '^7 .* thread 1'
	has "$1" ps "^8 .* resumed 7 'ext_stops'"
	has "$1" ps "^9 .* awaits an object at 0x[0-9a-f]*, 'Iterator'"
	said "$1" tree >tree
	cat >tree.expected <<'TREE'
1 'ext_never', created
2 'ext_counts', suspended
4 'ext_awaits', suspended
  3 'ext_counts'
5 'ext_never', ended
6 'ext_inlined', suspended
7 'ext_stops', running, resumed by 8 'ext_sends'
8 'ext_sends', running, resumed by a thread
9 'on other memory', suspended
  an object at ADDRESS, 'Iterator'
TREE
	sed 's/0x[0-9a-f]*/ADDRESS/' tree | diff tree.expected - >differs || fail "the tree is another ($1)" differs
	has "$1" 'bt created' "^1 'ext_never' has not started: it will start "
	has "$1" 'bt ended' "^5 'ext_never' has ended"
	has "$1" 'bt running' "^7 'ext_stops' runs: its frames are those of thread 1"
	has "$1" 'bt suspended' "^generator 2 'ext_counts', suspended, made at .*extension\.c:[0-9]+"
}

check() {
	check_nameless "$1"
	has "$1" ps '^1 .* will start ext_never at .*extension\.c:[0-9]+'
	has "$1" ps '^2 .* ext_deeper at .*extension\.c:[0-9]+'
	has "$1" ps '^6 .* ext_inlined at .*extension_inline\.c:[0-9]+'
	has "$1" ps '^8 .*, in ext_sends at .*extension\.c:[0-9]+'
	has "$1" ps '^9 .*, in ext_awaits at .*extension\.c:[0-9]+'
	is "$1" 'bt suspended' ext_deeper ext_deeper ext_counts
	is "$1" 'bt leaf' ext_deeper ext_deeper ext_counts ext_awaits
	is "$1" 'bt outer' ext_awaits
	is "$1" 'bt inlined' ext_inlined
	is "$1" 'bt waiting' ext_sends main
	is "$1" 'bt placed' ext_awaits
	has "$1" frame '^#[0-9]+ .*ext_deeper \(depth=(depth@entry=)?0\)'
	has "$1" locals '^deeper_local = 2718'
	has "$1" up '^#[0-9]+ .*ext_deeper \(depth=(depth@entry=)?1\)'
	is "$1" 'backtrace there' ext_deeper ext_deeper ext_counts
	has "$1" back '^#0 '
}

# ---- With the static library
$CC $CFLAGS extension.o extension_inline.o "$built/.libs/libsegue.a" -static -pthread -o extension || fail linking
cp extension nameless && $STRIP nameless || fail stripping
if test "$EMULATOR"; then
	remotely remote extension
	check remote
	remotely nameless nameless
	check_nameless nameless
	done_here
fi
gdb_of live extension -ex run
check live
gdb_of nameless nameless -ex run
check_nameless nameless

# ---- A core file: the kernel's, if it puts them here; and gdb's own, which ends at light guards, so of a program that has none
case $(cat /proc/sys/kernel/core_pattern 2>/dev/null) in
core*)
	mkdir cores
	(cd cores && ulimit -c unlimited && ../extension) >cores.log 2>&1
	gdb_of kernels_core extension -ex "core-file $(ls cores/core*)"
	check kernels_core
	;;
esac
$gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set environment SEGUE_TEST_NO_LIGHT_GUARDS 1' -ex run \
	-ex 'generate-core-file gdbs' -ex kill extension >gdbs.log 2>&1
test -s gdbs || fail 'gdb makes no core file' gdbs.log
gdb_of gdbs_core extension -ex 'core-file gdbs'
check gdbs_core
$gdb -nx -batch -iex 'set debuginfod enabled off' -ex run -ex 'generate-core-file light' -ex kill extension >light.log 2>&1
if grep -q 'Memory read failed' light.log; then
	$gdb -nx -batch -iex 'set debuginfod enabled off' -ex "source $source/src/segue-gdb.py" -ex 'segue ps' extension light >light.said 2>&1
	grep -q 'lacks the stacks' light.said || fail 'a core file without stacks is not said to be one' light.said
fi

# ---- With the shared library, as distributions strip it, and as it is installed: gdb loads the extension by itself
$MAKE -C "$built" install DESTDIR="$PWD/stage" >install.log 2>&1 || fail 'make install' install.log
lib=$(dirname "$(find "$PWD/stage" -name 'libsegue.so.*.py')")
$STRIP --strip-unneeded "$lib/libsegue.so.0" || fail stripping
$CC extension.o extension_inline.o "$lib/libsegue.so.0" -Wl,-rpath,"$lib" -o shared || fail linking
load="add-auto-load-safe-path $lib"
gdb_of shared shared -ex run
check shared
$MAKE -C "$built" install-data-hook prefix=/usr DESTDIR="$PWD/distribution" >install.log 2>&1 || fail 'make install-data-hook' install.log
find distribution -name 'libsegue.so.*.py' | grep -q "^distribution/usr/share/gdb/auto-load/usr/lib/" || fail 'under /usr it lies where gdb does not look'

# ---- It is no gdb's without the library; it can tell that something is wrong
$gdb -nx -batch -ex 'set height 0' -ex "source $source/src/segue-gdb.py" -ex 'segue ps' >nothing 2>&1
grep -q 'not being run' nothing || fail 'without a process it does not say so' nothing
sed 's/^\(2 .*\) ext_deeper at/\1 elsewhere at/' live.said >other.said
(fail() { exit 1; }; check other) && fail 'another answer is not noticed'
done_here
