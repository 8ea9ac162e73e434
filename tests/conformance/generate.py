#!/usr/bin/env python3
"""Write random scores and the traces that this CPython gives. FORMAT.md says what a score is."""

import argparse
import os
import random
import subprocess
import sys

import oracle

TYPES = ["ValueError", "AppError", "AppSubError", "Exception", "GeneratorExit", "StopIteration", "RuntimeError",
         "AppExit", "BaseException", "TypeError"]
VARIABLES = ["a", "b", "c", "d", "x"]


def play(text):
    """The trace of a score; None where 3.13 may give another, or CPython crashes: so a child process plays it."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        trace, settled = oracle.play(text)
        with os.fdopen(into, "w") as f:
            f.write(trace)
        os._exit(0 if settled else 1)
    os.close(into)
    with os.fdopen(out) as f:
        trace = f.read()
    return trace if os.waitpid(child, 0)[1] == 0 else None


class Writer:
    """Writes one score. The driver is written last, operation by operation, with a look at what each gives."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.members = seed % 3 == 0     # one score in three is mostly about members of chains
        self.lines = []
        self.used = []           # the variables that the driver fills at the start
        self.functions = []      # (name, kind); a body may make only later ones, so nothing recurs for ever
        self.helpers = []        # iterators and awaitables

    def put(self, depth, text):
        self.lines.append("  " * depth + text)

    def value(self):
        return "none" if self.r.random() < 0.4 else str(self.r.randint(1, 99))

    def exception(self, thrown=False):
        # CPython 3.11 differs on a StopIteration thrown into what awaits an iterator, or never started: none is thrown in
        weights = [6, 4, 2, 2, 4, 0 if thrown else 2, 2, 2, 1, 1]
        return f"{self.r.choices(TYPES, weights)[0]} {self.value()}"

    def score(self):
        r = self.r
        self.used = r.sample(VARIABLES, r.randint(2, 5) if self.members else r.randint(1, 3))
        count = r.randint(1, 5)
        for i in range(count):
            kind = r.choices(["coro", "gen", "icoro"], [6, 3, 2])[0]
            self.functions.append((f"f{i}", kind))
        for i in range(r.choice([0, 1, 1, 2])):
            self.helpers.append(f"I{i}")
        iterators = list(self.helpers)
        awaitables = []
        for i in range(r.choice([0, 1, 1, 2])):
            choices = [f"gen {n}" for n, k in self.functions if k == "gen"]
            choices += [f"coro {n}" for n, k in self.functions if k != "gen"]
            choices += [f"iterator {n}" for n in iterators] * 6
            choices += ["nothing", "bare"]
            # An __await__ may make only what can't make it again: the last function
            last = self.functions[-1]
            choices = [c for c in choices if c.split()[-1] == last[0] or not c.startswith(("gen", "coro"))]
            awaitables.append(f"A{i}")
            self.put(0, f"awaitable A{i} {r.choice(choices)}")
        for name in iterators:
            flags = [f for f in ("send", "throw", "close") if r.random() < 0.6]
            self.put(0, " ".join(["iterator", name] + flags))
            for _ in range(r.randint(1, 5)):
                what = r.choices(["yield", "stop", "raise"], [7, 1, 1])[0]
                self.put(1, f"raise {self.exception()}" if what == "raise" else f"{what} {self.value()}")
        self.helpers += awaitables
        for i, (name, kind) in enumerate(self.functions):
            self.put(0, f"{kind} {name}")
            self.index, self.last = i, i == count - 1
            self.block(1, r.randint(1, 5), False)
        self.put(0, "drive")
        for x in self.used:
            self.put(1, f"new {x} {self.target(0)}")
            if r.random() < 0.85:
                self.put(1, f"send {x} none")
        for _ in range(r.randint(6, 24)):
            self.operation(1, 0)
            # Where an instance has ended, mostly make another: a dead one has little to show
            words = self.lines[-1].split()
            if words[0] in ("send", "throw", "close") and r.random() < 0.7:
                outcome = self.outcome()
                if not outcome.startswith(("= yield", "= unset")):
                    self.put(1, f"new {words[1]} {self.target(0)}")
                    self.put(1, f"send {words[1]} none")
        return "\n".join(self.lines) + "\n"

    def outcome(self):
        """The outcome of the driver's last operation so far."""
        trace = (play("\n".join(self.lines) + "\n") or "").splitlines()
        if not trace:
            return "= unset"
        last = max(i for i, line in enumerate(trace) if line == "> " + self.lines[-1].strip())
        return next((line for line in trace[last:] if line.startswith("=")), "")

    def target(self, first, kind=None):
        """What to make: a function from `first` on, or a helper that suits a body of this kind."""
        r = self.r
        names = [n for n, _ in self.functions[first:]]
        helpers = self.helpers
        if kind and r.random() < 0.85:
            names = [n for n, k in self.functions[first:] if k in ("coro", "icoro") or kind != "coro"]
            helpers = [h for h in helpers if h.startswith("A" if kind == "coro" else "I")]
        if kind and helpers and (not names or r.random() < 0.35):
            return r.choice(helpers)
        return r.choice(names) if names else None

    def operation(self, depth, first):
        r = self.r
        op = r.choices(["send", "throw", "close", "info", "del", "new"],
                       [12, 6, 3, 4, 2, 2] if self.members else [14, 4, 1, 3, 0.5, 1])[0]
        x = r.choice(self.used if self.used and r.random() < 0.9 else VARIABLES)
        if op == "send":
            self.put(depth, f"send {x} {'none' if r.random() < 0.6 else self.value()}")
        elif op == "throw":
            self.put(depth, f"throw {x} {self.exception(thrown=True)}")
        elif op == "new":
            target = self.target(first)
            if target:
                self.put(depth, f"new {x} {target}")
        else:
            self.put(depth, f"{op} {x}")

    def block(self, depth, size, in_except):
        r = self.r
        for _ in range(size):
            what = r.choices(["log", "yield", "await", "awaitvar", "try", "repeat", "raise", "return", "reraise", "op"],
                             [2, 11, 7, 5 if self.members else 1, 6 if depth < 4 else 0, 2 if depth < 3 else 0, 0.7, 0.5,
                              1 if in_except else 0, 7 if self.members else 1.5])[0]
            if what == "log":
                self.put(depth, f"log {r.randint(1, 99)}")
            elif what == "yield":
                self.put(depth, f"yield {self.value()}")
            elif what == "await":
                target = self.target(self.index + 1, self.functions[self.index][1])
                if self.last and target and target.startswith("A"):
                    target = None            # its __await__ may make this very function
                self.put(depth, f"await {target}" if target else f"yield {self.value()}")
            elif what == "awaitvar":
                self.put(depth, f"awaitvar {r.choice(self.used)}")
            elif what == "raise":
                self.put(depth, f"raise {self.exception()}")
            elif what == "return":
                self.put(depth, f"return {self.value()}")
            elif what == "reraise":
                self.put(depth, "reraise")
            elif what == "op":
                self.operation(depth, self.index + 1)
            elif what == "repeat":
                self.put(depth, f"repeat {r.randint(2, 3)}")
                self.block(depth + 1, r.randint(1, 2), in_except)
            else:
                self.put(depth, "try")
                self.block(depth + 1, r.randint(1, 3), in_except)
                handlers = r.choice([0, 1, 1, 1, 2])
                for _ in range(handlers):
                    kinds = r.sample(TYPES, r.choice([1, 1, 2]))
                    self.put(depth, "except " + " ".join(kinds))
                    self.block(depth + 1, r.randint(1, 2), True)
                if handlers and r.random() < 0.3:
                    self.put(depth, "else")
                    self.block(depth + 1, 1, in_except)
                if not handlers or r.random() < 0.4:
                    self.put(depth, "finally")
                    self.block(depth + 1, r.randint(1, 2), in_except)


