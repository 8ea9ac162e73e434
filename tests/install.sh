# What `make install` installs, and that programs outside the tree can use it.
. "$srcdir/tests/lib.sh"

declared() { # HEADER...: the names that a program may use, one a line, sorted
	for header; do
		$CC $CPPFLAGS -E -P -I"$source/include" -I"$source" -x c "$header"
	done | grep -v '^#' | tr '\n' ' ' |
		sed -E -e 's/__attribute__ *\(\(([^()]|\([^()]*\))*\)\)//g' -e ':body' -e 's/\{[^{}]*\}/;/g' -e 't body' | tr ';' '\n' |
		grep -v -w -e typedef -e static -e inline -e __inline |
		awk 'match($0, /segue_[A-Za-z0-9_]+ *\(/) { print substr($0, RSTART, RLENGTH); next }
			/^ *extern .*segue_/ { print $NF }' | sed 's/^\**//; s/[^A-Za-z0-9_].*//' | sort -u
}

exported() { # the names that the dynamic linker sees; A is the symbol version itself
	$NM -D --defined-only "$1" | sed -n 's/^[0-9a-f]* [^A] \([^@]*\).*/\1/p' | sort -u
}

runs() { # PROGRAM [DIRECTORY of the shared library]
	test "$(LD_LIBRARY_PATH=${2-} $EMULATOR "$1")" = 'segue 42' || fail "$1 does not run"
}

has_coroutines() {
	$NM "$1" | grep -q -w -e segue_coroutine_new -e segue__stack_take
}

needs pkg-config test -n "$PKG_CONFIG"
cat >program.c <<'END'
#include <stdio.h>
#include <segue.h>

static segue_result body(void *arg)
{
	return segue_value((char *)arg + (intptr_t)SEGUE_TRY(segue_yield(arg)));
}

int main(void)
{
	segue_coroutine *co = segue_coroutine_new(body, (void *)(intptr_t)20);
	intptr_t first = (intptr_t)segue_send(co, NULL).value;
	segue_result last = segue_send(co, (void *)(first + 2));

	printf("segue %d\n", last.raised == &segue_StopIteration ? (int)(intptr_t)last.value : -1);
	segue_unref(co);
	return 0;
}
END
cat >bare.c <<'END'
#include <stdint.h>
#include <stdio.h>
#include <segue/context.h>

static segue_context here, there;
static char stack[65536];

static void entry(void *arg, void *value)
{
	segue_context_switch(&there, &here, (char *)arg + (intptr_t)value);
}

int main(void)
{
	if (segue_context_make(&there, stack, sizeof stack, entry, (void *)(intptr_t)40) != 0)
		return 1;
	printf("segue %d\n", (int)(intptr_t)segue_context_switch(&here, &there, (void *)(intptr_t)2));
	return 0;
}
END

cat >waits.c <<'END'
#include <stdio.h>
#include <segue/uv.h>

static SEGUE_ASYNC(wait_a_little, (int, ms))
{
	SEGUE_TRY(segue_uv_sleep((uint64_t)ms));
	return segue_value((void *)(intptr_t)42);
}

int main(void)
{
	segue_result r = segue_uv_run(uv_default_loop(), wait_a_little(1));

	printf("segue %d\n", r.raised ? -1 : (int)(intptr_t)r.value);
	return uv_loop_close(uv_default_loop());
}
END

# As this tree is configured, but for the directories; the user's flags are for the user's build.
prefix=$PWD/prefix stage=$PWD/stage
mkdir build
cd build
configure_as_here --prefix="$prefix" --libdir="$prefix/lib" --docdir="$prefix/share/doc/segue" CFLAGS='-g -O2' LDFLAGS= >configure.log 2>&1 || fail 'configure'
$MAKE install >make.log 2>&1 || fail 'make install'
$MAKE install DESTDIR="$stage" >stage.log 2>&1 || fail 'make install DESTDIR'
cd ..

# libsegue-uv is there if configure found libuv
uv='' without_uv='! -path */segue/uv.h'
test ! -e "$built/libsegue-uv.la" || uv=yes without_uv=

