# The program in the README compiles without a warning, and prints what the README says.
. "$srcdir/tests/lib.sh"

awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" >program.c
test -s program.c || fail 'no program in README.md'
$CC -std=gnu11 -O2 -Wall -Wextra -Werror $CPPFLAGS -I"$source/include" program.c "$built/.libs/libsegue.a" -pthread -o program 2>errors ||
	fail 'it does not compile' errors
$EMULATOR ./program >printed || fail 'it does not run'
said=$(sed -n 's/^prints \([0-9]*\), \([0-9]*\) and \([0-9]*\)\..*/\1 \2 \3/p' "$source/README.md")
test "$said" = "$(echo $(cat printed))" || fail "it does not print $said" printed
done_here
