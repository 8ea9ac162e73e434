# With -O2 send and yield leave the library by a jump into the stub: what is called would return by a mispredicted return.
. "$srcdir/tests/lib.sh"

build() { # LIBRARY FLAG...
	library=$1
	shift
	(cd "$built" && set -f && $LIBRARY_COMPILE -fPIC -shared "$@" $(for file in $LIBRARY_SOURCES; do
		case $file in *.[cS]) echo "$source/$file" ;; esac
	done) -o "tests/$test.dir/$library") || fail "building $library"
}

# How a function goes to the stub: the instructions that name it
leaves() { # LIBRARY FUNCTION
	$OBJDUMP -d --no-show-raw-insn "$1" | sed -n "/ <$2>:\$/,/^\$/p" |
		sed -n 's/^[^:]*:[[:blank:]]*\(.*\)<segue_arch_switch>.*/\1/p' | awk '{ print $1 == "notrack" || $1 == "bnd" ? $2 : $1 }'
}

# An instruction that is not among these may be a call.
jumps() { # LIBRARY
	for function in segue_send segue_yield; do
		$NM "$1" | grep -q -w "${function}_pair" && function=${function}_pair
		how=$(leaves "$1" $function)
		echo "$1: $function: $how"
		test "$how" || fail "$function of $1 does not name segue_arch_switch"
		for instruction in $how; do
			case $instruction in
			jmp | jmpq | b | b.n | b.w | j | jr | tail) ;;
			*) return 1 ;;
			esac
		done
	done
}

needs objdump $OBJDUMP --version
build fast.so -O2
jumps fast.so || fail 'the library calls the stub, and does not jump to it'
build slow.so -O2 -fno-optimize-sibling-calls
jumps slow.so && fail 'a call is not told from a jump'
done_here
