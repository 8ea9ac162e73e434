#!/bin/sh
# Breaks the switch in every way that loses a register, and wants a test to fail each time.
#
# 1. Deletes each instruction of the switch, one at a time (but landing pads and nops): the probe or the backtraces must fail.
# 2. For each register of tests/psabi/<cpu>: destroys it after the switch; the probe must say so, on each side.
# 3. Deletes each instruction of the inlined switch: its test must fail.
#
# usage: mutate.sh SRCDIR OBJECT...    the tests' objects, compiled already, all but the stub
# In the environment: CC, CPP, CFLAGS, CMOCKA_CFLAGS, LIBS (cmocka), EMULATOR (a cross build). Works in ./mutants.
set -u
src=$1
shift
cpu=$(echo SEGUE_ARCH_NAME | $CPP -P -include "$src/arch/arch.h" - | tr -d '" \n')
rm -rf mutants
mkdir -p mutants tests
cp -r "$src/arch" mutants/arch
chmod -R u+w mutants
stub=$src/arch/$cpu/switch.S
mutant=mutants/arch/$cpu/switch.S
total=0
survived=0

# build NAME...: links the stub as it is now with each test; 1 where it does not even assemble
build()
{
	$CC $CFLAGS -I"$src/include" -c mutants/arch/switch.S -o mutants/switch.o || return 1
	for t in test_probe test_unwind; do
		$CC $CFLAGS $(eval echo \$"$t") mutants/switch.o $LIBS -o mutants/$t || return 1
	done
}

passes()
{
	{ timeout 10 ${EMULATOR-} "mutants/$1" >mutants/$1.log 2>&1; } 2>mutants/shell.log
}

verdict()
{
	total=$((total + 1))
	if [ "$1" != killed ]; then
		survived=$((survived + 1))
		echo "$1: $2"
	fi
}

test_probe="" test_unwind=""
for o; do
	case $o in
	*test_probe* | *probe.o) test_probe="$test_probe $o" ;;
	*test_unwind*) test_unwind="$test_unwind $o" ;;
	*) test_probe="$test_probe $o" test_unwind="$test_unwind $o" ;;
	esac
done
build && passes test_probe && passes test_unwind || {
	echo "mutate.sh: the tests fail before anything is broken"
	exit 1
}
mv mutants/switch.o mutants/whole.o

# ---- 1. Each instruction between the public label and the function's end; those that this target has
lines=$(awk '/^(SYMBOL\()?segue_context_switch\)?:/ { on = 1 } /(\.size[ \t]+|SIZE\()segue_context_switch/ { on = 0 }
	on && /^\t[a-z]/ && !/^\t(endbr64|bti|nop|\.|[a-z0-9]+_)/ { print NR }' "$stub")
for n in $lines; do
	sed "${n}s|^.*\$||" "$stub" >"$mutant"
	if ! build 2>mutants/build.log; then
		verdict "does not build" "without line $n: $(sed -n "${n}p" "$stub")"
	elif cmp -s mutants/switch.o mutants/whole.o; then
		: # compiled for other targets only
	elif passes test_probe && passes test_unwind; then
		verdict survived "without line $n: $(sed -n "${n}p" "$stub")"
	else
		verdict killed
	fi
done
deleted=$total

# ---- 2. Each register that a callee keeps, destroyed just before the restoring path leaves
leave=$(awk '/^(\.Lresume|LOCAL\(resume\)):/ { on = 1 } on && /^[ \t]+(notrack[ \t]+jmp|ret|jr|bx)([ \t]|$)/ { print NR; exit }' "$stub")
$CPP -P - <"$src/tests/psabi/$cpu" | grep '|' >mutants/psabi
while IFS='|' read -r register section destroy; do
	register=$(echo $register)
	awk -v n="$leave" -v add="	$destroy" 'NR == n { print add } { print }' "$stub" >"$mutant"
	if ! build 2>mutants/build.log; then
		verdict "does not build" "$register destroyed"
		continue
	fi
	passes test_probe
	for side in main other; do
		if grep -q "lost on the $side side: $register\$" mutants/test_probe.log; then
			verdict killed
		else
			verdict survived "$register destroyed (psABI $section), on the $side side"
		fi
	done
done <mutants/psabi

# ---- 3. Each instruction of the inlined switch
build_inlined()
{
	$CC $CFLAGS -O2 -w -I"$src/include" -Imutants $CMOCKA_CFLAGS -c "$src/tests/test_inline.c" -o mutants/test_inline.o &&
		$CC $CFLAGS mutants/test_inline.o $library mutants/whole.o $LIBS -o mutants/test_inline
}

library=
for o; do
	case $o in arch/*probe.o) library="$library $o" ;; *test_* | *probe.o) ;; *) library="$library $o" ;; esac
done
inline=arch/$cpu/inline.h
build_inlined && passes test_inline || {
	echo "mutate.sh: test_inline fails before anything is broken"
	exit 1
}
mv mutants/test_inline.o mutants/whole_inline.o
before=$total
for n in $(grep -n '"[^"]*[a-z][^"]* .*\\n' "$src/$inline" | cut -d : -f 1); do
	sed "${n}s|\"[a-z0-9:].*\\\\n\\(\\\\t\\)*\"|\"\"|" "$src/$inline" >"mutants/$inline"
	if ! build_inlined 2>mutants/build.log; then
		verdict killed
	elif cmp -s mutants/test_inline.o mutants/whole_inline.o; then
		: # compiled for other targets only
	elif passes test_inline; then
		verdict survived "inlined, without line $n: $(sed -n "${n}p" "$src/$inline")"
	else
		verdict killed
	fi
done
[ "$total" -gt $((before + 8)) ] || verdict survived "the inlined switch: there is nothing to delete in it"

echo "$cpu: $total mutants, $deleted of them without an instruction, $((total - survived)) found by the tests"
[ "$total" -gt "$deleted" ] && [ "$deleted" -gt 0 ] && [ "$survived" = 0 ]
