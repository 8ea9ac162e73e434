#!/bin/sh
# Plays the corpus: each trace must be CPython's, byte for byte, and no object may be left. Runs where tests/conformance/play
# was built.
#
# In the environment: srcdir; EMULATOR (a cross build)
set -u
conformance=${srcdir:-.}/tests/conformance
work=tests/conformance/corpus.dir
rm -rf $work
mkdir -p $work || exit 99
total=0 different=0
# shellcheck disable=SC2086 # a command with its arguments
${EMULATOR-} tests/conformance/play $work "$conformance"/corpus/*.score
status=$?
for score in "$conformance"/corpus/*.score; do
	total=$((total + 1))
	name=${score##*/} name=${name%.score}
	if ! cmp -s "${score%.score}.trace" $work/"$name.trace"; then
		different=$((different + 1))
		echo "differs: $score"
		diff -u "${score%.score}.trace" $work/"$name.trace" | head -n 20
	fi
done
echo "$total scores of the corpus played, $different differ"
[ $status = 0 ] && [ $total -gt 1 ] && [ $different = 0 ] && rm -rf $work
