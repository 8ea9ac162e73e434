# The programs in the README, in C and C++, compile without a warning, and print what the README says.
. "$srcdir/tests/lib.sh"

prints() { # LANGUAGE COMPILER...
	language=$1
	shift
	awk -v begin="\`\`\`$language" '$0 == begin { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" >"program.$language"
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
done_here
