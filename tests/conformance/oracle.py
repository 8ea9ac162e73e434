#!/usr/bin/env python3
"""Play a score on CPython and print its trace: oracle.py FILE.score. FORMAT.md says what a score is."""

import gc
import inspect
import sys
import types
import warnings


class AppError(Exception):
    pass


class AppSubError(AppError):
    pass


class AppExit(BaseException):
    pass


EXCEPTIONS = {
    t.__name__: t
    for t in (BaseException, GeneratorExit, Exception, StopIteration, RuntimeError, ValueError, TypeError,
              AppError, AppSubError, AppExit)
}
FUNCTIONS = ("gen", "coro", "icoro")
OPERATIONS = ("new", "send", "throw", "close", "info", "del")


class ScoreError(Exception):
    pass


# ---- Reading a score

def read(text):
    """Return the score as nested (words, children) lists."""
    root = []
    levels = [(-1, root)]
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].rstrip()
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" "))
        if indent % 2:
            raise ScoreError(f"line {number}: odd indentation")
        depth = indent // 2
        while levels[-1][0] >= depth:
            levels.pop()
        node = (line.split(), [])
        levels[-1][1].append(node)
        levels.append((depth, node[1]))
    return root


def value(word):
    return None if word == "none" else int(word)


def show(v):
    return "none" if v is None else str(v)


def show_exception(e):
    v = e.args[0] if e.args else None
    return f'{type(e).__name__} "{v}"' if isinstance(v, str) else f"{type(e).__name__} {show(v)}"


def make_exception(name, v):
    return EXCEPTIONS[name]() if v is None else EXCEPTIONS[name](v)


# ---- Playing it

@types.coroutine
def suspend(v):
    """How an async def function yields."""
    return (yield v)


SUSPEND_CODE = suspend.__code__


def is_running(thing):
    return thing.cr_running if inspect.iscoroutine(thing) else thing.gi_running


def awaited_by(thing):
    return thing.cr_await if inspect.iscoroutine(thing) else thing.gi_yieldfrom


