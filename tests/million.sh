# perf/million makes what it is asked for, lives through a short soak, refuses what makes no sense, and ends cleanly, with a reason,
# where there are no more mappings.
. "$srcdir/tests/lib.sh"

million() { # STATUS ARGUMENT...
	expected=$1
	shift
	(cd "$built" && ./libtool --silent --mode=execute $EMULATOR ./perf/million "$@") >out 2>errors
	status=$?
	test $status = "$expected" || fail "it ends with status $status: $*" errors
}

says() { # WORD FILE
	grep -q "$1" "$2" || fail "it does not say $1" "$2"
}

million 0 2000
says 'live 2000, pooled 0, most 2000; resident [0-9]* bytes' out
million 0 2000 1
says 'live 0, pooled 0' out
for wrong in 0 many '10 0' '10 ten' '10 1 1'; do
	# shellcheck disable=SC2086
	million 2 $wrong
	says Usage errors
done

# Elsewhere addresses may be short before mappings are, or mappings may be many
limit=$(cat /proc/sys/vm/max_map_count)
if test ! "$HOST" && test "$limit" -lt 100000; then
	export SEGUE_TEST_NO_LIGHT_GUARDS=1
	million 1 "$limit"
	says 'max_map_count' errors
fi
done_here
