#!/bin/sh
# segue-perf runs, what it writes can be read, and it refuses what makes no sense. Nothing here looks at a time.
set -u
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
failures=0

perf() {
	./libtool --silent --mode=execute ${EMULATOR:-} ./perf/segue-perf "$@"
}

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# refuses ARGUMENT...: with status 2, a reason, and no table
refuses() {
	perf --quick "$@" >"$directory/out" 2>"$directory/errors"
	status=$?
	test $status -eq 2 || fail "status $status, not 2: $*"
	test -s "$directory/errors" || fail "no reason given: $*"
	test ! -s "$directory/out" || fail "output in spite of an error: $*"
}

# has FILE WORD...
has() {
	file=$1
	shift
	for word; do
		grep -qF -e "$word" "$file" || fail "no $word in $(basename "$file")"
	done
}

benchmarks='bare-switch bare-switch-BH send+yield send+yield-B4 send+yield-BF send+yield-BG send+yield-BH send+yield-BD
	inline-send+yield inline-send+yield-BD machine-round-trip call-round-trip create+run+destroy inline-create+run+destroy
	create+first+destroy create+run+destroy-fresh create+first+destroy-fresh await-1 inline-await-100
	live-16 live-256-shuffled inline-live-256-shuffled-prefetch machine-live-256'

perf --quick --csv "$directory/csv" --json "$directory/json" >"$directory/table" 2>"$directory/errors" ||
	fail "status $? of a plain run"
cat "$directory/table" "$directory/errors"
for file in table csv json; do
	has "$directory/$file" $benchmarks
done
test ! -s "$directory/errors" || fail "it is no terminal, but there is something on stderr"
grep -q -e '^no hardware counters: ..*' -e 'cycles.*instr.*misses' "$directory/table" || fail "nothing about counters"

if python3 -c '' 2>/dev/null; then
	python3 - "$directory/csv" "$directory/json" <<'END' || fail "the files don't say what they should"
import csv, json, sys
table = list(csv.DictReader(open(sys.argv[1], newline="")))
data = json.load(open(sys.argv[2]))
assert [r["name"] for r in table] == [r["name"] for r in data["rows"]]
for c, j in zip(table, data["rows"]):
    assert None not in c and None not in c.values(), c
    assert 0 < j["min_ns"] <= j["median_ns"] and j["spread"] >= 0, j
    assert j["min_ns"] == min(j["ns"]) and len(j["ns"]) == data["repetitions"] == int(c["repetitions"])
    assert float(c["median_ns"]) == j["median_ns"] and c["library"] == j["library"]
    assert (j["cycles"] is None) == (c["cycles"] == "")
    assert ("live-" in j["name"]) == (j["mappings"] is not None) and int(c["size"]) == j["size"], j
    assert j["library"] != "segue" or j["size"] != 256 or "live" not in j["name"] or j["resident_bytes"] > 1000, j
names = {r["name"] for r in data["rows"]}
assert len(names) == len(data["rows"])
ours = {r["name"] for r in data["rows"] if r["library"] == "segue"}
assert {r["name"] for r in data["ratios"]} == names - ours and {r["to"] for r in data["ratios"]} <= ours
assert all(r["ratio"] > 0 for r in data["ratios"])
assert data["left_out"] == []
assert all(data["machine"][k] for k in ("cpu", "kernel", "compiler")) and data["date"]
END
else
	has "$directory/json" '"rows": [' '"ratios": [' '"median_ns": '
	test "$(head -n 1 "$directory/csv" | tr -dc , | wc -c)" -eq "$(tail -n 1 "$directory/csv" | tr -dc , | wc -c)" ||
		fail "rows and heading of the CSV differ"
fi

