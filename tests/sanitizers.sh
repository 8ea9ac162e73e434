# Programs for a sanitizer, with the one ordinary library that was built here: it must say nothing of what is right, and say what is wrong.
#
# 1. The cases of tests/sanitized.c that stand below, by each compiler, with the shared library and the static one, and with one that is
#    compiled for the sanitizer, as it is where all is.
# 2. The same without one of the sanitizer's functions in src/annotate.c: then the case must fail.
# 3. The unit tests and the corpus, compiled for the sanitizer. What skips stands in sanitizers.skips.
#
# usage: sanitizers.sh asan|tsan|msan
# In the environment, besides lib.sh's: CC, MAKE, LIBRARY_COMPILE, CMOCKA_CFLAGS, CMOCKA_LIBS, UNIT_TESTS; COMPILERS, of those below: all that
# are to be had by default; CASES: no tests, if that is set
srcdir=${srcdir:-.}
sanitizer=$1
# shellcheck source=/dev/null
. "$srcdir/tests/lib.sh"
cd "$built" && rmdir "tests/$test.dir" && test=$sanitizer && rm -rf "tests/$test.dir" && mkdir "tests/$test.dir" && cd "tests/$test.dir" || exit 99
work=$PWD

# One that hears of a leak, or of anything undefined, stops with a status that no test has.
export ASAN_OPTIONS=use_sigaltstack=0 TSAN_OPTIONS=use_sigaltstack=0:report_signal_unsafe=0:atexit_sleep_ms=0 MSAN_OPTIONS=use_sigaltstack=0 LSAN_OPTIONS=fast_unwind_on_malloc=0
undefined=,undefined
case $sanitizer in
asan) kinds='address leak' compilers='gcc clang' ;;
tsan) kinds=thread compilers='gcc clang' ;;
msan) kinds=memory compilers=clang undefined= ;;
*) fail "there is no $sanitizer" ;;
esac

# kind | case | options | what is said; nothing: it ends well | each of these functions is needed for that
table='
address | nested_ones                   | | |
address | a_longjmp_inside              | | | __sanitizer_start_switch_fiber __sanitizer_finish_switch_fiber
address | a_stack_is_clean_again        | | | __asan_unpoison_memory_region
address | a_stack_after_its_coroutine   | | use-after-poison | __asan_poison_memory_region
address | an_overrun_inside             | | stack-buffer-overflow |
address | suspended_at_the_end          | | | __lsan_register_root_region
address | an_end_inside                 | | | __lsan_register_root_region
address | a_loss_inside                 | | detected memory leaks |
address | a_lost_argument               | | detected memory leaks |
address | forks_as_a_thread_sends       | | |
address | a_threads_end_inside          | :use_sigaltstack=1:detect_leaks=0 | | __asan_handle_no_return
address | many_abandoned                | :detect_stack_use_after_return=1 | |
address | nested_ones                   | :detect_stack_use_after_return=1 | |
address | suspended_at_the_end          | :detect_stack_use_after_return=1 | | __lsan_register_root_region
address | an_end_inside                 | :detect_stack_use_after_return=1 | | __lsan_register_root_region
address | a_loss_inside                 | :detect_stack_use_after_return=1 | detected memory leaks |
address | a_variable_after_its_function | :detect_stack_use_after_return=1 | stack-use-after-return |
leak    | suspended_at_the_end          | | | __lsan_register_root_region
leak    | an_end_inside                 | | |
leak    | a_loss_inside                 | | detected memory leaks |
leak    | a_lost_argument               | | detected memory leaks |
leak    | forks_as_a_thread_sends       | | |
thread  | nested_ones                   | | |
thread  | many_frames_at_once           | | | __tsan_switch_to_fiber
thread  | many_one_after_another        | | | __tsan_destroy_fiber
thread  | many_lives                    | | |
thread  | references_order              | | | __tsan_release __tsan_acquire
thread  | hooks_order                   | | | __tsan_release __tsan_acquire
thread  | a_stack_on_another_thread     | | |
thread  | a_race_inside                 | | data race |
memory  | nested_ones                   | | |
memory  | what_the_library_wrote        | | | __msan_unpoison
memory  | a_traceback                   | | | __msan_unpoison
memory  | memory_of_the_users           | | | __msan_unpoison
memory  | an_allocators_arguments       | | | __msan_unpoison_param
memory  | a_function_that_returns_nothing | | | __msan_start_switch_fiber
memory  | a_variable_never_set          | | use-of-uninitialized-value |'

# Less randomisation of addresses than some kernels have by default, where that may be had
patience=100 # seconds
still='setarch -R'
$still true 2>/dev/null || still=

run() {
	$still timeout $patience "$@"
}

works() { # COMPILER KIND
	echo 'int main(void) { return 0; }' >probe.c
	"$1" "-fsanitize=$2" probe.c -o probe && run ./probe
}

# ---- The cases

compile() { # OUTPUT ARGUMENT...
	output=$1
	shift
	"$compiler" -g -O1 -fno-omit-frame-pointer "-fsanitize=$flags" -I"$source/include" -I"$source" "$@" -o "$output" || fail "$output does not build"
}

# ends PROGRAM CASE OPTIONS SAID: whether it does as it should
ends() {
	ASAN_OPTIONS=$ASAN_OPTIONS$3 run "./$1" "$2" >said 2>&1
	status=$?
	if test "$4"; then test $status != 0 && grep -q -e "$4" said; else test $status = 0 && ! grep -q -e Sanitizer -e 'runtime error' said; fi
}