def lively(trace):
    """How much a trace shows: resumptions, results of awaits, exceptions that a body handled."""
    return sum(line.startswith("= yield") or any(w in line for w in (" got ", " awaited ", " caught "))
               for line in trace.splitlines())


def worth_keeping(trace, args):
    return trace and trace.count("\n") <= args.lines and lively(trace) >= args.lively


def same_elsewhere(path, trace, pythons):
    """Whether other CPythons give the same trace."""
    oracle_path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oracle.py")
    return all(subprocess.run([python, oracle_path, path], capture_output=True, text=True, check=False).stdout == trace
               for python in pythons)


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=100, help="how many scores")
    parser.add_argument("--out", required=True, help="a folder for SEED.score and SEED.trace")
    parser.add_argument("--lines", type=int, default=400, help="drop scores with a longer trace")
    parser.add_argument("--lively", type=int, default=6, help="drop scores whose trace shows less than this")
    parser.add_argument("--also", action="append", default=[], metavar="PYTHON",
                        help="another CPython that must give the same trace, or the score is dropped")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    seed, kept = args.seed, 0
    while kept < args.count:
        text = Writer(seed).score()
        trace = play(text)
        if worth_keeping(trace, args):
            base = os.path.join(args.out, f"{seed:07d}")
            write(base + ".score", text)
            if same_elsewhere(base + ".score", trace, args.also):
                write(base + ".trace", trace)
                kept += 1
            else:
                os.remove(base + ".score")
                print(f"{seed}: dropped, CPython's versions differ", file=sys.stderr)
        seed += 1
        if seed - args.seed > 100 + 10 * args.count:
            sys.exit(f"of {seed - args.seed} scores only {kept} are worth keeping: what is wrong?")


if __name__ == "__main__":
    main()
