"""Steps through each operation of tests/gdb/step.c, and asks at each instruction for a backtrace: the chain that step.c says, in full,
and another one from that instruction on at which sp goes to another stack. What a frame's function keeps in the registers that are
kept over calls must not change either while it waits, as the backtrace finds them. Where the ABI has a chain of frame pointers, it
is right in the stubs, too, and as each function is called: the first instructions of one may set its pointer before what it points at. In the environment: REGISTERS, the names of those; FRAME_POINTER; EXEMPT, at how many instructions the
inlined form may show something else: from where it loads the other side's registers up to its jump. Writes to the file `report`."""
import os

import gdb

FAR = 8192  # from one stack to another; nothing here takes as much on one
NEAR = 4
MOST_FAILURES = 5
failures = []
seen = {"instructions": 0, "backtraces": 0, "frames": 0, "registers": 0, "records": 0}
exempted, known = {}, set()


def number(text):
    return int(gdb.parse_and_eval(text))


WORD = number("sizeof(void *)")
MASK = (1 << (8 * WORD)) - 1
REGISTERS = os.environ["REGISTERS"].split()
INTEGERS = [name for name in REGISTERS if not name.startswith(("d", "fs"))]
STUBS = "segue_context_switch", "segue_arch_switch", "segue_arch_start", "segue_arch_entry"
POINTER = os.environ["FRAME_POINTER"]
ONCE = bool(os.environ.get("EMULATOR"))
EXEMPT = int(os.environ["EXEMPT"])
REPORT = open("report", "w")
# Of a code address: without the instruction set's bit, or a signature
CODE = MASK >> 16 & ~0 if WORD == 8 else MASK & ~1


def strings(array):
    found = []
    while array[len(found)] != 0:
        found.append(array[len(found)].string())
    return found


def register(frame, name):
    if name[0] == "d" and VECTORS:
        return str(frame.read_register("v" + name[1:])["d"]["u"][0])  # which d8 is only a view of
    value = frame.read_register(name)
    return int(value) & MASK if value.type.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR) else str(value)


def ours(function):
    return function is not None and not function.name.startswith("segue") and os.path.basename(function.symtab.filename) in ("step.c", "step_inline.c")


names, starts = {}, set()


def name_at(pc):
    """The function there, if it is step.c's; `|` and `.` for the first frames; "" for the rest of the library"""
    if pc not in names:
        symbol = gdb.execute("info symbol %#x" % pc, to_string=True).split()
        if symbol[1] == "in":
            starts.add(pc)
        block = gdb.block_for_pc(pc)
        while block and (block.function is None or not ours(block.function)) and block.superblock and not block.superblock.is_static:
            block = block.superblock
        if symbol[0] in MARKS:
            names[pc] = MARKS[symbol[0]]
        elif block and ours(block.function):
            names[pc] = block.function.name
        else:
            names[pc] = "" if symbol[0] != "No" else "nowhere"
    return names[pc]


MARKS = {"segue_arch_entry": "|", "segue_arch_start": ".", "segue_arch_before": "."}


def walk():
    """By the unwinder: names, and the frames of step.c's functions"""
    seen["backtraces"] += 1
    chain, frames = [], []
    frame = gdb.newest_frame()
    while frame is not None:
        seen["frames"] += 1
        name = frame.name()
        if frame.level() == 0 and name_at(frame.pc()) not in MARKS.values():
            name = name if ours(frame.function()) else ""  # gas describes a function of T32's as one byte too long
        if name is None:
            chain.append("nowhere")
        elif name in MARKS:
            chain.append(MARKS[name])
        elif ours(frame.function()):
            chain.append(name)
            frames.append((name, frame))
        frame = frame.older()
    return chain, frames


def follow(fp):
    """By frame pointers: names, and from the innermost record on"""
    chain, first = [], True
    while fp and len(chain) < 100 and chain[-1:] != ["main"]:
        seen["records"] += 1
        try:
            words = gdb.selected_inferior().read_memory(fp - RECORD, 2 * WORD).cast("L" if WORD == 8 else "I")
        except (gdb.MemoryError, OverflowError):
            return chain + ["no record"]
        fp, pc = words[0], words[1] & CODE
        name = name_at(pc - 1) if pc else "nowhere"
        if name == "nowhere" and RECORD and first:
            # A leaf has no return address there, but the caller's frame pointer: where {fp, pc} lie below, in RISC-V's ABI
            fp, name = words[1], ""
        first = False
        if name:
            chain.append(name)
    return chain


