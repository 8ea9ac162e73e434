# A CMake project finds the installed library by find_package(), shared and static, where it was installed and where it was moved to.
. "$srcdir/tests/lib.sh"

needs cmake cmake --version
mkdir project
cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.19)
project(consumer C)
if(NOT VERSIONS)
  set(VERSIONS 0.1)
endif()
find_package(segue ${VERSIONS} REQUIRED)
find_package(segue ${VERSIONS} REQUIRED) # as it happens where two of a project's parts need it
add_executable(shared program.c)
target_link_libraries(shared segue::segue)
add_executable(static program.c)
target_link_libraries(static segue::static -static)
find_package(segue OPTIONAL_COMPONENTS uv)
if(segue_uv_FOUND)
  add_executable(uv uv.c)
  target_link_libraries(uv segue::uv)
endif()
END
cat >project/uv.c <<'END'
#include <stdio.h>
#include <segue/uv.h>

int main(void)
{
	return puts(SEGUE_VERSION_STRING) < 0 || segue_uv_result(0).raised;
}
END
cat >project/program.c <<'END'
#include <stdio.h>
#include <segue.h>

static segue_result body(void *arg)
{
	return segue_yield(arg);
}

int main(void)
{
	segue_coroutine *co = segue_coroutine_new(body, SEGUE_VERSION_STRING);

	puts((char *)segue_send(co, NULL).value);
	segue_unref(co);
	return segue_version() != SEGUE_VERSION;
}
END

# What is built, as it is
$MAKE -C "$built" install DESTDIR="$PWD/stage" >make.log 2>&1 || fail 'make install' make.log
package=$(cd stage && find . -name segue-config.cmake)
package=${package%/*} lib=${package%/cmake/segue}

target=
test ! "$HOST" || target='-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=any'
configures() { # ROOT [ARGUMENT...]
	root=$1
	shift
	cmake -S project -B out -UVERSIONS $target -DCMAKE_C_COMPILER="$(echo $CC | tr ' ' ';')" -DCMAKE_C_FLAGS="$CPPFLAGS" -Dsegue_DIR="$root/$package" \
		"$@" >cmake.log 2>&1
}

consumes() { # ROOT
	rm -rf out
	configures "$1" || fail "cmake does not find it in $1" cmake.log
	cmake --build out >build.log 2>&1 || fail "the project does not build with what is in $1" build.log
	$OBJDUMP -p out/shared | grep -q 'NEEDED  *libsegue\.so\.0$' || fail 'segue::segue is not the shared library'
	$OBJDUMP -p out/static | grep -q NEEDED && fail 'segue::static is not static'
	programs='shared static'
	if test -e "$1/$lib/libsegue-uv.so"; then
		programs="$programs uv"
		$OBJDUMP -p out/uv | grep -q 'NEEDED  *libsegue-uv\.so\.0$' || fail 'segue::uv is not libsegue-uv'
	fi
	for program in $programs; do
		test "$(LD_LIBRARY_PATH=$1/$lib $EMULATOR "out/$program")" = "$VERSION" || fail "$program does not run"
	done
}

consumes "$PWD/stage"
mv stage moved
consumes "$PWD/moved"

major=${VERSION%%.*} next=$((${VERSION%%.*} + 1))
for versions in "$VERSION" "$VERSION;EXACT" "$major" "$VERSION...$next" "$VERSION...$VERSION" \
	"$VERSION;COMPONENTS;static"; do
	configures "$PWD/moved" -DVERSIONS="$versions" || fail "it does not do as $versions" cmake.log
done
for versions in "$VERSION.1" "$next" "$major;EXACT" "$major...<$VERSION" "$VERSION;COMPONENTS;none"; do
	configures "$PWD/moved" -DVERSIONS="$versions" && fail "it does as $versions"
	grep -q -e 'Could not find a configuration file' -e 'no segue::none' cmake.log || fail "it does not do as $versions, and for another reason" cmake.log
done

# Where CMake looks by itself
if test "$lib" = ".$PREFIX/lib"; then
	configures "$PWD/moved" -Usegue_DIR -DCMAKE_PREFIX_PATH="$PWD/moved$PREFIX" -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=BOTH ||
		fail 'cmake does not find it by the prefix' cmake.log
fi

# Without the shared library
rm moved/$lib/libsegue*.so*
configures "$PWD/moved" && cmake --build out >build.log 2>&1 || fail 'the project does not build without the shared library' build.log
$OBJDUMP -p out/shared | grep -q 'NEEDED  *libsegue' && fail 'a library that is not there was linked'
rm moved/$lib/*.a
configures "$PWD/moved" && fail 'it is found where no library is'
grep -q 'no libsegue.so and no libsegue.a' cmake.log || fail 'it is not found, and not for the reason' cmake.log
done_here
