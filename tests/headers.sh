# Each public header compiles alone, in every language that it is for, without a warning.
. "$srcdir/tests/lib.sh"

# Whether a compiler is there, and by itself compiles for a target that segue has
there() {
	command -v "${1%% *}" >/dev/null && echo 'int main;' | $1 -include "$source/arch/arch.h" -x c - -fsyntax-only 2>/dev/null
}

# Whether this compiler has what a header needs beside libc: libuv wants more of that than the standard
has_what() { # HEADER COMPILER LANGUAGE STANDARD
	flags=
	case $1 in */uv.h) flags="-D_GNU_SOURCE ${UV_CFLAGS-}" && echo '#include <uv.h>' | $2 -x $3 -std=$4 $CPPFLAGS $flags -fsyntax-only - 2>/dev/null ;; esac
}

# tries LANGUAGE COMPILER STANDARD...
tries() {
	language=$1 compiler=$2
	shift 2
	for standard; do
		if there "$compiler"; then
			echo "$compiler -std=$standard"
			tried="${tried-} $language"
			case $language,$compiler in c,* | *-ffreestanding*) headers='*.h' ;; *) headers='*.h*' ;; esac # C++'s need its library
			for header in $(cd "$source/include" && find . -name "$headers"); do
				has_what "$header" "$compiler" "$language" "$standard" || continue
				printf '#include "%s"\n#include "%s"\n' "$header" "$header" >alone
				cat >>alone <<'END'
extern int not_empty;
#ifdef SEGUE_TRY
SEGUE_EXCEPTION(Timeout, segue_Exception);
segue_result body(void *arg);
segue_result body(void *arg)
{
	return SEGUE_TRY(segue_yield(arg)) ? segue_value(arg) : segue_raise(&Timeout, arg);
}
#endif
END
				$compiler -x $language -std=$standard -pedantic -Wall -Wextra -Werror $CPPFLAGS $flags -I"$source/include" -I"$source" -fsyntax-only alone 2>errors ||
					fail "$header does not compile with $compiler -x $language -std=$standard" errors
			done
		fi
	done
}

# The compiler, its partner for C++, and clang where it is there: for another target without that one's C library
partner=$(echo "$CC" | sed -e 's/clang/clang++/' -e t -e 's/gcc/g++/' -e t -e 's/cc/c++/')
other=${HOST:+"--target=$HOST -ffreestanding"}
for cc in "$CC" "clang $other"; do
	tries c "$cc" c99 c11 c2x
done
for cxx in "$partner" "clang++ $other"; do
	tries c++ "$cxx" c++17 c++20 c++2b
done
# A cross compiler alone does: C++ is then looked at on a machine that has one for the target, and natively
test "$HOST" || needs 'C++ compiler' expr "$tried" : '.*c++'
done_here
