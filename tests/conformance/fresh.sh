#!/bin/sh
# Makes random scores, plays them, and compares the traces with those of this machine's CPython; some of them under Valgrind:
# no error, and nothing leaked. Runs where tests/conformance/play was built. Status 77: there is no CPython that knows.
#
# In the environment: srcdir; EMULATOR (a cross build); PYTHON, VALGRIND; and
#   SCORES           how many, 2000
#   VALGRIND_SCORES  how many of them under Valgrind, 200
#   SEED             the first one's; else a random one
set -u
conformance=${srcdir:-.}/tests/conformance
work=tests/conformance/fresh.dir
python=${PYTHON:-python3} valgrind=${VALGRIND:-valgrind}
scores=${SCORES:-2000} under_valgrind=${VALGRIND_SCORES:-200}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d " ")}
export PYTHONDONTWRITEBYTECODE=1

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || {
	echo "SKIP: fresh scores need a CPython of version 3.11 to 3.13, and $python is $("$python" --version 2>&1)"
	exit 77
}
if [ "${EMULATOR-}" ]; then
	echo "SKIP: not under Valgrind, as the player runs in an emulator"
	under_valgrind=0
elif ! command -v "$valgrind" >/dev/null; then
	[ "$under_valgrind" = 0 ] || echo "SKIP: not under Valgrind, as there is no $valgrind"
	under_valgrind=0
fi

rm -rf $work
mkdir -p $work || exit 99
echo "SEED=$seed SCORES=$scores VALGRIND_SCORES=$under_valgrind, with $("$python" --version)"
"$python" "$conformance/generate.py" --seed "$seed" --count "$scores" --out $work || exit 1

# differ COMMAND... -- SCORE...: plays them by that command; how many fail, or their traces are not those that were made with them
differ() {
	played=$work/played
	rm -rf $played
	mkdir $played
	command=
	while [ "$1" != -- ]; do
		command="$command $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # a command with its arguments
	$command tests/conformance/play $played "$@" 2>$work/failed
	sed -n 's/^play: \(.*\.score\): status .*/\1/p' $work/failed >$work/differ
	for score; do
		name=${score##*/}
		cmp -s "${score%.score}.trace" "$played/${name%.score}.trace" || echo "$score"
	done >>$work/differ
	sort -u $work/differ -o $work/differ
	cat $work/failed
	while read -r score; do
		name=${score##*/}
		echo "differs: $score"
		diff -u "${score%.score}.trace" "$played/${name%.score}.trace" | head -n 20
	done <$work/differ
	different=$((different + $(wc -l <$work/differ)))
}

different=0
set -- "$work"/*.score
total=$#
# shellcheck disable=SC2086
differ ${EMULATOR-} -- "$@"
while [ $# -gt "$under_valgrind" ]; do
	shift
done
[ $# = 0 ] || differ "$valgrind" -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all -- "$@"
echo "$total fresh scores played, $# of them under Valgrind, $different differ"
[ "$total" = "$scores" ] && [ $different = 0 ] && rm -rf $work
