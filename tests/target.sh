# On a target without a switch configure fails, and says by name where to read what to write.
. "$srcdir/tests/lib.sh"

# A compiler that doesn't say what it compiles for: the C library's headers can't be read then, and programs not be run
: >limits.h
build=$("$SHELL" "$source/m4/config.guess")
host=$(echo "$build" | sed 's/-[^-]*-/-unknowable-/')
configure_as_here --build="$build" --host="$host" CC="$CC" CPPFLAGS="-undef -I$PWD" >log 2>&1 && fail 'configure goes on without a switch'
grep -q 'error: no switch for .*arch/README.md' log || fail 'configure failed, but not by name:' log
done_here
