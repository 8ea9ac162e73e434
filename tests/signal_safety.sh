# What runs in the overflow handler, and what a dump in a handler of the user's runs, calls nothing but what signal-safety(7) lists.
. "$srcdir/tests/lib.sh"

# The files of which all runs there
files='src/dot.c src/dump.c src/find.c src/peek.c src/report.c src/survey.c src/text.c'

# What of the library they read; the addresses that the handler makes the interrupted code go on at, and those that tell what code a place is
# in; a function that calls none; and one that calls MemorySanitizer, which may be called anywhere
ours='segue__make_defined segue__wanted segue__before segue__classes segue__faults segue__objects segue__stacks segue_running segue__overflowed
	segue_arch_entry segue_arch_fenv_save segue_arch_start segue_arch_switch segue_as_coroutine'

# What compilers put in: the table of addresses, errno's, divisions, ARM's unwinding, a thread-local's, the stack protector's
compiled='_GLOBAL_OFFSET_TABLE_ __errno_location __aeabi_u*idiv __aeabi_u*idivmod __aeabi_unwind_cpp_pr[01] __aeabi_read_tp
	__stack_chk_fail __stack_chk_guard'

# The bare system call, by which a page is tried: it sets errno, and that is all
kernel=syscall

# signal-safety(7), Linux man-pages 6.03
listed='abort accept access aio_error aio_return aio_suspend alarm bind cfgetispeed cfgetospeed cfsetispeed cfsetospeed chdir chmod
	chown clock_gettime close connect creat dup dup2 execl execle execv execve _exit _Exit faccessat fchdir fchmod fchmodat fchown
	fchownat fcntl fdatasync fexecve ffs fork fstat fstatat fsync ftruncate futimens getegid geteuid getgid getgroups getpeername
	getpgrp getpid getppid getsockname getsockopt getuid htonl htons kill link linkat listen longjmp lseek lstat memccpy memchr
	memcmp memcpy memmove memset mkdir mkdirat mkfifo mkfifoat mknod mknodat ntohl ntohs open openat pause pipe poll posix_trace_event
	pselect pthread_kill pthread_self pthread_sigmask raise read readlink readlinkat recv recvfrom recvmsg rename renameat rmdir
	select sem_post send sendmsg sendto setgid setpgid setsid setsockopt setuid shutdown sigaction sigaddset sigdelset sigemptyset
	sigfillset sigismember siglongjmp signal sigpause sigpending sigprocmask sigqueue sigset sigsuspend sleep sockatmark socket
	socketpair stat stpcpy stpncpy strcat strchr strcmp strcpy strcspn strlen strncat strncmp strncpy strnlen strpbrk strrchr strspn
	strstr strtok_r symlink symlinkat tcdrain tcflow tcflush tcgetattr tcgetpgrp tcsendbreak tcsetattr tcsetpgrp time timer_getoverrun
	timer_gettime timer_settime times umask uname unlink unlinkat utime utimensat utimes wait waitpid wcpcpy wcpncpy wcscat wcschr
	wcscmp wcscpy wcscspn wcslen wcsncat wcsncmp wcsncpy wcsnlen wcspbrk wcsrchr wcsspn wcsstr wcstok wmemchr wmemcmp wmemcpy wmemmove
	wmemset write'
echo $ours $compiled $kernel $listed | tr ' ' '\n' >allowed

# unsafe FLAG FILE...: what they name besides; what -D_FORTIFY_SOURCE makes of a function counts as that
unsafe() {
	flag=$1
	shift
	rm -f ./*.o
	for file; do
		(cd "$built" && $LIBRARY_COMPILE "$flag" -fPIC -I"$source/src" -c "$file" -o "tests/$test.dir/$(basename "$file").o") || fail "compiling $file"
	done
	$NM --defined-only ./*.o | sed -n 's/.* //p' >defined
	$NM -u ./*.o | sed -n 's/.* U //p' | sed 's/^__\(.*\)_chk$/\1/' | sort -u | grep -v -x -f defined | grep -v -x -f allowed
}

cat >more.c <<'END'
#include <stdio.h>
int dladdr(const void *address, void *info);
int more(char *text, void *address);
int more(char *text, void *address)
{
	return snprintf(text, 20, "%p", address) + dladdr(address, text);
}
END
for flag in -O0 -O2; do
	set -- $(for file in $files; do echo "$source/$file"; done)
	unsafe $flag "$@" >found && fail "the handler calls what no handler may ($flag)" found
	unsafe $flag "$@" "$PWD/more.c" >found || fail 'what no handler may call is not noticed'
	test "$(echo $(cat found))" = 'dladdr snprintf' || fail 'something else is noticed' found
done
done_here
