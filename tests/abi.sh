# Whether the shared library still has the ABI that is recorded in tests/abi/<cpu>: what is added is compatible, anything else is not.
# `make check-abi`; `make update-abi` records the present one, after a change that is meant.
#
# In the environment: srcdir, CC, ABIDW, ABIDIFF; RECORD=1: records
. "$srcdir/tests/lib.sh"
: "${ABIDW:=abidw}" "${ABIDIFF:=abidiff}"

# What the public headers declare, and nothing of the library's own; the compiler is left out of it, as are places in the source
now() {
	$ABIDW --headers-dir "$source/include" --exported-interfaces-only --drop-private-types --drop-undefined-syms --no-show-locs \
		--no-comp-dir-path --no-corpus-path --no-elf-needed --no-write-default-sizes --no-parameter-names --type-id-style hash "$library"
}

same() { # RECORD [OPTION...]: whether the library has all that is recorded, as it is there
	record=$1
	shift
	$ABIDIFF --no-added-syms --no-corpus-path --exported-interfaces-only "$@" "$record" now.abi >differences 2>&1
}

# control SED WHAT: a record that differs by that must not pass
control() {
	sed "$1" "$recorded" >other.abi
	cmp -s "$recorded" other.abi && fail "the record has none of what is changed in it to see it noticed: $2"
	same other.abi && fail "not noticed: $2"
}

library=$built/.libs/libsegue.so.0
cpu=$(cd "$source" && echo SEGUE_ARCH_NAME | $CC $CPPFLAGS $CFLAGS -E -P -include arch/arch.h - | tr -d '" \n')
recorded=$source/tests/abi/$cpu
$ABIDW --version >/dev/null 2>&1 || fail "there is no $ABIDW (Debian: abigail-tools)"
test -s "$library" || fail "there is no $library"
now >now.abi || fail "$ABIDW can't read the library"
grep -q "<class-decl name='segue_result' size" now.abi || fail 'the library has no debugging information: CFLAGS need -g'
if test "${RECORD-}"; then
	cp now.abi "$recorded"
	echo "recorded: tests/abi/$cpu"
	done_here
fi
test -s "$recorded" || fail "nothing is recorded for $cpu: make update-abi"
same "$recorded" || fail 'the ABI is not the recorded one any more (make update-abi, if that is meant)' differences

control 's/segue_strerror/segue_strarrer/' 'a function that is gone'
control "/<enumerator name='SEGUE_CLOSED'/s/3/4/" 'a constant of another value'
control "/<function-decl name='segue_send'/,/return/{/parameter/{x;s/^/x/;/^x\$/{x;d};x}}" 'a parameter more'
control "/<class-decl name='segue_attr'/,/<.class-decl/s/layout-offset-in-bits='64'/layout-offset-in-bits='96'/" 'a member elsewhere'
control "/<elf-symbol name='segue_ValueError'/s/64/72/;/<elf-symbol name='segue_ValueError'/s/32'/36'/" 'an object of another size'
sed "/segue_strerror/d" "$recorded" >other.abi
same other.abi || fail 'what is added passes for a change' differences
done_here
