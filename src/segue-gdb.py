"""gdb commands for segue's coroutines, in a process or a core file: help segue.

They need no debugging information of the library: it says by segue_debug_layout (src/layout.c) where everything is.
"""

import functools
import os
import re
import struct

import gdb
import gdb.unwinder

# The registers that a suspended context has its words in, by the beginning of an architecture's name
REGISTERS = {
    'i386:x86-64': {'sp': ['rsp'], 'ip': ['rip'], 'fp': ['rbp'], 'base': ['rbx']},
    'aarch64': {'sp': ['sp'], 'ip': ['pc'], 'fp': ['x29'], 'base': ['x19']},
    'riscv': {'sp': ['sp'], 'ip': ['pc'], 'fp': ['fp'], 'base': ['s1']},
    'arm': {'sp': ['sp'], 'ip': ['pc'], 'fp': ['r7', 'r11'], 'base': ['r6']},
}
THUMB_STATE = 1 << 5  # of ARM's cpsr

MAGIC = b"segue's layout\0\0"
POINTERS = ['names', 'classes', 'stacks', 'switch', 'after_switch', 'entry', 'after_entry']
LONGEST = 256  # of a name
FOREVER = 100000  # links that are followed, should memory be damaged


# ---- Memory

def read(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def read_string(address):
    """As much of it as is there: by pieces that lie in one page."""
    text = b''
    while address and len(text) < LONGEST and b'\0' not in text:
        try:
            text += read(address + len(text), 16 - (address + len(text)) % 16)
        except gdb.MemoryError:
            break
    return text.split(b'\0')[0].decode('utf-8', 'replace')


class Layout:
    """What the library says of itself."""

    def __init__(self, address):
        self.pointer = gdb.lookup_type('void').pointer().sizeof
        head = len(MAGIC) + 8
        version, count = struct.unpack('<II', read(address + len(MAGIC), 8))
        if version != 1:
            raise gdb.GdbError('this libsegue is newer than these commands')
        words = self.unpack(read(address + head, len(POINTERS) * self.pointer))
        self.__dict__.update(zip(POINTERS, words))
        numbers = struct.unpack('<%dI' % count, read(address + head + len(POINTERS) * self.pointer, 4 * count))
        names, at = [], self.names
        while len(names) < count:
            names.append(read_string(at))
            at += len(names[-1]) + 1
        self.__dict__.update(zip(names, numbers))

    def unpack(self, data):
        return struct.unpack('<%d%s' % (len(data) // self.pointer, 'Q' if self.pointer == 8 else 'I'), data)

    def word(self, address):
        return self.unpack(read(address, self.pointer))[0]

    def is_switch(self, pc):
        return self.switch & ~1 <= pc < self.after_switch & ~1

    def is_entry(self, pc):
        return self.entry & ~1 <= pc < self.after_entry & ~1


def find_layout():
    """By its name; or by its first words, in the read-only data of programs that have lost all names."""
    try:
        return int(gdb.parse_and_eval('(unsigned long)&segue_debug_layout'))
    except gdb.error:
        pass
    for line in gdb.execute('info files', to_string=True).splitlines():
        section = re.match(r'\s*(0x[0-9a-f]+) - (0x[0-9a-f]+) is \.(data\.rel\.ro|rodata|data)\b', line)
        if section:
            low, high = int(section.group(1), 16), int(section.group(2), 16)
            try:
                found = gdb.selected_inferior().search_memory(low, high - low, MAGIC)
            except gdb.error:
                found = None
            if found:
                return found
    raise gdb.GdbError('no segue here: the program has no libsegue, or that is not loaded yet')


def layout():
    if not gdb.selected_thread():
        raise gdb.GdbError('The program is not being run.')
    try:
        return Layout(find_layout())
    except gdb.MemoryError:
        raise gdb.GdbError('no segue here: it can not be read')


# ---- Coroutines

class Coroutine:
    KINDS = ['coroutine', 'generator', 'iterable coroutine']

    def __init__(self, all_, address):
        self.all, self.layout, self.address = all_, all_.layout, address
        self.below = self.layout.below_own
        self.data = read(address - self.below, self.below + self.layout.coroutine)

    def number(self, field, size):
        at = self.below + getattr(self.layout, 'coroutine_' + field)
        return int.from_bytes(self.data[at:at + size], 'little')

    def word(self, field):
        return self.number(field, self.layout.pointer)

    def has(self, bit):
        return self.number('gate', 4) & getattr(self.layout, 'gate_' + bit) != 0

    def context(self, which):
        """Its own, or its sender's: {sp, fp, ip, base}."""
        at = self.below - getattr(self.layout, 'below_' + which)
        words = {}
        for name in ('sp', 'fp', 'ip', 'base'):
            start = at + getattr(self.layout, 'context_' + name)
            words[name] = int.from_bytes(self.data[start:start + self.layout.pointer], 'little')
        return words

    @property
    def name(self):
        if self.number('extras', 1) & self.layout.extra_name:
            return read_string(self.word('name'))
        code = self.word('code')
        return read_string(self.layout.word(code + self.layout.code_name)) if code else '?'

    @property
    def origin(self):
        """Where it was made, or where its code stands: what is known of it."""
        code = self.word('code')
        if not code:
            return ''
        line, made_here = (int.from_bytes(read(code + at, 4), 'little') for at in (self.layout.code_line, self.layout.code_made_here))
        return ', %s %s:%d' % ('made at' if made_here else 'its code is at', read_string(self.layout.word(code + self.layout.code_file)), line)

    @property
    def kind(self):
        kind = self.number('kind', 1)
        return self.KINDS[kind] if kind < len(self.KINDS) else '?'

    @property
    def awaiter(self):
        return self.all.at(self.word('awaiter'))

    @property
    def awaited(self):
        return self.all.at(self.word('awaited'))

    @property
    def resumer(self):
        return self.all.at(self.word('resumer'))

    @property
    def root(self):
        root = self
        for _ in range(FOREVER):
            if not root.awaiter:
                break
            root = root.awaiter
        return root

    @property
    def state(self):
        if self.has('created'):
            return 'created'
        if self.has('closed'):
            return 'ended'
        return 'running' if self.root.has('running') else 'suspended'

    def holds(self, sp):
        return 0 <= sp - self.word('stack') < self.word('stack_size')

    @property
    def resumed(self):
        """The chain that it resumed and waits for, by its root."""
        return self.all.resumed.get(self.address)

    @property
    def frame(self):
        """The context that its frames go on from; None where they are a thread's, or there are none."""
        if self.has('closed'):
            return None
        if self.has('outer') and self.awaited:
            return self.awaited.context('sender')
        if self.state != 'running':
            return self.context('own')
        return self.resumed.context('sender') if self.resumed else None

    @property
    def place(self):
        """Where its code goes on, outside the library; '' where all of it has left."""
        pc = code(self.frame['ip'])
        if self.layout.is_switch(pc):
            pc = code(self.layout.word(self.frame['sp'] + self.layout.frame_pc))
        if not is_ours(self.layout, pc) and not is_inlined(pc):
            return describe(pc)
        with Selection():
            try:
                frame = leave_ours(self.layout, unwinder.show(self))
                return describe_frame(frame) if frame else ''
            finally:
                unwinder.hide()

    def __str__(self):
        return "%d '%s'" % (self.all.number(self), self.name)


class Coroutines:
    """All of a process; each has a number, from when it was first seen."""

    numbers = {}

    def __init__(self):
        self.layout = layout()
        self.found = {}
        self.lacking = False  # the slabs are all zeros: gdb writes a core file so, where it can't read a mapping for the guards in it
        for known in (is_ours, is_inlined, describe):
            known.cache_clear()
        for address in self.addresses():
            self.found[address] = Coroutine(self, address)
        for address in self.found:
            self.numbers.setdefault(address, len(self.numbers) + 1)

    def __iter__(self):
        return iter(self.found.values())

    def at(self, address):
        return self.found.get(address)

    def number(self, co):
        return self.numbers[co.address]

    @functools.cached_property
    def resumed(self):
        """{address of who resumed it: the root of a chain that runs}"""
        return {co.word('resumer'): co for co in self if co.has('running') and not co.awaiter}

    def is_live(self, address):
        try:
            return self.layout.word(address + self.layout.coroutine_ops) != 0
        except gdb.MemoryError:  # a core file has no pages that were never touched
            return False

    def addresses(self):
        for i in range(self.layout.classes_count):
            yield from self.in_class(self.layout.classes + i * self.layout.stack_class)
        yield from self.in_list('allocated', 'previous')
        yield from self.in_list('placed', 'next')

    def in_class(self, at):
        lay = self.layout
        guard, stack = lay.word(at + lay.class_guard_size), lay.word(at + lay.class_stack_size)
        slab = lay.word(at + lay.class_slabs)
        while slab:
            mapped = lay.word(slab + lay.slab_mapped)
            slots, = struct.unpack('<I', read(slab + lay.slab_slots, 4))
            carved, = struct.unpack('<I', read(slab + lay.slab_carved, 4))
            self.lacking |= not mapped
            first = slab + mapped - slots * (guard + stack)
            for i in range(carved):
                end = first + (i + 1) * (guard + stack) - i % lay.colours * lay.colour_step
                address = end - lay.coroutine & -lay.object_align
                if self.is_live(address):
                    yield address
            slab = lay.word(slab + lay.slab_next)

    def in_list(self, which, link):
        lay = self.layout
        address = lay.word(lay.stacks + getattr(lay, 'stacks_' + which))
        for _ in range(FOREVER):
            if not address:
                break
            if self.is_live(address):
                yield address
            address = lay.word(address + getattr(lay, 'coroutine_' + link))


def one(argument):
    """The coroutine of a number, or of an expression that points at it."""
    if not argument:
        raise gdb.GdbError('which one? A number that segue ps shows, or an expression')
    everyone = Coroutines()
    try:
        wanted = int(gdb.parse_and_eval(argument).cast(gdb.lookup_type('unsigned long')))
    except gdb.error as error:
        raise gdb.GdbError(str(error))
    for co in everyone:
        if wanted in (co.address, everyone.number(co)):
            return co
    raise gdb.GdbError('there is no coroutine %s' % argument)


# ---- Places

def architecture():
    return gdb.selected_frame().architecture().name()


def arm():
    return architecture().startswith('arm')


def registers():
    for name, words in REGISTERS.items():
        if architecture().startswith(name):
            return words
    raise gdb.GdbError("these commands don't know the registers of " + architecture())


def code(pc):
    """An address of code without what AArch64 may have signed it with, and without ARM's bit of the instruction set."""
    if architecture().startswith('aarch64'):
        return pc & (1 << 48) - 1
    return pc & ~1 if arm() else pc


def is_ours_by_name(name):
    """What SEGUE_ASYNC() makes is the user's."""
    return name.startswith('segue_') and not name.startswith(('segue_body_of_', 'segue_run_'))


@functools.lru_cache(maxsize=None)  # many stand at one place
def is_ours(lay, pc):
    """Whether it is the library's code. Where that was linked statically, as far as debugging information or names tell."""
    library = gdb.solib_name(code(lay.switch))
    if library or lay.is_switch(pc) or lay.is_entry(pc):
        return not library or gdb.solib_name(pc) == library
    known, line = gdb.lookup_global_symbol('segue_await'), gdb.find_pc_line(pc)
    if known and known.symtab and line.symtab:
        return os.path.dirname(known.symtab.fullname()) == os.path.dirname(line.symtab.fullname())
    return is_ours_by_name(gdb.execute('info symbol %#x' % pc, to_string=True))


@functools.lru_cache(maxsize=None)
def is_inlined(pc):
    block, functions = gdb.block_for_pc(pc - 1), 0
    while block:
        functions += block.function is not None
        block = block.superblock
    return functions > 1


def leave_ours(lay, frame):
    """The first frame that is not the library's, before the first one of that coroutine; or None."""
    while frame and not lay.is_entry(frame.pc()):
        inlined = frame.type() == gdb.INLINE_FRAME and is_ours_by_name(frame.name())
        if not inlined and not is_ours(lay, frame.pc()):
            return frame
        frame = frame.older()
    return None


@functools.lru_cache(maxsize=None)
def describe(pc, before=1):
    """FUNCTION at FILE:LINE, as far as it is known, of where a call returns to, or of a function's entry: before 0."""
    block = gdb.block_for_pc(pc - before)
    while block and not block.function:
        block = block.superblock
    symbol = gdb.execute('info symbol %#x' % (pc - before), to_string=True)
    if block:
        function = block.function.name
    else:
        function = re.split(r' \+ | in section', symbol)[0] if ' in section' in symbol else '%#x' % pc
    line = gdb.find_pc_line(pc - before)
    return '%s at %s:%d' % (function, line.symtab.filename, line.line) if line.symtab else function


def describe_frame(frame):
    line = frame.find_sal()
    return '%s at %s:%d' % (frame.name(), line.symtab.filename, line.line) if line.symtab else describe(frame.pc())


def threads_in(everyone):
    """{address of a coroutine: the number of the thread that runs on its stack}"""
    found = {}
    if not any(co.state == 'running' for co in everyone):
        return found
    with Selection():
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            sp = int(gdb.newest_frame().read_register(registers()['sp'][0]).cast(gdb.lookup_type('unsigned long')))
            for co in everyone:
                if co.holds(sp):
                    found[co.address] = thread.num
    return found


class Selection:
    """Keeps the selected thread and frame."""

    def __enter__(self):
        self.thread, self.level = gdb.selected_thread(), gdb.selected_frame().level()

    def __exit__(self, *_):
        if self.thread and gdb.selected_thread() != self.thread:
            self.thread.switch()
        frame = gdb.newest_frame()
        while frame and frame.level() < self.level:
            frame = frame.older()
        if frame:
            frame.select()


# ---- Unwinding: while a coroutine is shown, its suspended frames are the callers of the newest frame of this thread

class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    def __init__(self):
        super().__init__('segue')
        self.shown = None

    def show(self, co):
        """Returns the coroutine's newest frame."""
        frame = co.frame
        newest = gdb.newest_frame()
        self.registers, self.layout, self.everyone = registers(), co.layout, co.all
        self.newest = self.read(newest, 'sp'), newest.pc()
        self.thumb = frame['ip'] & 1 if arm() else None
        self.shown = dict(frame, ip=code(frame['ip']))
        gdb.invalidate_cached_frames()
        first = gdb.newest_frame()
        while first and (self.read(first, 'sp'), first.pc()) != (self.shown['sp'], self.shown['ip']):
            first = first.older()
        if first is None:
            self.hide()
            raise gdb.GdbError('gdb can not go on from there')
        self.first, frame_filter.enabled = first, True
        return first

    def hide(self):
        if self.shown:
            self.shown, frame_filter.enabled = None, False
            gdb.invalidate_cached_frames()

    def read(self, frame, word):
        return int(frame.read_register(self.registers[word][0]).cast(gdb.lookup_type('unsigned long')))

    def __call__(self, pending):
        if not self.shown:
            return None
        sp, pc = self.read(pending, 'sp'), self.read(pending, 'ip')
        if (sp, pc) == self.newest:
            return self.suspended(pending, pc)
        if self.layout.is_entry(pc) and self.ends(self.read(pending, 'base')):
            return self.outermost(pending, sp, pc)
        return None

    def ends(self, address):
        """Whether it was resumed by nobody, and is awaited by nobody: what its sender's context says is of the past."""
        co = self.everyone.at(address)
        return co is not None and co.state != 'running' and not co.awaiter

    def save(self, info, pending, name, value):
        info.add_saved_register(name, gdb.Value(value).cast(pending.read_register(name).type))

    def suspended(self, pending, pc):
        # gdb wants a caller's frame to lie above: so this one's is taken to lie where the coroutine's begin
        info = pending.create_unwind_info(FrameId(gdb.Value(self.shown['sp']), gdb.Value(pc)))
        for word, names in self.registers.items():
            for name in names:
                self.save(info, pending, name, self.shown[word])
        if self.thumb is not None:
            state = int(pending.read_register('cpsr')) & 0xffffffff & ~THUMB_STATE
            self.save(info, pending, 'cpsr', state | (THUMB_STATE if self.thumb else 0))
        return info

    def outermost(self, pending, sp, pc):
        info = pending.create_unwind_info(FrameId(gdb.Value(sp), gdb.Value(pc)))
        self.save(info, pending, self.registers['sp'][0], sp)
        self.save(info, pending, self.registers['ip'][0], 0)
        if self.thumb is not None:
            self.save(info, pending, 'lr', 0)
            self.save(info, pending, 'cpsr', 0)
        return info


class Filter:
    """While a coroutine is shown, backtrace is about that, and the library's switch is left out."""

    def __init__(self):
        self.name, self.priority, self.enabled = 'segue', 100, False  # or every backtrace looks otherwise
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        begun = False
        for each in frames:
            frame = each.inferior_frame()
            pc = frame.pc()
            begun = begun or frame == unwinder.first
            if begun and pc and not unwinder.layout.is_switch(pc) and not unwinder.layout.is_entry(pc):
                yield each


unwinder, frame_filter = Unwinder(), Filter()
gdb.unwinder.register_unwinder(None, unwinder, replace=True)


def forget(_):
    unwinder.hide()


def forget_all(_):
    unwinder.hide()
    Coroutines.numbers.clear()


gdb.events.cont.connect(forget)
gdb.events.exited.connect(forget_all)


# ---- Commands

class Segue(gdb.Command):
    """Coroutines of libsegue: in a process or a core file.

segue ps          all coroutines: number, state, name, and where they are
segue bt N        the backtrace of one, and of those that await it
segue tree        who awaits whom
segue frame N     go to a suspended one: up, down, info locals and the like are about it then

N is a number that segue ps shows, or an expression: a segue_coroutine *."""

    def __init__(self):
        super().__init__('segue', gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)


def where(co, everyone, threads):
    state = co.state
    if state == 'ended':
        return ''
    if state == 'created':
        return 'will start ' + describe(code(co.word('body')), 0)
    if co.has('outer') and co.awaited:
        return 'awaits %s' % co.awaited
    if state == 'running' and co.address in threads and not co.resumed:
        return 'thread %d' % threads[co.address]
    if state == 'running' and not co.resumed:
        return 'on a thread'
    if co.resumed:
        return 'resumed %s%s' % (co.resumed, in_place(co))
    if co.word('awaited'):
        return 'awaits %s%s' % (co.awaited or object_at(co), in_place(co))
    return co.place


def in_place(co):
    place = co.place
    return ', in ' + place if place else ''


def object_at(co):
    address = co.word('awaited')
    try:
        names = co.layout.word(co.layout.word(address) + co.layout.ops_names)
        return "an object at %#x, '%s'" % (address, read_string(names))
    except gdb.MemoryError:
        return 'an object at %#x' % address


class Ps(gdb.Command):
    """All coroutines: number, address, state, name, and where they are.

The number stays while the program runs, for the other commands; a later coroutine in the same place has it, too."""

    def __init__(self):
        super().__init__('segue ps', gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        unwinder.hide()
        everyone = Coroutines()
        threads = threads_in(everyone)
        rows = [[str(everyone.number(co)), '%#x' % co.address, co.state, co.name, where(co, everyone, threads)] for co in everyone]
        rows.sort(key=lambda row: int(row[0]))
        if everyone.lacking:
            print('this core file lacks the stacks: generate-core-file leaves out mappings with guards in them, and the kernel does not')
        if not rows:
            print('no coroutines')
            return
        rows.insert(0, ['N', 'address', 'state', 'name', 'where'])
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        for row in rows:
            print(('  '.join(cell.ljust(width) for cell, width in zip(row, widths)) + '  ' + row[4]).rstrip())


class Tree(gdb.Command):
    """Who awaits whom: each chain from its root, and who resumed that."""

    def __init__(self):
        super().__init__('segue tree', gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        everyone = Coroutines()
        for co in sorted(everyone, key=everyone.number):
            if not co.awaiter:
                self.chain(co)

    def chain(self, root):
        line = '%s, %s' % (root, root.state)
        if root.state == 'running':
            line += ', resumed by %s' % (root.resumer or 'a thread')
        print(line)
        co, depth = root, 1
        while depth < 1000:
            if not co.awaited:
                break
            co = co.awaited
            print('  ' * min(depth, 40) + str(co))
            depth += 1
        if co.word('awaited') and not co.awaited:
            print('  ' * min(depth, 40) + object_at(co))


def has_frames(co):
    """Whether it waits somewhere; if not says why."""
    if co.state == 'created':
        print('%s has not started: it will start %s' % (co, describe(code(co.word('body')), 0)))
    elif co.state == 'ended':
        print('%s has ended' % co)
    elif not co.frame:
        thread = threads_in(co.all).get(co.address)
        print('%s runs: its frames are those of %s' % (co, 'thread %d' % thread if thread else 'a thread'))
    else:
        return True
    return False


class Backtrace(gdb.Command):
    """The backtrace of a coroutine, and of those that await it: segue bt N [OPTIONS].

The options are those of backtrace, -full for example. One that runs is in the backtrace of its thread."""

    def __init__(self):
        super().__init__('segue bt', gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        unwinder.hide()
        argument, _, options = argument.partition(' ')
        co = one(argument)
        if not has_frames(co):
            return
        with Selection():
            try:
                unwinder.show(co)
                print('%s %s, %s%s' % (co.kind, co, co.state, co.origin))
                gdb.execute('backtrace ' + options)
            finally:
                unwinder.hide()


class Frame(gdb.Command):
    """Goes to a suspended coroutine: segue frame N.

Its frames are then those that up, down, frame, info locals and backtrace are about, as callers of the newest frame of this thread, until
the program runs on; segue frame, alone, goes back."""

    def __init__(self):
        super().__init__('segue frame', gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        unwinder.hide()
        if not argument:
            gdb.newest_frame().select()
        else:
            co = one(argument)
            if not has_frames(co):
                return
            frame = unwinder.show(co)
            (leave_ours(co.layout, frame) or frame).select()
        gdb.execute('frame')


for command in (Segue, Ps, Tree, Backtrace, Frame):
    command()
