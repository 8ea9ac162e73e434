# Landing pads: with them compiled in, the library says that it has them (IBT or BTI) and has them all, its assembly and what
# segue/inline.h puts into its users included. Where an emulator checks them, they are run; elsewhere the instructions are read. Each
# pad that is taken away is missed. Shadow stacks, which are not switched, nothing claims.
. "$srcdir/tests/lib.sh"

readelf=$(echo "$OBJDUMP" | sed 's/objdump$/readelf/')
cpu=$(echo SEGUE_ARCH_NAME | $CC $CPPFLAGS -E -P -include "$source/arch/arch.h" -x c - | tr -d '" \n')
needs objdump $OBJDUMP --version
needs readelf $readelf --version

defines() { # MACRO FLAG...
	macro=$1
	shift
	echo "$macro" | $CC $CPPFLAGS "$@" -E -P -x c - 2>/dev/null | grep -qx '[1-9]'
}

# libc's comes by an object of its own into each library, without pads
cat >atfork.c <<'END'
int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
__attribute__((visibility("hidden"))) int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	return !prepare + !parent + !child;
}
END

# compile_library FROM FLAG...: its objects, in FROM/, with headers and assembly from that copy of arch/ and include/
compile_library() {
	from=$PWD/$1
	shift
	(cd "$built" && set -f && for file in $LIBRARY_SOURCES; do
		case $file in
		arch/*.S) $LIBRARY_COMPILE -fPIC -O2 "$@" -c "$from/$file" -o "$from/switch.o" ;;
		*.c) $LIBRARY_COMPILE -fPIC -O2 "$@" -c "$source/$file" -o "$from/$(basename "$file" .c).o" ;;
		esac || exit 1
	done) && $CC -fPIC -O2 "$@" -c atfork.c -o "$from/atfork.o" || fail "compiling the library with $*"
}

copy() { # TO: arch/ and include/
	mkdir -p "$1" && cp -R "$source/arch" "$source/include" "$1" || fail 'copying'
}

edit() { # TO FILE SCRIPT
	sed "$3" "$1/$2" >changed
	cmp -s changed "$1/$2" && fail "$3 changes nothing in $2"
	cp changed "$1/$2"
}

# different INTO SCRIPT: the library's objects, with another assembly
different() {
	copy "$1"
	edit "$1" "arch/$cpu/switch.S" "$2"
	cp library/*.o "$1"
	into=$PWD/$1
	(cd "$built" && set -f && $LIBRARY_COMPILE -fPIC -O2 $flags -c "$into/arch/switch.S" -o "$into/switch.o") || fail 'assembling'
}

link() { # DIRECTORY FLAG...: DIRECTORY/libpads.so, of nothing but its objects
	directory=$1
	shift
	$CC -shared -nostartfiles -Wl,-soname,libpads.so -Wl,-Bsymbolic-functions "$@" "$directory"/*.o -o "$directory/libpads.so" -pthread
}

features() { # FILE
	$readelf -n "$1" | sed -n 's/.* feature: //p' | tr -d ',' | tr '\n' ' '
}

cat >moves.c <<'END'
/* All the ways in: called, called by a pointer, inlined; first entries, of a bare context too; last exits; a dropped one. */
#ifdef INLINED
#include <segue/inline.h>
#endif
#include <segue.h>
#include <segue/context.h>

static segue_result body(void *arg)
{
	while (!segue_yield(arg).raised)
		;
	return segue_value(arg);
}

static segue_result outer(void *inner)
{
	return segue_await(inner);
}

static segue_coroutine *own;

static segue_result leaver(void *arg)
{
	segue_unref(own);
	return segue_value(arg);
}

static segue_context outside, inside;
static unsigned char stack[16384];

static void bare(void *arg, void *value)
{
	for (;;)
		value = segue_context_switch(&inside, &outside, value ? value : arg);
}

int drive(void)
{
	void *(*volatile by_pointer)(segue_context *, segue_context *, void *) = segue_context_switch;
	segue_coroutine *co = segue_coroutine_new(body, &stack);
	int good = 0;

	good += segue_send(co, 0).value == &stack;
	good += segue_send(co, 0).value == &stack;
	good += segue_close(co).value == &stack;
	segue_unref(co);
	co = segue_coroutine_new(outer, segue_coroutine_new(body, &stack));
	good += segue_send(co, 0).value == &stack;
	segue_unref(co);
	own = segue_coroutine_new(leaver, &stack);
	good += segue_send(own, 0).raised == &segue_StopIteration;
	good += segue_context_make(&inside, stack, sizeof stack, bare, 0) == 0;
	good += segue_context_switch(&outside, &inside, &good) == &good;
	good += by_pointer(&outside, &inside, stack) == stack;
	return good == 8;
}
END
cat >main.c <<'END'
int drive(void);

int main(void)
{
	return !drive();
}
END

# What may be reached by an indirect call or jump: what is exported, and what the code or the data takes the address of. Not the stubs'
# hidden ones: the first frames are jumped to by the switch alone, which needs no pad to land on, and the others are called directly.
targets() { # LIBRARY
	$NM -D --defined-only "$1" | awk '$2 == "T" { print $1 }'
	$OBJDUMP -d --no-show-raw-insn "$1" | sed -n 's/.*[[:blank:]]lea[[:blank:]].*(%rip),.*# \([0-9a-f]*\) <[A-Za-z_][A-Za-z0-9_.]*>$/\1/p'
	$readelf -rW "$1" | awk '$3 ~ /_RELATIVE$/ { print $4 }'
}

padless() { # LIBRARY: the names of those that begin without a pad
	targets "$1" | sed 's/^0*//' | sort -u >targets
	$OBJDUMP -d --no-show-raw-insn "$1" | awk '
		BEGIN { while ((getline line <"targets") > 0) wanted[line] = 1 }
		/^[0-9a-f]+ <.*>:$/ { address = $1; sub(/^0*/, "", address); name = (address in wanted) ? $2 : ""; found += name != ""; next }
		name != "" && name !~ /^<segue_arch_/ && $2 != "endbr64" { print name }
		{ name = "" }
		END { if (found < 50) print "no more than " found " targets were found" }'
}

tracked() { # OBJECT: jumps that would want a pad
	$OBJDUMP -d --no-show-raw-insn "$1" | grep 'jmp.*\*' | grep -v notrack
}

# What drives it has pads, too: nothing is checked of what others call. Leaves the program in DIRECTORY.
build_program() { # DIRECTORY FLAG...
	directory=$1
	shift
	$CC $CPPFLAGS -fPIC -O2 "$@" -I"$directory/include" -I"$directory" -c moves.c -o moves.o &&
		$CC -shared -nostartfiles $strict moves.o -L"$directory" -lpads -o "$directory/libmoves.so" &&
		$CC $CPPFLAGS main.c -L"$directory" -Wl,-rpath,"$PWD/$directory" -lmoves -lpads -o "$directory/program" -pthread ||
		fail "building a program with $*"
}

runs() { # DIRECTORY
	LD_LIBRARY_PATH=$PWD/$1 $EMULATOR "$1/program" 2>/dev/null
}

dies() { # DIRECTORY WHAT
	runs "$1"
	status=$?
	echo "without $2 it ends with $status"
	test $status = 132 || fail "$2 is not missed: exit status $status"
}

copy library
if defines __CET__ -fcf-protection=branch; then
	flags=-fcf-protection=full mark=IBT
elif defines __ARM_FEATURE_BTI_DEFAULT -mbranch-protection=standard; then
	# libgcc's own atomics, which a compiler for the first of these processors calls, may have been built without pads
	flags='-mbranch-protection=standard -mno-outline-atomics' mark=BTI
else
	# No pads in this ABI, or none that the compiler makes: none is claimed
	compile_library library
	link library || fail linking
	for file in library/switch.o library/libpads.so; do
		test ! "$(features $file)" || fail "$file claims $(features $file)"
	done
	echo 'no landing pads here, and none claimed'
	done_here
fi
compile_library library $flags
link library || fail linking
test "$(features library/libpads.so)" = "$mark " || fail "the library says '$(features library/libpads.so)' of itself, and not $mark"


# The stub alone makes it say so, and only the stub lacks what nothing switches
complaints() { # DIRECTORY
	if test $mark = IBT; then
		link "$1" -Wl,-z,cet-report=warning 2>&1 | sed -n 's/.*[ /]\([a-z_]*\.o\): warning: \(.*\)/\1 \2/p'
	else
		link "$1" $strict 2>&1 | sed -n 's/.*[ /]\([a-z_]*\.o\): warning: .*/\1/p'
	fi
}
strict=
lacking='switch.o missing SHSTK property'
test $mark = IBT || { strict=-Wl,-z,force-bti,--fatal-warnings lacking=; }
test "$(complaints library)" = "$lacking" || fail "the linker says: $(complaints library)"
different unmarked '/GNU_PROPERTY/d; /^[[:blank:]]*\.long[[:blank:]]*4, 16, 5/d; /\.asciz/d'
complaints unmarked | grep -q -e '^switch.o$' -e '^switch.o missing IBT' || fail 'the linker does not miss the note'

copy inlined
cp library/*.o inlined
if test $mark = IBT; then
	# Nothing here checks them as it runs
	link library || fail linking
	padless library/libpads.so >missing
	tracked library/switch.o >>missing
	$CC $CPPFLAGS -fPIC -O2 $flags -DINLINED -Ilibrary/include -Ilibrary -c moves.c -o moves.o || fail 'compiling moves.c'
	tracked moves.o >>missing
	test ! -s missing || fail 'without a pad, or in want of one:' missing
	different padless '/^[[:blank:]]*endbr64/d'
	link padless || fail linking
	padless padless/libpads.so | grep -qx '<segue_context_switch>:' || fail 'a pad that is taken away is not missed'
	different tracked s/notrack//
	tracked tracked/switch.o | grep -q jmp || fail 'a jump in want of a pad is not found'
	edit inlined "arch/$cpu/inline.h" s/notrack//
	$CC $CPPFLAGS -fPIC -O2 $flags -DINLINED -Iinlined/include -Iinlined -c moves.c -o moves.o || fail 'compiling moves.c'
	tracked moves.o | grep -q jmp || fail 'an inlined jump in want of a pad is not found'
	done_here
fi
link library $strict || fail linking
for form in '' -DINLINED; do
	build_program library $flags $form
	runs library || fail "it does not run${form:+, inlined}: exit status $?"
done
# Whether something checks them here, as qemu-user does
mkdir control
echo 'int drive(void) { return 1; }' >victim.c
echo 'int victim(void); int drive(void); int drive(void) { return (*(int (*volatile)(void))victim)(); }' >control.c
$CC $CPPFLAGS -fPIC -O2 -Ddrive=victim -mbranch-protection=none -c victim.c -o victim.o &&
	$CC $CPPFLAGS -fPIC -O2 $flags -c control.c -o control.o &&
	$CC -shared -nostartfiles -Wl,-z,force-bti victim.o control.o -o control/libmoves.so 2>/dev/null &&
	cp library/libpads.so control && cp library/program control || fail 'building the control'
if runs control; then
	echo 'no processor here looks for pads: those that are missing are not tried'
	done_here
fi
for pad in '/^[[:blank:]]*bti/d' 's/ret[[:blank:]]*x10/br x10/'; do
	rm -rf broken
	different broken "$pad"
	link broken $strict || fail linking
	build_program broken $flags
	dies broken "$pad"
done
edit inlined "arch/$cpu/inline.h" 's/"ret x10/"br x10/'
link inlined $strict || fail linking
build_program inlined $flags -DINLINED
dies inlined 'the inlined ret'
done_here
