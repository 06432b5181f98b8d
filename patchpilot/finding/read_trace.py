# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the functions on a line of a stack trace.

The trace may come from the kernel (an oops of any architecture, a sanitizer, lockdep, ftrace), from
a debugger (crash, gdb, drgn), or from a script that adds files and lines (decode_stacktrace.sh,
faddr2line, syzbot, perf).
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_NAME = r"[A-Za-z_][\w.$]*"
_MOD = (
    r"\[(?P<module>(?=[^\]]*[a-z])[a-z0-9][\w-]*)(?:\([A-Z+-]+\))?"
    r"(?: [0-9a-f]{8,40}|@[0-9a-f]+\+0x[0-9a-f]+)?\]"
)
_CALLER_MOD = _MOD.replace("module", "caller_module")
_SIZE = r"0x\w+(?:/0x\w+)?"
_PLACE = r"[\w./+-]+\.(?:c|h|S|s|rs|cc|cpp|hpp):\s?\d+"
_PLACES = rf"\({_PLACE}(?:[^()]|\([^()]*\)){{0,400}}(?:\)|$)"
_FILE_END = r"\.(?:c|h|S|rs|cc|cpp)"

_OFFSET = re.compile(
    rf"(?P<doubt>\? *)?(?<![\w/+-])(?P<name>{_NAME})\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?[)>]*"
    rf"(?: at [0-9a-f]+)?(?: +\(?{_MOD}\)?)?(?P<object> \(/[^)]*\))?"
)
_ONE_LINE = tuple(
    re.compile(pattern)
    for pattern in (
        # crash
        rf"\[exception [A-Z]+: (?P<name>{_NAME})\+\d+\]",
        rf"^\s*(?P<unsure>[PL]C): [0-9a-f]+ +\[(?P<name>{_NAME})\+\d+\]",
        rf"^\s*#\d+ +\[[0-9a-f]+\] (?P<name>{_NAME})(?:\+\w+)? at [0-9a-f]+(?: {_MOD})?",
        # decode_stacktrace.sh, drgn and syzbot
        rf"^\s*(?P<name>{_NAME}) {_PLACE}(?::\d+)? \[inline\]",
        rf"\bin (?P<name>{_NAME}) {_PLACE}(?::\d+)? \[inline\]",
        rf"^\s*#\d+\s+(?P<name>{_NAME}) \({_PLACE}(?::\d+)?(?:, inlined)?\)",
        rf"^\s*#\d+\s+(?P<name>{_NAME}) (?:in {_NAME} )?at 0x[0-9a-f]+",
        rf"(?P<doubt>\? +)?(?<![\w.$])(?P<name>{_NAME}) {_PLACES}(?: +\(?[PLFE]+\)|:)?"
        r"(?: +(?P<module>[a-z]\w+)$)?",
        rf"{_FILE_END}:\d+:(?P<name>{_NAME})\(\)",
        # faddr2line
        rf"^\s*(?:\(inlined by\) )?(?P<name>{_NAME}) at (?:\S+/)?\S+{_FILE_END}:\d+",
        # gdb, valgrind and the sanitizers
        rf"^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?P<name>{_NAME}) ?\(.*?\)? *(?:at|from) \S+$",
        rf"^\s*#\d+\s+(?:0x[0-9a-f]+ in )(?P<name>{_NAME}) \(",
        rf"^\s*#\d+\s+(?P<name>{_NAME}) \(\w+=",
        rf"is in (?P<name>{_NAME}) \(\S+{_FILE_END}:\d+\)",
        r"^\s*(?:=+\d+=+)?\s*(?:#\d+:?\s+(?:0x[0-9a-fA-F]+\s+in\s+)?(?:\[?0x[0-9a-fA-F]+\]?:?\s+)?|"
        r"(?:at|by) 0x[0-9A-Fa-f]+: )(?P<name>[A-Za-z_][\w.]*)(?![\w.]|\S*/)",
        # ftrace and perf
        rf"^\s*=> (?P<name>{_NAME})(?: {_MOD})?\s*$",
        rf"\| +(?P<name>{_NAME})(?: {_MOD})?\(\)(?:;| \{{)",
        rf"^\s*[0-9a-f]{{8,}} (?P<name>{_NAME}) \({_MOD}\)",
        # the state of a workqueue
        rf"^Workqueue: \S+ (?P<unsure>)(?P<name>{_NAME})(?: {_MOD})?",
        # a message of the Direct Rendering Manager
        rf"\[drm:(?P<name>{_NAME})(?: {_MOD})?\]",
    )
)
_PAIRS = tuple(
    re.compile(pattern)
    for pattern in (
        # ftrace, pstore and KCSAN
        rf"(?<![\w.$])(?P<name>{_NAME})(?: {_MOD})? <- ?"
        rf"(?P<caller>{_NAME})(?:\+{_SIZE})?(?: {_CALLER_MOD})?",
        rf"data-race in (?P<name>{_NAME}) / (?P<caller>{_NAME})",
        # 32-bit Arm
        rf"\[<[0-9a-f]+>\] \((?P<name>{_NAME})(?:\+{_SIZE})?(?: {_MOD})?\) from \[<[0-9a-f]+>\] "
        rf"\((?P<caller>{_NAME})(?:\+{_SIZE})?(?: {_CALLER_MOD})?\)",
        rf"^\s*(?P<name>{_NAME})(?: {_MOD})? from (?P<caller>{_NAME})\+{_SIZE}(?: {_CALLER_MOD})?",
    )
)  # fmt: skip
_ADDRESS = re.compile(rf"\b0x[0-9a-f]{{8,16}} {_MOD}")
"""A kernel without symbols prints only the module of an address."""
_BARE = re.compile(r"^\s*(?P<doubt>\? )?(?P<name>[a-z_]\w*_\w+)\s*$")
_SUFFIX = re.compile(r"(?:\.(?:isra|constprop|part|cold|llvm|lto_priv)\b[\d.]*)+$|\.\d+$")
_PADDING = "__pfx_"
_TOP = re.compile(
    r"\b(?:[RE]?IP|NIP|PC|pc|epc|era|ERA|TPC|PSW|elr)\b *(?:is at|:|\[)|\bexception [A-Z]+: |"
    r"\b(?:KASAN|KCSAN|KMSAN|KFENCE)\b.* in |^WARNING: .* at |"
    r"corrupted in: |^IP: "
)
_LEAST = 3
_USER_OBJECT = re.compile(r"\.so\b|/bin/|/usr/lib")


