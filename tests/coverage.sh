# Builds a library that counts what runs, without optimisation, runs the tests of `make check` on it, and compares: every line of
# the protocol's must have run, and every branch been taken either way, but for those in coverage.branches. Status 77: this
# compiler has no gcov that python3 can read.
#
# In the environment: srcdir, CC, MAKE, TESTS; HOST (a cross build); GCOV, PYTHON
. "$srcdir/tests/lib.sh"
: "${GCOV:=gcov}" "${PYTHON:=python3}"

# Whether the two go together
counts() {
	echo 'int main(int argc, char **argv) { return argv && argc > 1; }' >probe.c
	$CC -O0 --coverage -fprofile-update=atomic probe.c -o probe && ./probe &&
		$GCOV -b --json-format --stdout probe*.gcda |
			$PYTHON -c 'import json, sys; json.load(sys.stdin)["files"][0]["lines"][0]'
}

test ! "${HOST-}" || needs 'native build' false
needs 'gcov of the same version as the compiler, and python3' counts
mkdir build && cd build || exit 99
# Without the branches that are for exceptions, which C has none of
flags='-O0 --coverage -fprofile-update=atomic -fno-exceptions -fasynchronous-unwind-tables'
configure_as_here --disable-shared CFLAGS="$flags" >configure.log 2>&1 || fail configure configure.log
$MAKE -j "$(nproc)" check TESTS="$TESTS" >check.log 2>&1 || fail 'make check' test-suite.log
$PYTHON "$source/tests/coverage.py" "$GCOV" "$source" "$source/tests/coverage.branches" src || fail 'not all is covered'
done_here
