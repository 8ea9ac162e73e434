# The tests once more, with send and yield inlined, or one of them: tests/forms/table has the builds. FORMS=all: all of them.
. "$srcdir/tests/lib.sh"

# build NAME SOURCE...: in the present form
build() {
	name=$1
	shift
	case $library$HOST in
	static* | shared?*) link="$built/.libs/libsegue.a" ;;
	shared) link="-L$built/.libs -lsegue -Wl,-rpath,$built/.libs" ;;
	esac
	(
		cd "$source" # the sources name each other from there
		$compiler $flags -fexceptions -w -DCORPUS='"/"' -I"$built" -Iinclude -I. $CPPFLAGS $CMOCKA_CFLAGS -include "tests/forms/$form.h" "$@" $link \
			$CMOCKA_LIBS -pthread -lm -o "$built/tests/forms.dir/$name"
	) || fail "$name does not build"
}

passes() {
	$EMULATOR "./$1" >"$1.log" 2>&1 || fail "$1 fails" "$1.log"
}

run_row() {
	echo "$compiler $flags, $form, $library"
	build inline tests/test_inline.c "$built/arch/probe.o" && passes inline
	for name in states await fenv threads; do
		build $name tests/test_$name.c && passes $name
	done
	build corners tests/test_corners.c $(cd "$source" && ls tests/corners_*.c) && passes corners
	build random tests/test_random.c tests/operations.c tests/model.c tests/chains.c tests/delegation.c && passes random
	build play tests/conformance/play.c tests/conformance/object.c tests/conformance/score.c
	mkdir played
	$EMULATOR ./play played "$source"/tests/conformance/corpus/*.score >play.log 2>&1 || fail 'a score is not played to its end' play.log
	for trace in "$source"/tests/conformance/corpus/*.trace; do
		cmp -s "$trace" "played/${trace##*/}" || fail "$(basename "$trace" .trace) is played otherwise"
	done
	rm -r played
}

rows=0
grep -v '^#' "$source/tests/forms/table" | tr -s ' ' | sed 's/ *| */|/g' >rows
while IFS='|' read -r when compiler flags form library; do
	test "$when${FORMS-}" || continue
	test "$when" != n || test ! "$HOST" || continue
	test "$compiler" = cc && compiler=$CC
	# Another compiler than the build's is for where the build's is native
	test "$compiler" = "$CC" || test ! "$HOST" || continue
	command -v "${compiler%% *}" >/dev/null || needs "$compiler" false
	run_row </dev/null
	rows=$((rows + 1))
done <rows
test $rows -ge 2 || fail 'the table has no rows'
done_here
