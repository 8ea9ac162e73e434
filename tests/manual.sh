# The manual pages: each public name has one, their prototypes are the headers', their examples compile and print what they say,
# and no linter has anything to say.
. "$srcdir/tests/lib.sh"

manual=$source/doc/man
public="$source/include/segue.h $(ls "$source"/include/segue/*.h)"

# What only macros and inline functions go through, and so needs no page
internal='SEGUE_MADE_HERE segue_code segue_debug_layout segue_foreach segue_foreach_leave segue_foreach_next segue_from_pair segue_hot segue_new_copied segue_new_here
	segue_running segue_to_pair segue_uv_drop_variable'

# ---- Names
listed() { # PAGE...: PAGE NAME, for each name in the NAME section
	awk '/^\.Sh/ { on = $2 == "NAME" } on && $1 == ".Nm" { page = FILENAME; sub(/.*\//, "", page); print page, $2 }' "$@"
}

exported() { # LIBRARY...
	for library; do
		$NM -D --defined-only "$library" | sed -n 's/^[0-9a-f]* [^A] \([^@]*\).*/\1/p'
	done
}

declared() { # HEADER...: inline functions, macros that have a comment of their own, types
	cat "$@" | sed -n -E -e 's/^static inline .*(segue_[a-z_]+)\(.*/\1/p' -e 's/^\} (segue_[a-z_]+);$/\1/p' \
		-e 's/^typedef [^{]* \**(segue_[a-z_]+)(\(.*)?;$/\1/p'
	awk '/^\/\*\*/ { comment = 1 } /^$/ { comment = 0 } comment && /^#define/ { sub(/\(.*/, "", $2); print $2; comment = 0 }' "$@"
}

public_names() { # HEADER...
	{ exported "$built"/.libs/libsegue*.so && declared "$@"; } | grep -v -x -E "$(echo $internal | tr ' ' '|')|.*_(pair|slowly)" | sort -u
}

