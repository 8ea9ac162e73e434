# For the scripts among the tests, which read this first. They run in a directory of their own, tests/NAME.dir, which
# stays only if they fail; `source` is the source tree, `built` the build tree.
test=${0##*/}
test=${test%.sh}
source=$(cd "$srcdir" && pwd)
built=$PWD
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
LC_ALL=C
export LC_ALL
rm -rf "tests/$test.dir"
mkdir -p "tests/$test.dir" && cd "tests/$test.dir" || exit 99

fail() { # MESSAGE [FILE to show]
	echo "$test: $1 (in tests/$test.dir)" >&2
	test ! "${2-}" || cat "$2" >&2
	kill "$$" # from a subshell too
	exit 1
}
trap 'exit 1' TERM

needs() { # WHAT COMMAND...: if that fails the test is skipped
	what=$1
	shift
	"$@" >/dev/null 2>&1 && return
	echo "$test: skipped, as there is no $what"
	cd "$built" && rm -rf "tests/$test.dir"
	exit 77
}

# Configures the present directory as the build tree is, with other arguments after those. Sources that were built in place
# can't be configured from elsewhere: then it is a copy of them, as the tarball would have them.
configure_as_here() {
	tree=$source
	if test -e "$source/config.status"; then
		tree=$built/tests/$test.dir/tree
		(cd "$built" && $MAKE distdir distdir="tests/$test.dir/tree") || fail 'make distdir'
	fi
	eval "set -- $("$built/config.status" --config) \"\$@\""
	"$SHELL" "$tree/configure" "$@" --srcdir="$tree"
}

done_here() {
	cd "$built" && rm -rf "tests/$test.dir"
	exit 0
}
