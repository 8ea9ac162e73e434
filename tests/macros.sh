# SEGUE_ASYNC(), SEGUE_GENERATOR() and SEGUE_FOREACH() compile without a warning in every language that they are for. With a wrong
# number of arguments they are an error; with one of a wrong type there is a diagnostic.
. "$srcdir/tests/lib.sh"

there() { # COMPILER LANGUAGE
	command -v "${1%% *}" >/dev/null && echo '#include <stdint.h>' | $1 -x "$2" - -fsyntax-only 2>/dev/null
}

compiles() { # FILE LANGUAGE STANDARD FLAG...
	file=$1 language=$2 standard=$3
	shift 3
	$compiler -x "$language" -std="$standard" "$@" $CPPFLAGS -I"$source/include" -fsyntax-only "$file" 2>errors
}

cat >right <<'END'
#include <segue.h>

struct point {
	double x, y;
};
static SEGUE_EXCEPTION(Timeout, segue_Exception);
static char here;

SEGUE_ASYNC(nothing)
{
	return segue_value(0);
}

static SEGUE_ASYNC(one, (const char *const, name))
{
	return name ? segue_value(&here) : segue_raise(&Timeout, 0);
}

static SEGUE_GENERATOR(two, (int (*)(const char *), f), (struct point, p))
{
	SEGUE_TRY(segue_await(one(SEGUE_TRY(segue_yield(SEGUE_TRY(segue_yield(0)))) ? "x" : "y")));
	return segue_value(f && p.x > 0 ? &here : 0);
}

SEGUE_GENERATOR(sixteen, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g), (int, h), (int, i), (int, j), (int, k),
		(int, l), (int, m), (int, n), (int, o), (int, p))
{
	return segue_value(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p ? &here : 0);
}

segue_coroutine *use(segue_body *body);
segue_coroutine *use(segue_body *body)
{
	struct point p = { 1, 2 };
	segue_result end;
	void *v, *w;

	SEGUE_FOREACH(v, two(0, p), &end)
		SEGUE_FOREACH(w, sixteen(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), 0)
			if (v == w)
				break;
	segue_unref(nothing());
	segue_unref(segue_generator_new(body, &here));
	return segue_coroutine_new(body, 0);
}
END

# right COMPILER LANGUAGE STANDARD...
right() {
	compiler=$1 language=$2
	shift 2
	there "$compiler" "$language" || return 0
	tried="${tried-} $language"
	for standard; do
		echo "$compiler -std=$standard"
		compiles right "$language" "$standard" -pedantic -Wall -Wextra -Wshadow -Wmissing-declarations -Werror ||
			fail "$compiler -x $language -std=$standard has something to say" errors
	done
}

# wrong COMPILER LANGUAGE STANDARD: each of these lines is an error; those after `types` may be a mere warning.
wrong() {
	compiler=$1 language=$2 standard=$3 strict=
	there "$compiler" "$language" || return 0
	while read -r line; do
		if test "$line" = types; then
			strict=-Werror
			continue
		fi
		cat >wrong <<-END
			#include <segue.h>
			static inline SEGUE_ASYNC(greet, (const char *, name), (int, times))
			{
				return segue_value(name && times ? segue_current() : 0);
			}
			$line
		END
		compiles wrong "$language" "$standard" $strict && fail "$compiler -x $language -std=$standard $strict takes: $line"
		echo "$line: $(grep -m 1 error errors)"
	done <wrongs
	sed '$d' wrong >uses
	compiles uses "$language" "$standard" -Werror || fail "the lines are not what is wrong for $compiler" errors
}

cat >wrongs <<'END'
void *f(void) { return greet(); }
void *f(void) { return greet("you"); }
void *f(void) { return greet("you", 2, 3); }
SEGUE_ASYNC(g, (int)) { return segue_value(0); }
SEGUE_ASYNC(g, (int, a, b)) { return segue_value(0); }
SEGUE_ASYNC(g, int, a) { return segue_value(0); }
SEGUE_ASYNC(g, (int, a), (int, a)) { return segue_value(0); }
SEGUE_ASYNC(h, (int, a), (int, b), (int, c), (int, d), (int, e), (int, f), (int, g), (int, i), (int, j), (int, k), (int, l), (int, m), (int, n), (int, o), (int, p), (int, q), (int, r)) { return segue_value(0); }
SEGUE_ASYNC(greet) { return segue_value(0); }
SEGUE_ASYNC(g) { return 0; }
types
SEGUE_ASYNC(g, (int[3], a)) { return segue_value(a); }
void *f(void) { return greet(2, 2); }
void *f(void) { return greet("you", "twice"); }
void *f(int *x) { return greet(x, 2); }
void f(void) { int i; SEGUE_FOREACH(i, greet("you", 2), 0) ; }
void f(void) { void *v; SEGUE_FOREACH(v, 42, 0) ; }
void f(void) { void *v; SEGUE_FOREACH(v, greet("you", 2), &v) ; }
END

# The compiler, its partner for C++, and clang where it is there: for another target without that one's C library
partner=$(echo "$CC" | sed -e 's/clang/clang++/' -e t -e 's/gcc/g++/' -e t -e 's/cc/c++/')
other=${HOST:+"--target=$HOST -ffreestanding"}
for cc in "$CC" "clang $other"; do
	right "$cc" c gnu99 c99 gnu11 c11 c2x
	wrong "$cc" c gnu11
done
for cxx in "$partner" "clang++ $other"; do
	right "$cxx" c++ c++17 c++20
	wrong "$cxx" c++ c++17
done
# A cross compiler alone does: C++ is then looked at on a machine that has one for the target, and natively
test "$HOST" || needs 'C++ compiler' expr "$tried" : '.*c++'
done_here