class TraceFrame(NamedTuple):
    """A function on a line of a trace, with its module.

    `trust` is lower for a return address that may be left over from an earlier call. `is_top` is
    set if the line names the function in which the kernel failed.
    """

    function: str
    module: str = ""
    trust: float = 1.0
    is_top: bool = False


def read_frames(text: str, *, in_trace: bool = False) -> list[TraceFrame]:
    """Return the functions on a line. In a trace, this includes a line with only a name."""
    if _is_of_user(text):
        return []
    is_top = bool(_TOP.search(text))
    frames = {
        frame.function: frame
        for frame in _iterate_frames(text, in_trace=in_trace, is_top=is_top)
        if not frame.function.startswith(_PADDING) and len(frame.function) >= _LEAST
    }
    return list(frames.values())


def find_modules(text: str, frames: Iterable[TraceFrame]) -> Iterator[str]:
    """Yield the modules of the frames on a line, and those of its addresses without a function."""
    yield from filter(None, (frame.module for frame in frames))
    yield from (match["module"] for match in _ADDRESS.finditer(text))


def _iterate_frames(text: str, *, in_trace: bool, is_top: bool) -> Iterator[TraceFrame]:
    for pattern in _PAIRS:
        if match := pattern.search(text):
            groups = match.groupdict()
            yield _make_frame(match["name"], groups.get("module"), is_top=is_top)
            yield _make_frame(match["caller"], groups.get("caller_module"))
            return
    has_offset = False
    for match in _OFFSET.finditer(text):
        has_offset = True
        if match["object"] and _USER_OBJECT.search(match["object"]):
            continue
        module = match["module"] or _find_appended_module(text, match.end())
        yield _make_frame(match["name"], module, doubt=bool(match["doubt"]), is_top=is_top)
    if has_offset:
        return
    for pattern in _ONE_LINE:
        if match := pattern.search(text):
            groups = match.groupdict()
            yield _make_frame(
                match["name"],
                groups.get("module"),
                doubt=bool(groups.get("doubt")) or groups.get("unsure") is not None,
                is_top=is_top,
            )
            return
    if in_trace and (match := _BARE.match(text)):
        yield _make_frame(match["name"], None, doubt=bool(match["doubt"]))


def _make_frame(
    name: str, module: str | None, *, doubt: bool = False, is_top: bool = False
) -> TraceFrame:
    return TraceFrame(
        strip_suffixes(name), module or "", 0.4 if doubt else 1.0, is_top and not doubt
    )


def _find_appended_module(text: str, position: int) -> str:
    """Return the module after a file and line that a script inserted before it."""
    match = re.compile(rf" {_PLACE}(?::\d+)? {_MOD}").match(text, position)
    return match["module"] if match else ""


def _is_of_user(text: str) -> bool:
    """Return whether a line is a frame of user space."""
    return bool(re.match(r"\s*RIP: 00[23]3:", text))


def strip_suffixes(name: str) -> str:
    """Return the name of the function in the source, without what compilers append to it."""
    return _SUFFIX.sub("", name.partition("$")[0])


