# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the functions, modules and messages in a log, ignoring variable parts such as addresses.

The log may be an oops or messages of drivers in any form (`log_lines`), a report from a sanitizer,
lockdep or valgrind, a debugger's backtrace (`read_trace`), or a single message of a driver.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables
from patchpilot.finding.kernel_version import (
    NO_VERSION,
    KernelVersion,
    find_kernel_version,
    find_upstream_release,
)
from patchpilot.finding.log_lines import split_log
from patchpilot.finding.read_trace import (
    TraceFrame,
    find_modules,
    is_dump,
    is_module_list,
    read_frames,
    strip_suffixes,
)

MAX_LOG = 1 << 20
_MAX_FRAMES = 40
_MAX_MESSAGES = 60
_NAMED = re.compile(
    r"(?<![.\w])(?P<name>[A-Za-z_]\w*)\(\)|\b(?P<prefix>[A-Za-z_]\w*):(?!:)(?=\s|$|\d+:)",
)
_FILE = re.compile(r"(?<![\w./-])[./]*(?P<file>[\w-]+(?:/[\w.-]+)*\.[chS]):\d+")
_BUS_ID = (
    r"(?:[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]|[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]|"
    r"\d+-\d+(?:\.\d+)*(?::\d+\.\d+)?|\d+-[0-9a-f]{4}|[\w-]*[0-9a-f]+[.:](?:[\w.:-]*\w)|"
    r"[A-Z0-9]{6,8}:\d\d|(?=\S*\d)(?=\S*[a-z])[\w./-]*\w)"
)
_INSTANCE = re.compile(r"^(?P<driver>[a-z][a-z0-9_-]+?)(?:(?<=[a-z])[01])?: ")
"""Some drivers add the number of their instance."""
_DEVICE = re.compile(rf"^(?P<driver>[a-z][a-z0-9_-]*) {_BUS_ID}(?: [\w.()-]+){{0,3}}: ")
_OTHER_DRIVER = re.compile(
    r"^(?P<driver>[A-Z][A-Z0-9]{2,7})(?:-fs)?(?::? \w+)? \((?:device )?[\w-]+\):? |"
    r"^(?P<mounted>[a-z]\w+) \((?=[^)]*[a-z])(?:device )?[\w-]+\): |"
    r"^(?P<network>CIFS|NFSD?|BTRFS): |^NETDEV WATCHDOG: \S+ \((?P<watched>\w+)\): "
)
"""Messages of file systems, and of the watchdog of network devices."""
_VERBS = re.compile(
    r"(?:abort|accept|add|alloc|apply|attach|begin|bind|build|calc|callback|change|check|cleanup|"
    r"clear|close|cmd|complete|config|configure|connect|copy|create|delete|destroy|detach|"
    r"disable|do|dump|enable|end|enqueue|event|exec|execute|exit|fill|find|finish|flush|free|"
    r"get|handle|handler|init|insert|interrupt|ioctl|irq|isr|issue|kill|link|load|lock|lookup|"
    r"loop|map|mmap|mount|notify|open|parse|poll|post|prepare|probe|process|put|queue|read|"
    r"recover|recv|register|release|reload|remove|request|reserve|reset|restart|resume|run|"
    r"save|scan|schedule|send|set|setup|show|start|stat|stop|submit|suspend|sync|test|thread|"
    r"timeout|timer|transfer|transmit|try|unlock|unmap|unregister|update|valid|validate|verify|"
    r"wait|wake|work|worker|write)$"
)
_FIRST_VERBS = re.compile(
    r"(?:add|alloc|check|create|destroy|disable|do|enable|free|get|init|put|read|register|remove|"
    r"set|try|unregister|write)$"
)
"""A name before a colon is a function's if it has one of these words, otherwise a driver's."""
_NOT_DRIVERS = re.compile(
    r"(?:acpi|address|array|audit|bug|caller|clocksource|comm|cpu|debug|dump_stack|echo|error|"
    r"fail|failed|failure|fatal|head|hint|host|info|init|input|invalid|item|kasan|kernel|"
    r"lockdep|login|mce|msg|name|net|nmi|note|oops|page|panic|pci|perf|pid|pm|port|"
    r"preempt_count|process|random|rcu|rcu_preempt|rcu_sched|reason|refcount_t|result|root|"
    r"sched|sched_clock|segfault|stack-protector|status|symbol|sysrq|systemd|task|trace|traps|"
    r"type|user|value|version|warning|watchdog|workqueue)$"
)
_ERROR = re.compile(
    r"\b(?:S?errors?|err|fail\w*|bug|warn\w*|unable|can ?not|could not|\w+n't|bad|invalid|illegal|"
    r"wrong|incorrect|corrupt\w*|time[sd]?[ -]?out|hung|hang|stall\w*|lock-?up|panic|oops|fault\w*|"
    r"abort\w*|unexpected|unhandled|lost|exceed\w*|mismatch|assert\w*|denied|dead\w*|leak\w*|"
    r"\w+flow|missing|segfault|exception|exhausted|refused|rejected|unbalanced|suspicious|"
    r"(?-i:(?:UB|K[A-Z]{1,2})SAN)|out of memory|overwritten|nobody cared|field-spanning|"
    r"trying to register|"
    r"blocked for more|stuck for|self-detected|locking dependency|inconsistent lock|"
    r"recursive locking)\b|-E[A-Z]{3}",
    re.IGNORECASE,
)
_VARIES = re.compile(
    r"\b0[xX][0-9a-fA-F]+|\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b|(?:[0-9a-f]{2,4}:){2,}[0-9a-f.]+"
)
_NUMBER = re.compile(r"\d+")
_MAX_KEY = 200
_WORD = re.compile(r"[A-Za-z_]\w+")
_PANIC = re.compile(r"^Kernel panic - not syncing: ")
_TRACE_START = re.compile(r"^\s*(?:Call [Tt]race|Backtrace|RIP|PC|pc)\b")
_NAMED_TRUST = 0.7
MACHINERY_SHARE = 0.1
"""Maximum weight of a function of the machinery of a trace, which occurs in any trace."""