def fits(chain, expected):
    """Whether a chain is the expected one, or lacks but innermost frames, and none beyond the first of a coroutine"""
    expected = expected.split()
    first = expected.index("|") if "|" in expected else len(expected) - 1
    missing = len(expected) - len(chain)
    if not 0 <= missing <= first:
        return False
    return chain[1:] == expected[missing + 1:] and chain[0] in expected[missing].split("/")


def fits_records(chain, expected):
    """The same of the chain of frame pointers, which also lacks who called what has no frame yet, or has none at all"""
    expected = expected.split()
    first = expected.index("|") if "|" in expected else min(2, len(expected) - 1)
    missing = len(expected) - len(chain)
    return 0 <= missing <= first + 1 and all(a in b.split("/") for a, b in zip(chain, expected[missing:]))


def fail(what, chain, expected):
    failures.append(what)
    print("%s: %s: %s\n  found    %s\n  expected %s" % (operation, gdb.execute("x/i $pc", to_string=True).strip(), what,
                                                      " ".join(chain), expected), file=REPORT)
    print(gdb.execute("backtrace 30", to_string=True), file=REPORT)
    if len(failures) >= MOST_FAILURES:
        finish()


class Kept:
    """What each waiting frame has in the registers that are kept for it, found out at the first sight of it"""

    def __init__(self):
        self.values = {}

    def forget(self, running):
        """What runs may change its own."""
        self.values = {key: value for key, value in self.values.items() if key[0] != running}

    def find_wrong(self, frames, registers):
        for name, frame in frames:
            if frame.level() == 0 or name.startswith("inline_"):
                continue
            values = [register(frame, r) for r in registers]
            seen["registers"] += len(values)
            before = self.values.setdefault((name, frame.pc(), register(frame, "sp"), len(registers)), values)
            for r, old, new in zip(registers, before, values):
                if old != new:
                    return "%s of %s was %s, and is found as %s" % (r, name, old, new)
        return None


class Stepping:
    """One operation, from its begin() to its end()"""

    def __init__(self, expected):
        self.expected, self.at, self.kept = expected, 0, Kept()
        self.exempt, self.inlined = 0, ""
        self.sp = self.sp_then = register(gdb.newest_frame(), "sp")
        self.fp, self.there = None, 0
        self.chained = CHAIN and not any("inline_" in chain and "_unchained" in chain for chain in expected)

    def next_fits(self, chain):
        return self.at + 1 < len(self.expected) and fits(chain, self.expected[self.at + 1])

    def take(self):
        """Returns whether there are more."""
        gdb.execute("stepi", to_string=True)
        frame = gdb.newest_frame()
        if frame.pc() == END:
            if self.at + 1 != len(self.expected):
                fail("it ended before", [], self.expected[self.at + 1])
            return False
        seen["instructions"] += 1
        running, before, self.sp = name_at(frame.pc()), self.sp, register(frame, "sp")
        self.there = 0 if abs(self.sp - before) > FAR else self.there + 1
        self.kept.forget(running)
        if self.is_known(frame.pc(), running):
            return True
        chain, frames = walk()
        if self.exempt and (running != self.inlined or self.next_fits(chain)):
            exempted[self.inlined] = max(exempted.get(self.inlined, 0), self.exempt)
            self.exempt, self.at = 0, self.at + 1
        elif running.startswith("inline_"):
            pass
        # To the next stack, as sp changes and never else
        elif self.there == 0 or (self.sp != self.sp_then and not fits(chain, self.expected[self.at])):
            self.at = min(self.at + 1, len(self.expected) - 1)
        self.sp_then = self.sp
        in_stub = frame.name() in STUBS
        wrong = "the wrong chain"
        if fits(chain, self.expected[self.at]):
            wrong = self.kept.find_wrong(frames, REGISTERS if in_stub else INTEGERS)
        if running.startswith("inline_") and (wrong or self.exempt):
            self.exempt, self.inlined = self.exempt + 1, running
            wrong = "%s, at more instructions than are exempt" % wrong if self.exempt > EXEMPT else None
        elif self.chained and (self.there == 0 or frame.pc() in starts or (in_stub and register(frame, POINTER) != self.fp)):
            self.check_records(register(frame, POINTER))
        if wrong:
            fail(wrong, chain, self.expected[self.at])
        return True

    def is_known(self, pc, running):
        """Where each step is slow an instruction is looked at but once at each depth; but for the first ones on a stack."""
        key = pc, self.expected[self.at].count("|")
        if not ONCE or self.exempt or self.there < NEAR or running.startswith("inline_") or key not in known:
            known.add(key)
            return False
        return True

    def check_records(self, fp):
        self.fp, records = fp, follow(fp)
        if not any(fits_records(records, chain) for chain in self.expected[max(self.at - 1, 0):self.at + 2]):
            fail("the wrong chain of frame pointers", records, self.expected[self.at])


