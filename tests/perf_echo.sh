# perf/echo compares two servers, what it writes can be read, and it refuses what makes no sense. Nothing here looks at a time.
. "$srcdir/tests/lib.sh"

needs 'libuv for this target' test -e "$built/libsegue-uv.la"
cd "$built" || exit 99
out=tests/$test.dir

echo_perf() {
	$EMULATOR perf/echo "$@" >"$out/table" 2>"$out/errors"
}

# fails_with STATUS ARGUMENT...: and says why
fails_with() {
	expected=$1
	shift
	echo_perf "$@"
	status=$?
	test $status = "$expected" || fail "status $status, not $expected, of: $*" "$out/errors"
	test -s "$out/errors" || fail "no reason is given for: $*"
}

server=examples/echo/server callbacks=examples/echo/callbacks
echo_perf --connections 3,200 --repeat 3 --seconds 0.02 --size 100 --json "$out/json" $server $callbacks || fail 'a plain run' "$out/errors"
for row in '  3  server ' '  3  callbacks ' '200  server ' '200  callbacks ' 'ratio '; do
	grep -q -e "$row" "$out/table" || fail "no '$row'" "$out/table"
done
if python3 -c '' 2>/dev/null; then
	python3 - "$out/json" <<'END' || fail 'the file does not say what it should' "$out/json"
import json, sys
data = json.load(open(sys.argv[1]))
rows = data["rows"]
assert [(r["connections"], r["server"]) for r in rows] == [(n, s) for n in (3, 200) for s in ("server", "callbacks", "ratio")]
for r in rows:
    if r["server"] == "ratio":
        assert all(r[k] > 0 for k in ("round_trips_per_second", "p50_ns", "p99_ns", "cpu_ns_per_round_trip")), r
    else:
        assert len(r["p50_ns"]) == data["repetitions"] == 3
        assert all(0 < a <= b for a, b in zip(r["p50_ns"], r["p99_ns"])) and min(r["round_trips_per_second"]) > 0, r
END
fi
echo_perf --connections 5 --repeat 1 --seconds 0.01 --size 65536 --no-pin $server $callbacks || fail 'large messages' "$out/errors"

fails_with 2 $server
fails_with 2 --connections 0 $server $callbacks
fails_with 2 --connections , $server $callbacks
fails_with 2 --size 65537 $server $callbacks
fails_with 2 --repeat 2x $server $callbacks
fails_with 1 $server /bin/false
fails_with 1 --connections 1 $server perf/echo

# One that sends back something else, and one that sends back nothing
for wrong in "tr x y" true; do
	cat >"$out/wrong" <<END
#!/usr/bin/env python3
import socket
s = socket.create_server(("127.0.0.1", 0))
print("listening on 127.0.0.1:%d" % s.getsockname()[1], flush=True)
while True:
    c = s.accept()[0]
    b = c.recv(64)
    c.sendall(b"$wrong"[:2] * 32 if "$wrong" != "true" else b"")
    c.close()
END
	chmod +x "$out/wrong"
	python3 -c '' 2>/dev/null || break
	fails_with 1 --connections 1 --repeat 1 --seconds 0.01 "$out/wrong" $callbacks
done
done_here