class Frame(NamedTuple):
    """A function in a log. Its weight is from 0 to 1. `module` is set if a trace names it."""

    function: str
    weight: float
    module: str = ""


@dataclass(frozen=True, slots=True)
class Symptom:
    """A parsed log, with its functions (top of the trace first) and other search terms.

    `modules` contains modules and drivers, and `files` source files. `messages` contains the lines
    from the first error on, without timestamps, errors first. `version` is the kernel
    that printed the log.
    """

    frames: tuple[Frame, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    version: KernelVersion = NO_VERSION

    def terms(self) -> dict[str, float]:
        """Return the words to search for in commit messages, in lower case, with weights."""
        weighted = [
            *(
                (word, 1.0)
                for message in self.messages
                for word in _WORD.findall(_VARIES.sub(" ", message))
            ),
            *((frame.function, 2 * frame.weight) for frame in self.frames),
            *((module, 1.5) for module in self.modules),
            *((PurePosixPath(file).stem, 0.5) for file in self.files),
        ]
        result: dict[str, float] = {}
        for word, weight in weighted:
            parts = [part for part in word.lower().split("_") if len(part) > 2]
            for term in (word.lower(), *parts):
                share = weight if term == word.lower() else weight / 4
                result[term] = max(result.get(term, 0.0), share)
        return result

    @property
    def name(self) -> str:
        """Return the symptom's function or file if that is all it contains, otherwise ""."""
        names = [*(frame.function for frame in self.frames), *self.files]
        return names[0] if len(names) == 1 and not self.messages else ""

    @property
    def release(self) -> str:
        """Return the upstream release of the kernel that printed the log, otherwise ""."""
        return self.version.release

    @property
    def key(self) -> str:
        """Return what two logs of one bug have in common: the function that failed and the first
        error without its numbers. Return "" if there is no symptom.
        """
        names = (*(frame.function for frame in self.frames), *self.files)
        message = _NUMBER.sub("N", _VARIES.sub(" ", next(iter(self.messages), "")))
        parts = (next(iter(names), ""), " ".join(message.split())[:_MAX_KEY])
        return ": ".join(filter(None, parts))

    def __bool__(self) -> bool:
        return bool(self.frames or self.messages or self.files)


def read_log(log: str) -> Symptom:
    """Parse a log. Without search terms, the result is false in a boolean context."""
    log_lines = split_log(log[:MAX_LOG])
    lines = [_PANIC.sub("", line.text.strip()) for line in log_lines]
    drivers = _find_drivers(lines)
    frames_of = _read_all_frames(lines)
    first = next(
        (
            number
            for number, line in enumerate(lines)
            if frames_of[number]
            or (
                not is_dump(line)
                and (_ERROR.search(line) or next(_read_named_functions(line, drivers), None))
            )
        ),
        0,
    )
    trace = []
    modules: dict[str, None] = {}
    files: dict[str, None] = {}
    messages: dict[str, str] = {}
    # the lines of other CPUs may be in between
    failed = log_lines[first].caller if log_lines else ""
    numbers = sorted(
        range(first, len(lines)), key=lambda number: log_lines[number].caller != failed
    )
    for line, frames in ((lines[number], frames_of[number]) for number in numbers):
        files.update((match["file"], None) for match in _FILE.finditer(line))
        trace += frames
        modules.update((module, None) for module in find_modules(line, frames))
        is_noise = is_dump(line) or is_module_list(line)
        named = [] if is_noise else list(_read_named_functions(line, drivers))
        trace += named
        if is_noise or (frames and not named and not _ERROR.search(line)):
            continue
        if driver := _read_driver(line):
            modules[driver] = None
        messages.setdefault(" ".join(_VARIES.sub(" ", line).split()), line)
    version = find_kernel_version(lines, first)
    if not version and (release := next(filter(None, (line.release for line in log_lines)), "")):
        version = KernelVersion(release, find_upstream_release(release), release)
    message_lines = (line for key, line in messages.items() if key)
    return Symptom(
        tuple(_order_frames(trace))[:_MAX_FRAMES],
        tuple(modules),
        tuple(files),
        tuple(sorted(message_lines, key=lambda line: not _ERROR.search(line)))[:_MAX_MESSAGES],
        version,
    )


def _read_all_frames(lines: Sequence[str]) -> list[list[TraceFrame]]:
    """Return the functions on each line."""
    result = []
    in_trace = False
    for line in lines:
        frames = read_frames(line, in_trace=in_trace)
        in_trace = bool(frames) or bool(_TRACE_START.match(line))
        result.append(frames)
    return result


def _order_frames(trace: Iterable[TraceFrame]) -> Iterator[Frame]:
    """Yield each function once, in the order in which to search them, with a weight.

    The function that failed comes first, then the ones of modules, which are drivers most often,
    the rest of the kernel, return addresses that may be old, and the machinery of the trace.
    """
    common_names = re.compile(read_shipped_tables("ranking")["symptoms"]["frames"]["common"])
    best: dict[str, tuple[int, float, str]] = {}
    for frame in trace:
        if common_names.match(frame.function):
            rank = _MACHINERY
        elif frame.is_top:
            rank = _TOP
        elif frame.trust < _NAMED_TRUST:
            rank = _DOUBTFUL
        else:
            rank = _OF_MODULE if frame.module else _CORE
        known = best.get(frame.function)
        if known is None or (rank, -frame.trust) < (known[0], -known[1]):
            # a message names the driver of a device, which may be a part of another module
            module = frame.module if frame.trust != _NAMED_TRUST else ""
            best[frame.function] = (rank, frame.trust, module)
    position = 0
    for name, (rank, trust, module) in sorted(best.items(), key=lambda item: item[1][0]):
        share = MACHINERY_SHARE if rank == _MACHINERY else 1.0
        yield Frame(name, trust * share / (1 + 0.25 * position), module)
        position += rank != _MACHINERY


_TOP, _OF_MODULE, _CORE, _DOUBTFUL, _MACHINERY = range(5)


def _find_drivers(lines: Iterable[str]) -> frozenset[str]:
    """Return the drivers that the messages name together with a device."""
    return frozenset(match["driver"] for line in lines if (match := _DEVICE.match(line)))


def _read_driver(line: str) -> str:
    """Return the driver or file system that printed a message, or ""."""
    if match := _DEVICE.match(line):
        driver = match["driver"]
    elif match := _INSTANCE.match(line):
        driver = match["driver"]
        if _is_function_name(driver):
            return ""
    elif match := _OTHER_DRIVER.match(line):
        driver = next(filter(None, match.groups())).lower()
    else:
        return ""
    is_process = "page allocation failure" in line
    return "" if is_process or _NOT_DRIVERS.match(driver) else driver


def _is_function_name(name: str) -> bool:
    first, *words = name.lower().split("_")
    return not first or any(map(_VERBS.match, words)) or bool(words and _FIRST_VERBS.match(first))


def _read_named_functions(line: str, drivers: Container[str]) -> Iterator[TraceFrame]:
    """Yield the functions that a message names, as in "ring_fill: no memory" or "ring_fill()"."""
    driver, device = _read_driver(line), _DEVICE.match(line)
    for match in _NAMED.finditer(line, device.end() if device else 0):
        name = match["name"] or match["prefix"]
        is_prefix = bool(match["prefix"])
        if name.isupper() or name in drivers or (is_prefix and "_" not in name):
            continue
        if is_prefix and not match.start() and not _is_function_name(name):
            continue
        yield TraceFrame(strip_suffixes(name), driver, _NAMED_TRUST)