unlike() { # PUBLIC: what has no page, what has two, and pages of what is in no header
	listed "$manual"/*.3 | cut -d ' ' -f 2 | sort >listed
	uniq -d listed | sed 's/$/ has two pages/'
	sort -u listed | comm -13 - "$1" |
		sed 's/$/ is public and has no manual page: write one in doc\/man, or add it to the NAME and SYNOPSIS of one that is there/'
	sort -u listed | comm -23 - "$1" | while read -r name; do
		grep -q -w -e "$name" headers || echo "$name has a manual page and is in no public header"
	done
}

public_names $public >public
find "$source/include" -name '*.h*' -exec sed '/^#error/d' {} + >headers
test "$(wc -l <public)" -ge 80 || fail 'the headers could not be read' public
unlike public >wrong
test ! -s wrong || fail 'pages and headers differ' wrong
for header in "$source"/include/*.hpp; do
	test -e "$manual/${header##*/}.3" || fail "${header##*/} is public and has no manual page: write doc/man/${header##*/}.3"
done
for page in "$manual"/*.[37]; do
	name=$(basename "$page")
	listed "$page" | head -n 1 | grep -q -x "$name ${name%.*}" || fail "$name is not called as the first name it lists"
	listed "$page" | while read -r _ each; do echo ".Xr $each "; done | grep -q -F -f - "$manual/segue.7" || test "$name" = segue.7 ||
		fail "segue.7 does not lead to $name"
done
{ cat public && echo segue_is_new; } | sort >more
unlike more | grep -q '^segue_is_new is public' || fail 'a name without a page is not noticed'

# ---- Comments: Doxygen, which makes the HTML of them, has its filter take out what has none
commented() { # HEADER...: the functions of paragraphs that begin by a comment
	awk '/^\/\*\*/ { on = 1 } /^$/ { on = 0 } on && /^[a-zA-Z]/' "$@" | sed -n 's/^[^(]*[ *(]\(segue_[a-z_]*\)(.*/\1/p' | sort -u
}
functions() {
	grep -x 'segue_[a-z_]*' public | while read -r name; do
		cat $public | grep -q "^[a-zA-Z][^(]*[ *]$name(" && echo "$name"
	done
}
functions >functions
test "$(wc -l <functions)" -ge 50 || fail 'no functions were found in the headers' functions
commented $public | comm -13 - functions >wrong
test ! -s wrong || fail 'these functions have no comment in their header' wrong
sed '/^\/\*\* The coroutine that runs/d' "$source/include/segue.h" >bare.h
commented bare.h | grep -q -x segue_current && fail 'a function without a comment is not noticed'

# ---- Prototypes: a second declaration beside the header's, which has to be the same
prototypes() { # PAGE
	awk '
		/^\.Sh/ { on = $2 == "SYNOPSIS" }
		!on { next }
		$1 == ".In" && !/\.hpp/ { print "#include <" $2 ">" }
		$1 == ".Ft" { sub(/^\.Ft /, ""); type = $0 }
		$1 == ".Fn" && type { name = $2; sub(/^\.Fn [^ ]* */, ""); gsub(/" "/, ", "); gsub(/"/, ""); print type, "(" name ")(" $0 ");"; type = "" }
		$1 == ".Fo" { name = $2; arguments = ""; next }
		$1 == ".Fa" { sub(/^\.Fa /, ""); gsub(/"/, ""); arguments = arguments (arguments ? ", " : "") $0 }
		$1 == ".Fc" { print type, "(" name ")(" arguments ");"; type = "" }
	' "$1"
}

compiles() { # FILE OUTPUT [OPTION...]
	file=$1 output=$2
	shift 2
	compiler="$CC -std=gnu11"
	! grep -q '^#include <segue\.hpp>' "$file" || compiler="$cxx -std=c++17 -x c++"
	$compiler -O2 -Wall -Wextra -Werror $CPPFLAGS ${UV_CFLAGS-} -I"$source/include" "$file" -x none "$@" -o "$output" 2>errors
}

# What is compiled: what libuv is for only where configure found it
pages=$(ls "$manual"/*.[37])
libraries=$built/.libs/libsegue.a
if test -e "$built/libsegue-uv.la"; then
	libraries="$built/.libs/libsegue-uv.a $libraries $UV_LIBS"
else
	pages=$(echo "$pages" | grep -v '/segue_uv_')
fi
# ... and C++ where CC has a partner for it
cxx=$(echo "$CC" | sed -e 's/clang/clang++/' -e t -e 's/gcc/g++/' -e t -e 's/cc/c++/')
echo '#include <memory>' | $cxx -x c++ -fsyntax-only - 2>/dev/null || pages=$(echo "$pages" | grep -v '/segue\.hpp\.3$')

for page in $(echo "$pages" | grep '3$'); do
	name=$(basename "$page")
	awk '/^\.Sh/ { on = $2 == "SYNOPSIS" } on' "$page" >synopsis
	grep -q '^\.In segue' synopsis || fail "$name names no header"
	listed "$page" | while read -r _ each; do
		grep -q -w -e "$each" synopsis || fail "$name does not have $each in its SYNOPSIS"
	done
	echo "#line 1 \"$name\""
	prototypes "$page"
done >prototypes.c
compiles prototypes.c prototypes.o -c || fail "pages have other prototypes than the headers" errors

# Types: what stands in the SYNOPSIS from `typedef` or `extern` to the `;` is in a header, but for comments
flat() {
	tr '\n\t' '  ' | sed -E -e 's,/\*([^*]|\*+[^*/])*\*+/,,g' -e 's/__extension__ //g' -e 's/  +/ /g'
}
definitions() { # PAGE: one a line
	awk '
		/^\.Sh/ { on = $2 == "SYNOPSIS" }
		/^\.Ed/ { code = 0 }
		code && /^(typedef|extern) / { open = 1 }
		open { print; depth += gsub(/\{/, "{") - gsub(/\}/, "}") }
		open && !depth && /;/ { open = 0; print "\001" }
		on && /^\.Bd -literal/ { code = 1 }
	' "$1" | flat | tr '\001' '\n' | sed -e 's/^ //' -e 's/ $//' -e '/^$/d'
}
cat $public | flat >headers.flat
for page in "$manual"/*.3; do
	definitions "$page" | while read -r definition; do
		grep -q -F -e "$definition" headers.flat || fail "${page##*/} has this otherwise than the headers: $definition"
	done
done
test "$(cat "$manual"/*.3 | grep -c '^typedef')" = "$(for page in "$manual"/*.3; do definitions "$page"; done | grep -c '^typedef')" ||
	fail 'the definitions could not be read'
sed '/segue_send/s/void \*value/int value/' prototypes.c >other.c
compiles other.c other.o -c && fail 'a prototype that is another is not noticed'

# ---- Examples: -literal is code, -unfilled what it prints
for page in $pages; do
	name=$(basename "$page")
	rm -f example*
	awk '
		/^\.Sh/ { on = $2 == "EXAMPLES" }
		/^\.Ed/ { file = "" }
		file { gsub(/\\e/, "\\"); gsub(/\\-/, "-"); gsub(/\\&/, ""); print >file }
		on && /^\.Bd -literal/ { file = "example" ++n ".c" }
		on && /^\.Bd -unfilled/ { file = "example" n ".prints" }
	' "$page"
	test -s example1.c || fail "$name has no example"
	for example in example*.c; do
		example=${example%.c}
		main=$(grep -c '^int main(' $example.c)
		test "$main" = 1 && set -- $libraries -pthread || set -- -c
		compiles $example.c $example "$@" || {
			cat $example.c >>errors
			fail "an example in $name does not compile" errors
		}
		test "$main" = 1 || continue
		touch $example.prints
		$EMULATOR ./$example >printed 2>said || fail "an example in $name does not run" said
		cmp -s $example.prints printed || fail "an example in $name does not print what is said there" printed
	done
done

# ---- Linters, on pages as they are installed
needs mandoc command -v mandoc
needs 'man(1)' man --version
$MAKE -C "$built" install-links DESTDIR="$PWD/stage" >make.log 2>&1 || fail 'make install-man' make.log
root=$(cd stage && find "$PWD" -type d -name man3)
MANPATH=${root%/man3}
export MANPATH
for page in "$MANPATH"/man[37]/*; do
	name=${page##*/}
	man -w "${name##*.}" "${name%.*}" >found || fail "man does not find $name"
	test ! -h "$page" || continue
	mandoc -T lint -W style "$page" >lint 2>errors || fail 'mandoc has something to say' lint
	man --warnings -E UTF-8 -l "$page" >shown 2>lint || fail "man can't show $name" lint
	test -s shown && test ! -s lint || fail "man has something to say of $name" lint
done
done_here