# The one file of the library, compiled as it is, but for one function
without() { # FUNCTION
	test -e "without$1.o" ||
		(cd "$built" && $LIBRARY_COMPILE -g -O2 "-D$1=without$1" -c "$source/src/annotate.c" -o "$work/without$1.o") || fail "annotate.c does not build"
}

# The library as it is where everything is compiled for the sanitizer
instrument() {
	rm -rf instrumented.d && mkdir instrumented.d && cd instrumented.d || exit 99
	for file in $LIBRARY_SOURCES; do
		case $file in *.[cS]) echo "$source/$file" ;; esac
	done | xargs -P "$(nproc)" -n 4 "$compiler" -g -O2 -fexceptions -fno-omit-frame-pointer "-fsanitize=$flags" -DHAVE_CONFIG_H -I"$built" -I"$source/include" \
		-I"$source" -c || fail 'the library does not build for a sanitizer'
	cd "$work" || exit 99
}

# A C++ coroutine that is dropped: what closes it is an exception, and the C++ library is compiled for no sanitizer
cat >dropped.cpp <<'END'
#include <segue.hpp>
int main()
{
	segue::generator<int> numbers([] {
		for (int i = 1;; i++)
			segue::yield(i);
	});
	return *numbers.next() != 1;
}
END

run_cases() { # KIND
	compile cases.o -c "$source/tests/sanitized.c"
	instrument
	compile instrumented cases.o instrumented.d/*.o -pthread
	compile static cases.o "$built/.libs/libsegue.a" -pthread
	compile shared cases.o -L"$built/.libs" "-Wl,-rpath,$built/.libs" -lsegue -pthread
	case $compiler in gcc) plusplus=g++ ;; *) plusplus=$compiler++ ;; esac
	"$plusplus" -std=c++17 -g -O1 "-fsanitize=$flags" -I"$source/include" dropped.cpp "$built/.libs/libsegue.a" -pthread -o dropped &&
		run ./dropped >said 2>&1 || fail "$plusplus, $1: a coroutine that is dropped" said
	echo "$table" | tr -s ' \t' ' ' | sed 's/ *| */|/g' | grep "^$1|" >rows
	while IFS='|' read -r kind name options what functions; do
		for form in static shared instrumented; do
			ends $form "$name" "$options" "$what" || fail "$compiler, $kind: $name, $form$options, is not as it should be" said
		done
		for function in $functions; do
			without "$function"
			compile "lacking$function" cases.o "without$function.o" "$built/.libs/libsegue.a" -pthread
			# What overruns ThreadSanitizer's own stack of calls hangs in its report of that
			(patience=10 && ends "lacking$function" "$name" "$options" "$what") && fail "$compiler, $kind: $name does not miss $function"
			missed=$((missed + 1))
		done
	done <rows
	echo "$compiler, $1: $(wc -l <rows) cases, with the library static, shared, and compiled for it, too; $missed times a function was taken out, and missed"
}

# ---- The tests

# By the build tree's own rules, in a directory of its own, and with its libraries. Sources that were built in place are looked for in a
# copy, without what was built there.
make_here() {
	rules="-f $built/Makefile $(printf -- '-o %s ' *.la config.status tests/psabi.list)"
	$MAKE -j "$(nproc)" $rules srcdir="$source" top_srcdir="$source" VPATH="$work/sources" LIBTOOL="$built/libtool" \
		AM_MAKEFLAGS="$rules" check_PROGRAMS= \
		CC="$compiler" CPPFLAGS="-I$built $CPPFLAGS" CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=$flags -fno-sanitize-recover=all" "$@"
}

run_tests() {
	mkdir "$compiler" "$compiler/tests"
	cd "$compiler" || exit 99
	ln -s "$built"/*.la "$built/.libs" .
	cp "$built/tests/psabi.list" tests
	touch can-check config.status
	tests=$UNIT_TESTS
	# What the linker wraps in a program is wrapped in clang's runtime too, which can't do without
	case $sanitizer-$compiler in
	tsan-clang) not='tests/test_faults tests/test_local tests/test_memory' ;;
	msan-clang) not='tests/test_faults tests/test_memory tests/test_uv' ;; # libuv is not compiled for it
	*-clang) not='tests/test_faults tests/test_memory' ;;
	*) not= ;;
	esac
	# test_echo runs other programs, and test_watched is a sanitizer itself
	for name in $not tests/test_echo tests/test_valgrind tests/test_watched; do tests=$(echo " $tests " | sed "s, $name , ,"); done
	make_here $tests tests/conformance/play AM_DEFAULT_VERBOSITY=1 >make.log 2>&1 || fail "the tests do not build by $compiler" make.log
	make_here check-TESTS TESTS="$tests tests/conformance/corpus.sh" LOG_COMPILER="$still" EMULATOR="$still" >check.log 2>&1 ||
		fail "$compiler: tests fail" check.log
	"$source/tests/summary" . "$source/tests/sanitizers.skips" || fail "$compiler: tests skip"
	cd ..
}

mkdir sources
(cd "$source" && find arch examples include src tests -name '*.dir' -prune -o -name '*.[chS]' -print -o -name '*.sh' -print | tar -cf - -T -) |
	tar -C sources -xf - || exit 99
for compiler in ${COMPILERS-$compilers}; do
	missed=0
	for kind in $kinds; do
		works "$compiler" "$kind" >works.log 2>&1 || fail "$compiler has no -fsanitize=$kind that works here" works.log
		flags=$kind$undefined
		test "$kind" != leak || flags=leak
		test "${TESTS_ONLY+set}" || run_cases "$kind"
	done
	flags=${kinds%% *}$undefined
	test "${CASES+set}" || run_tests
done
done_here
