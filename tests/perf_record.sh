# `perf record -g` sees through: a sample taken in a coroutine leads to who awaits it, to who sent to it, and to main(); also one that is
# taken in the midst of send and yield, called or inlined.
. "$srcdir/tests/lib.sh"

needs perf perf --version
test ! "$EMULATOR" || needs 'perf that sees into what an emulator runs' false
needs 'permission for perf record' perf record -e cpu-clock -g -o permitted.data true

cat >spin.c <<'END'
#ifdef INLINED
#include <segue/inline.h>
#endif
#include <segue.h>
#include <stdio.h>

#define FUNCTION static __attribute__((noinline))

static volatile unsigned long after;

/* It has a frame, as a function that calls none may not: then its caller would be missed. */
FUNCTION void spin(void)
{
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));
	for (int i = 0; i < 1000; i++)
		after++;
}

FUNCTION segue_result yields_often(void *arg)
{
	segue_result r;

	do {
		spin();
		r = segue_yield(arg);
	} while (!r.raised);
	return r;
}

FUNCTION segue_result awaits_it(void *inner)
{
	segue_result r = segue_await(inner);

	after++;
	return r;
}

FUNCTION void send_spinning(segue_coroutine *co)
{
	for (int i = 0; i < 300000; i++)
		segue_send(co, 0);
	after++;
}

FUNCTION segue_result only_yields(void *arg)
{
	while (!segue_yield(arg).raised)
		;
	return segue_value(0);
}

FUNCTION void send_only(segue_coroutine *co)
{
	for (int i = 0; i < 20000000; i++)
		segue_send(co, 0);
	after++;
}

int main(void)
{
	segue_coroutine *co = segue_coroutine_new(awaits_it, segue_coroutine_new(yields_often, 0));

	send_spinning(co);
	segue_unref(co);
	co = segue_coroutine_new(only_yields, 0);
	send_only(co);
	segue_unref(co);
	return 0;
}
END

# Each sample as one line: the functions, innermost first
samples() { # DATA
	perf script -i "$1" -F ip,sym 2>/dev/null | awk '
		NF { line = line " " $2; next }
		{ if (line != "") print line " "; line = "" }
		END { if (line != "") print line " " }'
}

# among WHICH WHOLE: enough samples have the first in them, and nearly all of those the second: one that is taken as a function begins or
# ends lacks its caller
among() {
	found=$(grep -c -e "$1" "$name.samples")
	whole=$(grep -e "$1" "$name.samples" | grep -c -e "$2")
	echo "$name: $whole of $found samples with '$1' show '$2'"
	test "$found" -ge 50 || fail "no more than $found samples with '$1'"
	grep -e "$1" "$name.samples" | grep -v -e "$2" | sort | uniq -c | sort -rn | head -n 5 >others
	test $((whole * 100)) -ge $((found * 95)) || fail "too few samples with '$1' show '$2'" others
}

for form in '' -DINLINED; do
	name=called
	test ! "$form" || name=inlined
	$CC $CPPFLAGS -g -O2 -fno-omit-frame-pointer -fno-optimize-sibling-calls $form -I"$source/include" -I"$source" spin.c \
		"$built/.libs/libsegue.a" -pthread -o $name || fail 'building'
	perf record -e cpu-clock -F 499 -g -o $name.data ./$name >log 2>&1
	test $? = 0 || fail 'perf record' log
	samples $name.data >$name.samples
	among ' spin ' ' spin yields_often .* awaits_it .* send_spinning main '
	among '.' ' main '
done
done_here
