# Each program in examples/ prints what is in its .expected, and ends well; by make check-valgrind, under Valgrind, where a leak is
# no good end.
. "$srcdir/tests/lib.sh"

for file in "$source"/examples/*.c; do
	name=$(basename "$file" .c)
	case " $EXAMPLES " in *" examples/$name "*) ;; *) fail "examples/$name.c is not built" ;; esac
	test -s "${file%.c}.expected" || fail "examples/$name.expected is missing"
	(cd "$built" && $RUN "examples/$name") >"$name.printed" || fail "examples/$name fails"
	cmp -s "$name.printed" "${file%.c}.expected" || fail "examples/$name does not print what it should" "$name.printed"
done
done_here
