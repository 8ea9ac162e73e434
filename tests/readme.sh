# The programs in the README, in C and C++, compile without a warning, and print what the README says; the coroutine that waits for libuv
# compiles.
. "$srcdir/tests/lib.sh"

block() { # LANGUAGE WHICH
	awk -v begin="\`\`\`$1" -v which="$2" '$0 == begin { on = ++n == which; next } /^```$/ { on = 0 } on' "$source/README.md"
}

prints() { # LANGUAGE COMPILER...
	language=$1
	shift
	block "$language" 1 >"program.$language"
	test -s "program.$language" || fail "no program in $language in README.md"
	"$@" -O2 -Wall -Wextra -Werror $CPPFLAGS -I"$source/include" "program.$language" "$built/.libs/libsegue.a" -pthread -o program 2>errors ||
		fail "program.$language does not compile" errors
	$EMULATOR ./program >printed || fail "program.$language does not run"
	said=$(awk -v begin="\`\`\`$language" '$0 == begin { on = 1 } on && /^prints / { print; exit }' "$source/README.md" |
		sed -n 's/^prints \([0-9]*\), \([0-9]*\) and \([0-9]*\)\..*/\1 \2 \3/p')
	test "$said" && test "$said" = "$(echo $(cat printed))" || fail "program.$language does not print '$said'" printed
}

prints c $CC -std=gnu11
# A cross compiler may come without its partner for C++
if test ! "$HOST" || command -v "${CXX%% *}" >/dev/null; then
	prints cpp $CXX -std=c++17
fi
block c 2 >waits.c
grep -q segue_uv_read waits.c || fail 'nothing waits for libuv in README.md'
test ! -e "$built/libsegue-uv.la" || $CC -std=gnu11 -O2 -Wall -Wextra -Werror $CPPFLAGS $UV_CFLAGS -I"$source/include" -c waits.c 2>errors ||
	fail 'what waits for libuv does not compile' errors
done_here
