#!/usr/bin/env python3
"""usage: coverage.py GCOV SOURCE LIST OBJECTS

Whether gcov counted every line of the protocol's sources, and every branch, but for those that LIST names, a line each:
    FILE | FUNCTION | HOW MANY | why no test takes it | THE SOURCE LINE
An entry of the list that no longer holds is an error, too, unless HOW MANY ends in `?`: those are taken by chance.
"""
import collections
import glob
import json
import subprocess
import sys

SOURCES = ["await.c", "chain.c", "chain.h", "coroutine.c", "coroutine.h", "foreach.c", "hooks.c", "inspect.c", "object.c", "origin.c",
           "result.c", "traceback.c", "words.h"]
NO_CODE = ("}", "__builtin_unreachable();", "(void)leave(co, co, value, raised);")  # after a switch that never comes back


def read_counts(gcov, objects):
    """{(file, function, line): [how often, [how often each branch]]}: a header's functions in every file that includes it."""
    counts = {}
    for notes in sorted(glob.glob(objects + "/*.gcda")):
        out = subprocess.run([gcov, "-b", "--json-format", "--stdout", notes], check=True, stdout=subprocess.PIPE).stdout
        for file in json.loads(out)["files"]:
            directory, _, name = file["file"].rpartition("/")
            if name not in SOURCES or not directory.endswith("src"):
                continue
            for line in file["lines"]:
                branches = [branch["count"] for branch in line["branches"]]
                key = (name, line.get("function_name", "?"), line["line_number"])
                known = counts.setdefault(key, [0, [0] * len(branches)])
                known[0] += line["count"]
                known[1] = [a + b for a, b in zip(known[1], branches)]
    return counts


def read_list(path):
    with open(path, encoding="utf-8") as file:
        fields = [[field.strip() for field in line.split(" | ", 4)] for line in file if line.strip() and not line.startswith("#")]
    for entry in fields:
        if len(entry) != 5 or not entry[3]:
            sys.exit("%s: no entry, or one without a reason: %s" % (path, " | ".join(entry)))
    return {(name, function, text): n for name, function, n, _, text in fields}


def as_listed(missed, n):
    return missed <= int(n[:-1]) if n.endswith("?") else missed == int(n)


def main(gcov, source, path, objects):
    counts, expected, missed = read_counts(gcov, objects), read_list(path), collections.Counter()
    texts = {name: open("%s/src/%s" % (source, name), encoding="utf-8").read().splitlines() for name in SOURCES}
    failed, lines, branches = [], 0, 0
    for (name, function, number), (count, taken) in sorted(counts.items()):
        text = texts[name][number - 1].strip()
        if text in NO_CODE:
            continue
        lines += 1
        branches += len(taken)
        if not count:
            failed.append("src/%s:%d: never run, in %s: %s" % (name, number, function, text))
        missed[name, function, text] += taken.count(0)
    for key in sorted(set(missed) | set(expected)):
        if not as_listed(missed[key], expected.get(key, "0")):
            failed.append("src/%s: %d branches not taken where %s are listed, in %s: %s" %
                          (key[0], missed[key], expected.get(key, "0"), key[1], key[2]))
    for name in SOURCES:
        if not any(key[0] == name for key in counts):
            failed.append("src/%s: not counted" % name)
    print("\n".join(failed + ["%d lines, %d branches; %d of them not taken" % (lines, branches, sum(missed.values()))]))
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