_HEX = re.compile(
    r"^(?:[A-Za-z][A-Za-z0-9]{1,4}:)?[<\[(#*]*(?:0x)?(?=[0-9a-fA-F]*\d|[fF]{4}|[0-9a-fA-F]{2}[>)\]]*$)[0-9a-fA-F]{2,}(?:\([0-9a-f]+\))?[>\])(:;,]*$"
)
_REGISTER = re.compile(
    r"^(?:[%$]?[A-Z]{1,4}\d{0,2}|[a-zA-Z]{1,2}\d{1,2}|[A-Z]{2,7}|GPR\d\d|ORIG_\w+|"
    r"(?:[a-z]{2,3}|knlGS|pstate|cpsr|status|badaddr|cause)[:=])[:=]?$"
)
_DUMP = re.compile(
    r"^\s*(?:[$#] |=> |>>> |(?:[RE]?(?:[A-D]X|[SB]P|[SD]I)|R\d\d|[C-G]S|[CD]R\d): |\? *__pfx_|"
    r"crash> |\(gdb\) |Modules linked in|Code:|CPU:? ?\d|CPU \d+ (?:Unable|at)|Pid: \d|"
    r"PID: \d|Comm: |Hardware name|Workqueue: |Call [Tt]race|Backtrace|Stack ?:|Stack: |"
    r"stack backtrace|---\[|-{8,}|={3,}|\*{8,}|~{5,}|8<--|</?\w+>\s*$|Shadow bytes|=>?0x|"
    r"Krnl (?:GPRS|Code|PSW)|Instruction dump|Last Breaking|All code|Code starting|"
    r"[0-9a-f]+:\*?\s+[0-9a-f]{2} |task: ?\S+ .*(?:ti:|state:|stack:)|Process \S+ \(pid|"
    r"Registers:|pstate: |Flags: |Mem abort|Data abort|"
    r"(?:ESR|EC|SET|FSC|ISV|CM|EA|TnD|GCS|Overlay|Tag\w+) = |user pgtable|swapper pgtable|"
    r"\[[0-9a-f]{8,}\] \*?pgd|pgd = |PGD \w|P4D |PUD |PTE |#PF: |Oops:? |"
    r"(?:LE|BE) (?:PAGE_SIZE|SMP)|CFAR: |MSR: |REGS: |NIP:  |(?:Not t|T)ainted|Kdump: |"
    r"Sending NMI|NMI backtrace|Memory state around|(?:Allocated|Freed) by task|"
    r"\(?\"?echo 0 > |(?:Read|Write) of size \d+ at addr|The buggy address|"
    r"which belongs to the cache|\w+_count: \d+, expected|in_atomic\(\)|\w+: \d+, expected: |"
    r"Dumping ftrace|hex dump|backtrace:|(?:fail|caller|Message) |addr:[0-9a-f]+|R:\d T:\d|"
    r"raw: [0-9a-f]{8}|page:[0-9a-f]+|flags: 0x|"
    r"(?:KERNEL|DUMPFILE|CPUS|DATE|UPTIME|LOAD AVERAGE|TASKS|NODENAME|RELEASE|VERSION|MACHINE|"
    r"MEMORY|PID|COMMAND|TASK|CPU|STATE): |#\d+ +\(active\)|--- interrupt|rcu: \t|epc? *== |"
    r"Cause *: |"
    r"(?:HEAD commit|git tree|console output|kernel config|dashboard link|compiler|"
    r"userspace arch|syz repro|C reproducer|Downloadable assets|disk image|vmlinux|"
    r"kernel image)(?: \(.*\))?: |(?:Reported|Tested|Signed-off|Suggested)-by: |"
    r"(?:Fixes|Link|Closes): |https?://|# |in-memory|"
    r"(?:write|read|race at unknown origin.*) to 0x|value changed: |Uninit was |"
    r"Reported by Kernel |-- (?:Boot|Logs|Journal|Reboot|No entries)|Oops#\d+ Part|"
    r"Panic#\d+ Part|Linux version |\.{3}$|Status *: [0-9a-f]|"
    r"\S+ +[A-Z] +(?:[0-9a-f]{8,16} +)?\d+ +\d+ +\d+ 0x[0-9a-f]+|$)"
)
_REPORTS = ("WARNING: ", "BUG: ")
_MODULE_NAME = re.compile(r"^\(?[\w-]+(?:\([A-Z+-]*\))?,?$|^\[?last$|^unloaded:$|^[\w-]+\]$")
_LETTERS = re.compile(r"[A-Za-z]{3,}")


def is_dump(text: str) -> bool:
    """Return whether a line has registers, memory or the state of a task, and no message."""
    if _DUMP.match(text):
        return True
    if text.startswith(_REPORTS):
        return False
    words = text.split()
    hex_words = sum(bool(_HEX.match(word)) for word in words)
    if not hex_words:
        return bool(words) and all(map(_REGISTER.match, words[::2])) and words[0].endswith(":")
    rest = [word for word in words if not _HEX.match(word) and not _REGISTER.match(word)]
    return len([word for word in rest if _LETTERS.search(word)]) <= (hex_words > 1) or (
        text.lstrip().startswith(("[<", ">ffff", "ffff"))
    )


def is_module_list(text: str) -> bool:
    """Return whether a line is only names of modules, as the rest of a long list is."""
    words = text.split()
    return len(words) > 4 and all(map(_MODULE_NAME.match, words)) and "_" in text
