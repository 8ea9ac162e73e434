# segue.hpp: its tests by several compilers, libraries, standards and levels, each pair of which meets in some build; and that they fail
# where the header does not do what it should. In a cross build by the target's own compiler.
. "$srcdir/tests/lib.sh"

tests=$source/tests/cxx
warnings='-pedantic -Wall -Wextra -Werror'

there() { # COMPILER FLAG...: or what it says is missing
	printf '#include <cxxabi.h>\nint main() {}\n' >there.cpp
	"$@" "-I$source/include" -I"$source" there.cpp -o there 2>there.errors || fail "this compiler is missing, or its library: $*" there.errors
}

# compile NAME COMPILER FLAG...: NAME.cpp against the headers in `include`, with `beside`, and the library
compile() {
	name=$1
	shift
	# shellcheck disable=SC2086
	"$@" $warnings $CPPFLAGS "-I$include" -I"$source/include" -I"$source" "$tests/$name.cpp" $beside "$built/.libs/libsegue.a" -pthread -o "$name" ||
		fail "$name.cpp does not compile by $*"
}

run() { # NAME [COMMAND...]
	name=$1
	shift
	"$@" "./$name" >"$name.log" 2>&1 || fail "$name fails" "$name.log"
	grep -q '^[1-9][0-9][0-9]* checks, 0 failed$' "$name.log" || fail "$name did not come to its end" "$name.log"
}

builds=0 controls=0
both() { # OTHER COMPILER FLAG...: with other.cpp beside it, linked in or as a shared library
	other=$1
	shift
	echo "$*, other.cpp $other"
	there "$@"
	include=$source/include
	beside=
	compile globals "$@" &
	case $other in
	linked) beside=$tests/other.cpp ;;
	shared)
		# shellcheck disable=SC2086
		"$@" $warnings $CPPFLAGS -I"$include" -I"$source" -fPIC -shared "$tests/other.cpp" -o libother.so || fail 'other.cpp does not compile'
		beside="$PWD/libother.so -rdynamic"
		;;
	esac
	compile test "$@"
	wait $! || exit 1
	for name in test globals; do
		# shellcheck disable=SC2086
		run $name $EMULATOR
	done
	builds=$((builds + 1))
}

# fails_without SED WHAT: the header without that does not pass. Goes on by itself.
fails_without() {
	controls=$((controls + 1))
	mkdir "without-$controls"
	sed "$1" "$source/include/segue.hpp" >"without-$controls/segue.hpp"
	cmp -s "without-$controls/segue.hpp" "$source/include/segue.hpp" && fail "segue.hpp has no such line any more: $2"
	compile_and_fail "without-$controls" "$2" &
}

compile_and_fail() { # DIRECTORY WHAT
	# shellcheck disable=SC2086
	$CXX -std=c++17 $CPPFLAGS "-I$1" -I"$source/include" -I"$source" "$tests/globals.cpp" "$built/.libs/libsegue.a" -pthread -o "$1/globals" ||
		fail "segue.hpp does not compile without $2"
	# shellcheck disable=SC2086
	{ $EMULATOR "./$1/globals"; } >"$1/log" 2>&1 && fail "segue.hpp passes without $2" "$1/log"
	echo "without $2: $(tail -n 1 "$1/log")"
}

if test "$HOST"; then
	both linked $CXX -std=c++17 -O2
	both linked $CXX -std=c++20 -O0
else
	both linked g++ -std=c++17 -O0
	for name in test globals; do
		run $name "${VALGRIND:-valgrind}" -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect
	done
	both shared g++ -std=c++20 -O2 -fvisibility=hidden
	both linked clang++ -std=c++17 -O2 -fno-rtti -include segue/inline.h
	both linked clang++ -stdlib=libc++ -std=c++20 -O0
	both shared clang++ -stdlib=libc++ -std=c++17 -O2
fi
case $HOST in
'')
	fails_without 's/\*place = found;/;/' 'giving back what was found'
	fails_without 's/\*place = own;/(void)own;/' 'a copy for each body'
	fails_without 's/\*place = kept;/;/' "keeping the resumer's"
	fails_without '/place = eh_globals_of_thread();$/s/^\t\tplace/\t\tif (!place) place/' 'asking the runtime anew on each thread'
	;;
arm*) fails_without '/\*propagating/d' 'the cleanups under way' ;;
esac
wait

# shellcheck disable=SC2086
echo '#include <segue.hpp>' | $CXX -fno-exceptions -std=c++17 $CPPFLAGS -I"$source/include" -fsyntax-only -x c++ - 2>errors &&
	fail 'it compiles without exceptions'
grep -q 'segue.hpp needs exceptions' errors || fail 'it does not say that it needs exceptions' errors
echo "$builds builds, $controls controls"
done_here
