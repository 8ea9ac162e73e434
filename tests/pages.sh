# The programs in these pages of doc/ compile without a warning and print what the pages say.
. "$srcdir/tests/lib.sh"

pages='memory signals threads'

# check PAGE: in a directory of its own
check() {
	awk '/^```c$/ { on = 1; n++; next } /^```$/ { on = 0 } on { print >("program" n ".c") }
		/^prints / { sub(/[^0-9]*/, ""); sub(/[^0-9].*/, ""); print >("said" n) }' "$1"
	programs=$(grep -c '^```c$' "$1")
	test "$programs" -ge 1 || fail "no programs in $1"
	for n in $(seq "$programs"); do
		test -s "said$n" || fail "$1 does not say what its program $n prints"
		$CC -std=gnu11 -O2 -Wall -Wextra -Werror $CPPFLAGS -I"$source/include" "program$n.c" "$built/.libs/libsegue.a" -pthread \
			-o "program$n" 2>errors || fail "program $n of $1 does not compile" errors
		$EMULATOR "./program$n" >printed || fail "program $n of $1 does not run"
		cmp -s "said$n" printed || fail "program $n of $1 does not print what it says" printed
	done
}

for page in $pages; do
	mkdir "$page"
	cd "$page" || exit 99
	check "$source/doc/$page.md"
	cd ..
done

# The variables of the library that are not constant: those that doc/design.md lists
$OBJDUMP -t "$built/.libs/libsegue.a" | sed 's/ \.hidden / /' |
	awk 'NF > 3 && $(NF - 2) ~ /^\.(s?bss|s?data|tbss|tdata)$/ && $NF !~ /^[.$_]/ { sub(/\..*/, "", $NF); print $NF }' |
	sort -u >variables
while read -r variable; do
	grep -q "^|.*\`$variable\`" "$source/doc/design.md" || fail "doc/design.md does not list the variable $variable"
done <variables
done_here
