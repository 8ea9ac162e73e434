# With SEGUE_DEBUG=1 in the environment the library says on stderr what is lost, and where it was made; with SEGUE_DEBUG=owner also which
# coroutines two threads use at once; else it says nothing.
. "$srcdir/tests/lib.sh"

line() { # TEXT: its line in tests/debug.c
	grep -n "$1" "$source/tests/debug.c" | tail -n 1 | sed 's/:.*//'
}

cat >expected <<END
segue: coroutine 'forgotten' was never awaited
  its code is at FILE:$(line 'ASYNC(forgotten')
segue: coroutine '?' was never awaited
segue: exception ignored in 'raise_at_close': ValueError: a message
  made at FILE:$(line 'coroutine_new(raise_at_close'), in main
segue: exception ignored in 'ignore_close': RuntimeError: generator ignored GeneratorExit
  made at FILE:$(line 'generator_new(ignore_close'), in main
segue: exception ignored in '?': Broken
segue: coroutine 'named' was never awaited
  made from ADDRESS
  made from ADDRESS
END

cat expected - >expected_owner <<END
segue: coroutine 'stay' is used by thread NUMBER while thread NUMBER runs it
  made at FILE:$(line 'coroutine_new(stay'), in use_on_two_threads
segue: coroutine 'await_it' is used by thread NUMBER while thread NUMBER runs it
  made at FILE:$(line 'coroutine_new(await_it'), in use_on_two_threads
segue: coroutine 'await_it' is used by thread NUMBER while thread NUMBER runs it
  made at FILE:$(line 'coroutine_new(await_it'), in use_on_two_threads
END

said() { # [VALUE of SEGUE_DEBUG]
	if test $# = 0; then unset SEGUE_DEBUG; else export SEGUE_DEBUG="$1"; fi
	$EMULATOR "$built/tests/debug" >out 2>said || fail "it ends with status $?" said
	test ! -s out || fail 'it says something on stdout' out
	sed -i -e 's,[^ ]*tests/debug\.c,FILE,' -e 's/made from 0x[0-9a-f]*$/made from ADDRESS/' -e 's/thread [1-9][0-9]*/thread NUMBER/g' said
}

said 1
diff -u expected said >differs || fail 'it says something else' differs
said owner
diff -u expected_owner said >differs || fail 'it says something else with SEGUE_DEBUG=owner' differs
for value in 0 ''; do
	said "$value"
	test ! -s said || fail "it says something with SEGUE_DEBUG=$value" said
done
said
test ! -s said || fail 'it says something without SEGUE_DEBUG' said
done_here