class Player:
    def __init__(self, root):
        self.out = []            # the trace
        self.definitions = {}    # name -> kind, the other words, what is indented under it
        self.functions = {}      # name -> the function that Python compiled
        self.counts = {}         # name -> instances so far
        self.variables = {}
        self.drive = []
        self.settled = True      # whether this CPython does what 3.13 does, as far as is known
        for words, children in root:
            if words[0] == "drive":
                self.drive = children
            else:
                self.definitions[words[1]] = (words[0], words[2:], children)
                if words[0] in FUNCTIONS:
                    self.functions[words[1]] = self.compile(words[1], words[0], children)

    def trace(self, me, text):
        self.out.append(f"{me} {text}" if me else text)

    # ---- Definitions: a body becomes Python source, so that what try, raise and yield do there is CPython's doing

    def compile(self, name, kind, body):
        lines = []
        self.emit(lines, 1, kind, body)
        head = "async def" if kind == "coro" else "def"
        # Without a yield somewhere a generator would be a plain function
        tail = "" if kind == "coro" else "\n    if 0: yield"
        source = f"{head} {name}(me):\n" + "\n".join(lines) + "\n    return None" + tail
        scope = {"p": self, "suspend": suspend, "x": EXCEPTIONS, "make_exception": make_exception,
                 "show": show, "show_exception": show_exception}
        exec(compile(source, f"<{name}>", "exec"), scope)
        function = scope[name]
        return types.coroutine(function) if kind == "icoro" else function

    def emit(self, lines, depth, kind, body):
        pad = "    " * depth
        if not body:
            lines.append(pad + "pass")
        for words, children in body:
            op = words[0]
            if op == "log":
                lines.append(f"{pad}p.trace(me, 'log {words[1]}')")
            elif op == "yield":
                v = value(words[1])
                get = f"await suspend({v!r})" if kind == "coro" else f"(yield {v!r})"
                lines.append(f"{pad}r = {get}")
                lines.append(f"{pad}p.trace(me, 'got ' + show(r))")
            elif op in ("await", "awaitvar"):
                get = f"p.make({words[1]!r})" if op == "await" else f"p.lookup({words[1]!r})"
                verb = "await" if kind == "coro" else "yield from"
                lines.append(f"{pad}r = {verb} {get}")
                lines.append(f"{pad}p.trace(me, 'awaited ' + show(r))")
            elif op == "return":
                lines.append(f"{pad}return {value(words[1])!r}")
            elif op == "raise":
                lines.append(f"{pad}raise make_exception({words[1]!r}, {value(words[2])!r})")
            elif op == "reraise":
                lines.append(f"{pad}raise")
            elif op == "repeat":
                lines.append(f"{pad}for _ in range({int(words[1])}):")
                self.emit(lines, depth + 1, kind, children)
            elif op in ("try", "else", "finally"):
                lines.append(f"{pad}{op}:")
                if op == "finally":
                    lines.append(f"{pad}    p.forget()")
                self.emit(lines, depth + 1, kind, children)
            elif op == "except":
                kinds = ", ".join(f"x[{w!r}]" for w in words[1:])
                lines.append(f"{pad}except ({kinds},) as e:")
                lines.append(f"{pad}    p.trace(me, 'caught ' + show_exception(e))")
                lines.append(f"{pad}    del e")
                lines.append(f"{pad}    p.forget()")
                self.emit(lines, depth + 1, kind, children)
            elif op in OPERATIONS:
                lines.append(f"{pad}p.operate(me, {words!r})")
            else:
                raise ScoreError(f"unknown statement {op}")

    def make(self, name):
        if name not in self.definitions:
            raise ScoreError(f"undefined {name}")
        kind, words, children = self.definitions[name]
        self.counts[name] = self.counts.get(name, 0) + 1
        label = f"{name}#{self.counts[name]}"
        if kind in FUNCTIONS:
            thing = self.functions[name](label)
            thing.__qualname__ = label       # as `await=` and the warning name it
            return thing
        if kind == "iterator":
            return self.make_iterator(label, words, children)
        return self.make_awaitable(label, words)

    def make_iterator(self, label, flags, answers):
        player, left = self, list(answers)

        def answer():
            words = left.pop(0)[0] if left else ["stop", "none"]
            if words[0] == "yield":
                return value(words[1])
            if words[0] == "stop":
                v = value(words[1])
                raise StopIteration() if v is None else StopIteration(v)
            raise make_exception(words[1], value(words[2]))

        def iter_(self):
            return self

        def next_(self):
            player.trace(label, "next")
            return answer()

        def send(self, v):
            player.trace(label, f"send {show(v)}")
            return answer()

        def throw(self, e):
            player.trace(label, f"throw {show_exception(e)}")
            return answer()

        def close(self):
            player.trace(label, "close")

        methods = {"__iter__": iter_, "__next__": next_, "label": label}
        methods.update({m.__name__: m for m in (send, throw, close) if m.__name__ in flags})
        return type("Iterator", (), methods)()

    def make_awaitable(self, label, words):
        player = self
        if words[0] == "bare":
            return type("Object", (), {"label": label})()

        def await_(self):
            return 7 if words[0] == "nothing" else player.make(words[1])

        return type("Awaitable", (), {"__await__": await_, "label": label})()

    @staticmethod
    def forget():
        """Drop the traceback of what is being handled: it would keep an abandoned frame, and what that awaits, alive."""
        e = sys.exc_info()[1]
        while e is not None:
            e.__traceback__, e = None, e.__context__

    # ---- Operations

    def doubt(self, thing):
        """Look for what is being thrown into or closed, in a chain that something is about to be done to. It runs; but
        before 3.13 it also seems to be suspended in its await, and CPython goes in to what it awaits, or crashes."""
        while isinstance(thing, (types.GeneratorType, types.CoroutineType)):
            if is_running(thing) and awaited_by(thing) is not None:
                self.settled = False
            thing = awaited_by(thing)

    def lookup(self, name):
        thing = self.variables.get(name)
        self.doubt(thing)
        return thing

    def operate(self, me, words):
        op, name = words[0], words[1]
        self.trace(me, "> " + " ".join(words))
        thing = self.variables.get(name)
        if op not in ("send", "info"):
            self.doubt(thing)
        if op == "new":
            self.variables[name] = self.make(words[2])
            del thing
            self.trace(me, "= none")
        elif thing is None:
            self.trace(me, "= unset")
        elif op == "del":
            del self.variables[name]
            del thing
            self.trace(me, "= none")
        elif not hasattr(thing, "throw") or hasattr(thing, "label"):
            self.trace(me, "= none")         # an iterator or an awaitable
        elif op == "info":
            self.trace(me, "= " + self.info(thing))
        else:
            outcome = self.outcome(thing, words)
            del thing                        # dropped before the outcome is logged
            self.trace(me, "= " + outcome)

    @staticmethod
    def outcome(thing, words):
        try:
            if words[0] == "send":
                return "yield " + show(thing.send(value(words[2])))
            if words[0] == "throw":
                return "yield " + show(thing.throw(make_exception(words[2], value(words[3]))))
            thing.close()
            return "none"
        except StopIteration as e:
            return "return " + show(e.value)
        except BaseException as e:
            return "raise " + show_exception(e)

    @staticmethod
    def info(thing):
        prefix = "cr" if inspect.iscoroutine(thing) else "gi"

        def get(attribute):
            return getattr(thing, f"{prefix}_{attribute}")

        state = (inspect.getcoroutinestate if prefix == "cr" else inspect.getgeneratorstate)(thing)
        state = state.replace("GEN_", "CORO_")
        target = awaited_by(thing)
        if target is None or is_running(thing):
            label = "-"
        elif isinstance(target, types.GeneratorType) and target.gi_code is SUSPEND_CODE:
            label = "-"
        else:
            label = getattr(target, "label", None) or target.__qualname__
        return (f"state={state} running={int(get('running'))} suspended={int(get('suspended'))} "
                f"frame={int(get('frame') is not None)} code={get('code').co_name} await={label}")

    def play(self):
        def unraisable(args):
            self.out.append("! unraisable " + show_exception(args.exc_value))

        def warn(message, category, *rest, **more):
            text = str(message)
            if "was never awaited" in text:
                self.out.append("! never awaited " + text.split("'")[1])

        hooks = sys.unraisablehook, warnings.showwarning
        sys.unraisablehook, warnings.showwarning = unraisable, warn
        warnings.simplefilter("always")
        gc.disable()
        try:
            for words, _ in self.drive:
                if words[0] not in OPERATIONS:
                    raise ScoreError(f"the driver cannot {words[0]}")
                self.operate("", words)
            for name in sorted(self.variables):
                if name in self.variables:
                    self.operate("", ["del", name])
        finally:
            sys.unraisablehook, warnings.showwarning = hooks
        return self.out


def play(text):
    """Return the trace, and whether 3.13 would give the same."""
    player = Player(read(text))
    return "\n".join(player.play()) + "\n", player.settled


if __name__ == "__main__":
    with open(sys.argv[1], encoding="ascii") as f:
        sys.stdout.write(play(f.read())[0])