def check(what, is_so, shown=""):
    if not is_so:
        failures.append(what)
        print("%s: %s\n%s" % (what, shown, gdb.execute("backtrace 30", to_string=True)), file=REPORT)


def selected():
    return gdb.selected_frame().name()


def up_to(function):
    while selected() != function:
        gdb.execute("up", to_string=True)


def try_commands():
    """What a user does: backtrace, up, finish and next, across stacks"""
    gdb.execute("break leaf", to_string=True)
    gdb.execute("continue", to_string=True)
    chain = walk()[0]
    check("backtrace", chain == "leaf commanded | outer | outermost | send_it commands main".split()
          or chain == "leaf commanded | await_it outer | await_it outermost | send_it commands main".split(), chain)
    text = gdb.execute("backtrace", to_string=True)
    check("backtrace", "corrupt" not in text and " in main" in text.splitlines()[-1], text)
    up_to("commands")
    check("a variable of the sender's, from within", number("i") == 0)
    gdb.execute("frame 0", to_string=True)
    gdb.execute("finish", to_string=True)
    check("finish, in a coroutine", selected() == "commanded")
    gdb.execute("delete", to_string=True)
    gdb.execute("next", to_string=True)
    if "yield_it" in gdb.execute("frame", to_string=True):
        gdb.execute("next", to_string=True)
    check("next, over a yield", selected() == "commanded" and number("after") == 18 or number("after") == 5, selected())
    up_to("send_it")
    gdb.execute("finish", to_string=True)
    check("finish, of the sender, from within a coroutine", selected() == "commands")
    gdb.execute("next", to_string=True)
    gdb.execute("next", to_string=True)
    check("next, over a send", selected() == "commands")


def finish():
    if not failures and max(exempted.values()) != EXEMPT:
        fail("the table says that %d instructions are exempt" % EXEMPT, [], "")
    for function, count in sorted(exempted.items()):
        print("%s: %d exempt" % (function, count), file=REPORT)
    print(", ".join("%d %s" % (count, what) for what, count in seen.items()), file=REPORT)
    print("failed" if failures else "passed", file=REPORT)
    gdb.execute("kill", to_string=True)
    gdb.execute("quit %d" % bool(failures))


for setting in "breakpoint always-inserted", "trust-readonly-sections":
    gdb.execute("set %s on" % setting)  # fewer questions to an emulator
gdb.execute("set dcache line-size 512")
gdb.execute("break begin")
gdb.execute("continue" if gdb.selected_inferior().pid else "run", to_string=True)
present = {r.name for r in gdb.newest_frame().architecture().registers()}
VECTORS = "v8" in present
if "z8" in present:  # where v8 is a view, too: gdb unwinds none
    REGISTERS = INTEGERS
CHAIN, RECORD = number("frame_chain"), number("record")
END = number("&end") & CODE
operation = ""
while number("operation") != 0:
    operation = gdb.parse_and_eval("operation").string()
    before = seen["instructions"]
    gdb.execute("finish", to_string=True)
    stepping = Stepping(strings(gdb.parse_and_eval("chains")))
    while stepping.take():
        pass
    print("%s: %d instructions" % (operation, seen["instructions"] - before), file=REPORT)
    gdb.execute("continue", to_string=True)
operation = "commands"
try_commands()
finish()
