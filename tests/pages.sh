# The programs in doc/threads.md compile without a warning and print what the page says.
. "$srcdir/tests/lib.sh"

page=$source/doc/threads.md
awk '/^```c$/ { on = 1; n++; next } /^```$/ { on = 0 } on { print >("program" n ".c") }
	/^prints / { sub(/[^0-9]*/, ""); sub(/[^0-9].*/, ""); print >("said" n) }' "$page"
programs=$(grep -c '^```c$' "$page")
test "$programs" -ge 2 || fail "no programs in $page"
for n in $(seq "$programs"); do
	test -s "said$n" || fail "the page does not say what its program $n prints"
	$CC -std=gnu11 -O2 -Wall -Wextra -Werror $CPPFLAGS -I"$source/include" "program$n.c" "$built/.libs/libsegue.a" -pthread \
		-o "program$n" 2>errors || fail "program $n does not compile" errors
	$EMULATOR "./program$n" >printed || fail "program $n does not run"
	cmp -s "said$n" printed || fail "program $n does not print what the page says" printed
done
done_here