# Where an installed header comes from
from() {
	case $1 in include/segue/arch/*) echo "$source/${1#include/segue/}" ;; *) echo "$source/$1" ;; esac
}

# The files
for path in lib/libsegue.so lib/libsegue.so.0 lib/libsegue.a lib/pkgconfig/segue.pc share/doc/segue/python.md share/doc/segue/threads.md \
	$(cd "$source" && ls examples/README.md examples/*.c | sed 's,^,share/doc/segue/,') \
	$(cd "$source" && find include -name '*.h*' $without_uv) ${uv:+lib/libsegue-uv.so lib/libsegue-uv.so.0 lib/libsegue-uv.a lib/pkgconfig/segue-uv.pc} \
	$(cd "$source" && ls arch/arch.h arch/inline.h arch/*/arch.h arch/*/inline.h | sed 's,^,include/segue/,'); do
	test -s "$prefix/$path" || fail "$path is not installed"
	cmp -s "$prefix/$path" "$stage$prefix/$path" || case $path in *.a | *.so*) test -s "$stage$prefix/$path" ;; *) false ;; esac ||
		fail "$path is not the same under DESTDIR"
done
for path in share/segue/segue-gdb.py lib/libsegue.so.0.0.0-gdb.py; do
	cmp -s "$source/src/segue-gdb.py" "$stage$prefix/$path" || fail "$path is not installed"
done
for page in man7/segue.7 man3/segue_send.3 man3/segue_close.3; do
	cmp -s "$prefix/share/man/$page" "$stage$prefix/share/man/$page" || fail "$page is not installed"
done
(cd "$prefix" && find include -type f) | while read -r path; do
	cmp -s "$(from "$path")" "$prefix/$path" || fail "$path is installed, and is no header of ours"
done
library=$prefix/lib/libsegue.so
$OBJDUMP -p "$library" | grep -q 'SONAME  *libsegue\.so\.0$' || fail 'the SONAME is not libsegue.so.0'

# The symbols: those that the headers declare, no more and no less. The last two show that this can fail.
headers=$(find "$prefix/include" -name '*.h' ! -path '*/arch/*' ! -path '*/segue/uv.h')
declared $headers >declared
exported "$library" >exported
test "$(wc -l <declared)" -ge 20 || fail 'the headers could not be read'
diff declared exported >symbols.diff || fail "the library does not export what the headers declare (<: only declared, >: only exported)" symbols.diff
echo 'int segue_not_there(void);' >more.h
declared $headers more.h | cmp -s - exported && fail 'a declaration without a symbol was not noticed'
cat $headers | sed 's/segue_unref(/nothing(/' >less.h
declared less.h | cmp -s - exported && fail 'a symbol without a declaration was not noticed'

# The same of libsegue-uv; and a program that pkg-config's answers link with it
if test "$uv"; then
	library=$prefix/lib/libsegue-uv.so
	(CPPFLAGS="$CPPFLAGS $UV_CFLAGS" && declared "$prefix/include/segue/uv.h") | comm -23 - declared >declared_uv
	exported "$library" >exported_uv
	test "$(wc -l <declared_uv)" -ge 20 || fail 'segue/uv.h could not be read'
	diff declared_uv exported_uv >symbols.diff || fail 'libsegue-uv does not export what its header declares' symbols.diff
	$OBJDUMP -p "$library" | grep -q 'SONAME  *libsegue-uv\.so\.0$' || fail 'the SONAME is not libsegue-uv.so.0'
	pkg_uv() {
		PKG_CONFIG_PATH="$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}" $PKG_CONFIG "$@" segue-uv || fail "pkg-config $* segue-uv"
	}
	$CC waits.c $(pkg_uv --cflags --libs) -o waits || fail 'linking with libsegue-uv'
	runs ./waits "$prefix/lib"
	$CC waits.c $(pkg_uv --cflags) "$prefix/lib/libsegue-uv.a" "$prefix/lib/libsegue.a" $UV_LIBS -o waits || fail 'linking with libsegue-uv.a'
	runs ./waits
fi

# pkg-config, at the prefix and under DESTDIR
for root in '' "$stage"; do
	export PKG_CONFIG_LIBDIR="$root$prefix/lib/pkgconfig" PKG_CONFIG_PATH=
	test -z "$root" || export PKG_CONFIG_SYSROOT_DIR="$root"
	pkg() {
		$PKG_CONFIG "$@" segue || fail "pkg-config $*"
	}
	test "$(pkg --modversion)" = "$VERSION" || fail 'pkg-config --modversion'
	test "$root" || test "$(pkg --variable=prefix)" = "$prefix" || fail 'pkg-config --variable=prefix'
	test "$(echo $(pkg --cflags))" = "-I$root$prefix/include" || fail 'pkg-config --cflags'
	test "$(echo $(pkg --libs))" = "-L$root$prefix/lib -lsegue" || fail 'pkg-config --libs'

	$CC program.c $(pkg --cflags --libs) -o shared || fail 'linking with the shared library'
	$OBJDUMP -p shared | grep -q 'NEEDED  *libsegue\.so\.0$' || fail 'the shared library is not what was linked'
	runs ./shared "$root$prefix/lib"
	$CC -static program.c $(pkg --static --cflags --libs) -o static || fail 'linking statically'
	runs ./static
	sed 's,<segue.h>,<segue/inline.h>,' program.c >inlined.c
	$CC -Wall -Wextra -Werror inlined.c $(pkg --cflags --libs) -o inlined || fail 'inlining, with the shared library'
	runs ./inlined "$root$prefix/lib"
	$NM -u inlined | grep -q segue_send_slowly || fail 'nothing was inlined'
	$CC -static inlined.c $(pkg --static --cflags --libs) -o inlined || fail 'inlining, linked statically'
	runs ./inlined
	$CC -static bare.c $(pkg --static --cflags --libs) -o bare || fail 'linking the bare switch'
	runs ./bare
	has_coroutines static || fail 'coroutines are not seen in a program that has them'
	has_coroutines bare && fail 'the bare switch brings the coroutines with it'
	rm -f shared static inlined bare
done
done_here