! grep -q await-1000 "$directory/table" || fail "--quick does not leave out what is large"
perf --list >"$directory/list" || fail "status $? of --list"
has "$directory/list" $benchmarks
perf --list --filter '*send+yield' --filter create >"$directory/list" || fail "status $? of --list --filter"
has "$directory/list" 'send+yield ' create+run+destroy
! grep -qE '^(bare-switch|.*-B[4DFGH]) ' "$directory/list" || fail "--filter lets everything through"
perf --quick --filter send+yield --markdown - --save "$directory/saved" >"$directory/markdown" 2>/dev/null || fail "status $? of --markdown"
has "$directory/markdown" '|---|---:|' '| round trip-BH | '
has "$directory/saved" "$(printf 'row\tsend+yield-BH\t')" "$(printf 'cpu\t')"
perf --quick --filter bare-switch-BH --repeat 2 --no-pin --csv - >"$directory/csv" 2>/dev/null || fail "status $? of --csv -"
test "$(sed -n '2s/,.*//p' "$directory/csv")" = bare-switch-BH || fail "--csv - writes something else first"
perf --help >"$directory/help" || fail "status $? of --help"
has "$directory/help" --list --filter --repeat --most --cpu --no-pin --csv --json --markdown --plot --save --compare --tolerance --quick --version
perf --version | grep -q '^segue-perf [0-9]' || fail "--version has none"

refuses --filter no-such-benchmark
refuses --filter send+yield --filter no-such-benchmark
refuses --no-such-option
refuses --repeat 0
refuses --most 0
refuses --filter await-1000
refuses --repeat 3x
refuses --repeat
refuses --cpu 60000
refuses --cpu -1
refuses send+yield
refuses --json "$directory/no-such-directory/json"
refuses --csv "$directory/same" --json "$directory/same"
refuses --markdown - --csv -
refuses --filter send+yield --plot "$directory/svg"
refuses --plot -

# A saved run. Whatever the times are: from 0.0001 all got slower, from 10^9 nothing.
saved_from() { # MEDIAN
	sed "s/^\(row	.*	\).*/\1$1/" "$directory/saved" >"$directory/then"
}

# compares STATUS ARGUMENT...
compares() {
	expected=$1
	shift
	perf --quick --filter '*send+yield' --compare "$directory/then" "$@" >"$directory/out" 2>"$directory/errors"
	status=$?
	test $status -eq "$expected" || fail "status $status, not $expected, of --compare"
}
saved_from 1000000000
compares 0 --tolerance 0
has "$directory/out" faster
test ! -s "$directory/errors" || fail "--compare warns of nothing"
saved_from 0.0001
compares 1
has "$directory/out" slower
has "$directory/errors" 'slower by more than 20 %'
sed 's/^\(cpu	\).*/\1another one/' "$directory/saved" >"$directory/then"
compares 0 --tolerance 100000
has "$directory/errors" 'another processor: another one, not '

refuses --compare "$directory/none"
refuses --compare "$directory/json"
for damage in '$d' '3s/.*/row/' '/^row/{s/[0-9.]*$/fast/;}' '/^row	send+yield	/d' 's/^rows.*/rows	1/' '$p'; do
	sed "$damage" "$directory/saved" >"$directory/then"
	refuses --filter send+yield --compare "$directory/then"
done
refuses --filter create --compare "$directory/saved"
refuses --compare "$directory/saved" --tolerance -1

# What an emulator would only do slowly
if test ! "${EMULATOR:-}"; then
	perf --quick --filter live-16 --plot "$directory/svg" >/dev/null 2>"$directory/errors" || fail "status $? of --plot"
	has "$directory/svg.dat" '"send+yield, prefetched"' '16 '
	if command -v gnuplot >/dev/null; then
		has "$directory/svg" '<svg' 'in a random order'
	else
		has "$directory/errors" 'no gnuplot'
	fi
	(ulimit -v 1000000 && perf --quick --filter live-65536 --most 65536 --json "$directory/json") >"$directory/table" 2>&1 ||
		fail "status $? without memory"
	has "$directory/table" machine-live-65536 'live-65536 was left out: after '
	has "$directory/json" '{"name": "inline-live-65536-shuffled", "why": "after '
fi
test $failures -eq 0
