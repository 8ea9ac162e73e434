# test_migration, by each compiler, at each level, linked to the archive and to the shared library, and with link-time optimisation, where
# the library is compiled with it; send and yield called and inlined. Prints what the compilers do with a plain read.
. "$srcdir/tests/lib.sh"

sources=$(for file in $LIBRARY_SOURCES; do case $file in *.[cS]) echo "$file" ;; esac; done)

# The library, compiled once: as objects, and linked as a shared one
build_library() {
	rm -rf objects
	mkdir objects
	for file in $sources; do
		object=$test.dir/objects/$(basename "$file").o
		(cd "$built" && $compiler $flags ${LIBRARY_COMPILE#"$CC"} -fPIC -c "$source/$file" -o "tests/$object") || fail "$file does not compile"
	done
	$compiler $flags -shared objects/*.o -pthread -o libsegue.so || fail 'the library does not link'
}

migrate() { # FORM KIND LIBRARY...
	form=$1 kind=$2
	shift 2
	inlined=
	test "$form" = called || inlined="-include $source/tests/forms/inline.h"
	$compiler $flags -Wall -Wextra -Werror -I"$source/include" -I"$source" $CPPFLAGS $CMOCKA_CFLAGS $inlined \
		"$source/tests/test_migration.c" "$@" $CMOCKA_LIBS -pthread -o program || fail "$compiler $flags, $form, $kind: it does not build"
	$EMULATOR ./program >log 2>&1 || fail "$compiler $flags, $form, $kind: it fails" log
	printf '%-34s %-7s %-7s %s\n' "$compiler $(echo "$flags" | sed 's/ -W.*//')" "$form" "$kind" "$(sed -n 's/^read plainly after a move: //p' log)"
}

migrate_all() { # COMPILER FLAG...
	compiler=$1
	shift
	flags=$*
	case $flags in
	*-flto*)
		build_library
		set -- objects/*.o
		shared=./libsegue.so
		;;
	*)
		set -- "$built/.libs/libsegue.a"
		shared="$built/.libs/libsegue.so.0 -Wl,-rpath,$built/.libs"
		;;
	esac
	for form in called inlined; do
		migrate $form static "$@"
		migrate $form shared $shared -Wl,-rpath,.
	done
}

can_link() { # COMPILER FLAG...
	echo 'int main(void) { return 0; }' | "$@" -x c - -o linked 2>/dev/null
}

# Link-time optimisation: any linker does for gcc, clang wants lld
lto() { # COMPILER
	case $($1 --version) in *clang*) echo '-flto -fuse-ld=lld -Wno-unused-command-line-argument' ;; *) echo -flto ;; esac
}

rows=0
others=
test "$HOST" || others='gcc clang'
for compiler in "$CC" $others; do
	test "$rows" -gt 0 && test "$compiler" = "${CC%% *}" && continue
	can_link $compiler || continue
	levels='-O0 -O2'
	test "$EMULATOR" || levels="$levels -O3"
	for level in $levels "-O2 $(lto "$compiler")"; do
		if can_link $compiler $level; then
			migrate_all "$compiler" $level
			rows=$((rows + 1))
		else
			echo "$compiler $level: left out, as there is no linker for that"
		fi
	done
done
test $rows -ge 3 || fail 'no compiler was found'
done_here
