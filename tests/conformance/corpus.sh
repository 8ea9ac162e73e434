#!/bin/sh
# Plays the corpus: each trace must be CPython's, byte for byte, and no object may be left. Runs where tests/conformance/play
# was built.
#
# In the environment: srcdir; EMULATOR (a cross build)
set -u
conformance=${srcdir:-.}/tests/conformance
work=tests/conformance/corpus.dir
mkdir -p $work || exit 99
total=0 different=0
for score in "$conformance"/corpus/*.score; do
	total=$((total + 1))
	# shellcheck disable=SC2086 # a command with its arguments
	${EMULATOR-} tests/conformance/play "$score" >$work/trace
	status=$?
	if [ $status != 0 ] || ! cmp -s "${score%.score}.trace" $work/trace; then
		different=$((different + 1))
		echo "differs: $score (the player's status: $status)"
		diff -u "${score%.score}.trace" $work/trace | head -n 20
	fi
done
rm -rf $work
echo "$total scores of the corpus played, $different differ"
[ $total -gt 1 ] && [ $different = 0 ]
