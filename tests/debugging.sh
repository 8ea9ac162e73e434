# What doc/debugging.md shows is so: its programs are compiled, its commands run as they stand there, and the output is compared.
#
# A line "..." on the page stands for any lines, and "..." at a line's end for the rest of it. Addresses, offsets, process numbers, and line
# numbers in the library's sources are not compared.
. "$srcdir/tests/lib.sh"

page=$source/doc/debugging.md
for tool in gdb valgrind; do
	needs $tool command -v $tool
done

# The programs, by the name in a comment on their first line; each console block as a file of its own
awk '
	/^```/ && kind { close(file); kind = ""; next }
	/^```console$/ { kind = "console"; file = sprintf("%02d.console", ++blocks); next }
	/^```c(pp)?$/ { kind = "program"; getline; file = $2; print >file; next }
	kind { print >file }
' "$page"
test -s 01.console || fail "no commands in $page"
# Core files go elsewhere on some systems, and perf is not everyone's: what is said of them is left out there
grep -q '^core' /proc/sys/kernel/core_pattern 2>/dev/null || rm -f $(grep -l '^\$ ulimit -c' ./*.console)
perf record -e cpu-clock -g -o permitted.data true 2>/dev/null || rm -f $(grep -l '^\$ perf' ./*.console)
# clang's run-time library is a package of its own
echo 'int main(void) { return 0; }' >empty.c
clang -fsanitize=memory empty.c -o empty 2>/dev/null || rm -f $(grep -l '^\$ clang' ./*.console)
without_setarch=
setarch -R true 2>/dev/null || without_setarch='s/setarch -R //' # where that is not allowed

# The library as a user has it installed
(cd "$built" && $MAKE -s install DESTDIR="$built/tests/$test.dir/root") >installing 2>&1 || fail 'make install' installing
prefix=$(sed -n 's/^prefix = //p' "$built/Makefile")
root=$PWD/root$prefix # /usr/local on the page
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name segue.pc)")
PKG_CONFIG_SYSROOT_DIR=$PWD/root
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
GDB_AUTO_LOAD=$(dirname "$(find "$root" -name 'libsegue*-gdb.py')")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH GDB_AUTO_LOAD
unset ASAN_OPTIONS TSAN_OPTIONS MSAN_OPTIONS LSAN_OPTIONS SEGUE_DEBUG DEBUGINFOD_URLS

# The same for what is written and what is printed
plain() {
	sed -E -e 's/0x[0-9a-f]+/0x#/g' -e 's/^==[0-9]+==/==#==/' -e 's/==[0-9]+==/==#==/' -e 's/\b([Pp]id|PID|process|Process|Thread|LWP|thread)[ =][0-9]+/\1 #/g' \
		-e 's/\bT[0-9]+\b/T#/g' -e 's/[^ (]*\/((src|arch)\/[a-z0-9_]+[/.][^ :]*):[0-9]+/\1:#/g' -e 's/\b((src|arch)\/[a-z0-9_/]+\.[a-zS]+):[0-9]+/\1:#/g' -e "s|$root|/usr/local|g" -e "s|$PWD/||g" -e 's/[[:blank:]]+$//' "$1"
}

# Whether the lines of SAID are those of PRINTED, but for "..."
agree() { # SAID PRINTED
	awk '
		NR == FNR { said[++n] = $0; next }
		{ printed[++m] = $0 }
		function same(s, p) {
			return s == p || (s ~ /\.\.\.$/ && substr(p, 1, length(s) - 3) == substr(s, 1, length(s) - 3))
		}
		function match_from(i, j) {
			for (; i <= n; i++) {
				if (said[i] == "...") {
					for (; j <= m + 1; j++)
						if (match_from(i + 1, j))
							return 1
					return 0
				}
				if (j > m || !same(said[i], printed[j++]))
					return 0
			}
			return j > m
		}
		END { exit !match_from(1, 1) }
	' "$1" "$2"
}

check() { # BLOCK
	awk '/^\$ / { close(file); file = sprintf("command%02d", ++n); print substr($0, 3) >file; next } { print >(file ".said") }' "$1"
	for command in command[0-9][0-9]; do
		touch "$command.said"
		sed -i -e "s|/usr/local|$root|g" -e "$without_setarch" "$command"
		sh "./$command" >"$command.printed" 2>&1
		plain "$command.said" >said
		plain "$command.printed" >printed
		agree said printed && continue
		{
			cat "$command"
			diff said printed
		} >report
		fail "this prints something else than the page says in its block $1 (<: the page, >: it)" report
	done
	rm -f command[0-9][0-9]*
}

printf '%s\n' a '...' 'c...' >said
printf '%s\n' a b c cd >printed
agree said printed || fail 'what agrees is not seen to'
printf '%s\n' a b d >printed
agree said printed && fail 'what differs is not seen'
for block in [0-9][0-9].console; do
	check "$block"
done
done_here
