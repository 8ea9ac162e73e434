# Every form in doc/python.md: the C compiles without a warning and prints the text below it, and so does the Python, where
# there is one that knows.
. "$srcdir/tests/lib.sh"

# 01.c, 01.python, 01.text and so on: a form begins at a heading, or at a second block of a kind. The first is the prologue.
awk '
	/^```/ && kind { close(file); kind = ""; next }
	/^#/ && !kind { begins = 1 }
	/^```/ {
		kind = substr($1, 4)
		if (begins || (form, kind) in seen) form++
		begins = 0
		seen[form, kind]
		file = sprintf("%02d.%s", form, kind)
		if (NF > 1) print $2 >sprintf("%02d.since", form)
		next
	}
	kind { print >file }
' "$source/doc/python.md"
test -s 01.c && test -s 01.python && test "$(echo *.c | wc -w)" = "$(grep -c '^```c$' "$source/doc/python.md")" ||
	fail 'doc/python.md could not be read'
mv 01.c prologue.h
mv 01.python prologue.python
for text in *.text; do
	test -s "${text%.text}.c" || fail 'no C prints this' "$text"
done

# prints FORM SOURCE COMMAND...: what that prints, to stderr too, is the text
prints() {
	form=$1 shown=$2
	shift 2
	touch "$form.text"
	"$@" >"$form.printed" 2>&1 || echo "status $?" >>"$form.printed"
	diff "$form.text" "$form.printed" >"$form.diff" && return
	cat "$shown" "$form.diff" >report
	fail 'it prints something else than the page says (<: the page, >: it)' report
}

for c in *.c; do
	form=${c%.c}
	$CC -std=gnu11 -O2 -Wall -Wextra -Werror $CPPFLAGS -I"$source/include" -include prologue.h "$c" "$built/.libs/libsegue.a" -pthread \
		-o "$form" 2>errors || {
		cat "$c" errors >report
		fail 'it does not compile without a warning' report
	}
	prints "$form" "$c" $EMULATOR "./$form"
done

# Once is enough for the Python: where the build is native
python=${PYTHON:-python3}
at_least() { # VERSION
	"$python" -c 'import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))' "$1" 2>/dev/null
}
if test "$HOST" || ! at_least 3.11; then
	echo "$test: the Python was not run, as this is a cross build or there is no Python of version 3.11"
	done_here
fi
for text in *.python; do
	form=${text%.python}
	test "$form" != prologue || continue
	test ! -e "$form.since" || at_least "$(cat "$form.since")" || continue
	cat prologue.python "$text" >"$form.py"
	prints "$form" "$text" "$python" -B "$form.py"
done
done_here
