# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the functions, modules and messages in a log, ignoring variable parts such as addresses.

The log may be dmesg output, an oops, a report from a sanitizer, lockdep or valgrind, a gdb
backtrace, or a single message of a driver.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables

MAX_LOG = 1 << 20
_MAX_FRAMES = 40
_MAX_MESSAGES = 60
_STAMP = re.compile(
    r"^[>\s]*(?:<\d{1,3}>)?"
    r"(?:\w{3} +\d+ [\d:]{8} \S+ (?:kernel: )?|\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+ )?"
    r"(?:\[ *\d+\.\d+\])?(?:\[ *[TC]\d+\])? ?"
)
_OFFSET = re.compile(
    r"(?P<doubt>\? )?(?P<name>[A-Za-z_][\w.$]*)\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?\)?"
    r"(?: \[(?P<module>[A-Za-z]\w*)[^]]*\])?"
)
_NUMBERED = re.compile(
    r"^\s*(?:=+\d+=+)?\s*(?:#\d+:?\s+(?:0x[0-9a-fA-F]+\s+in\s+)?(?:\[?0x[0-9a-fA-F]+\]?:?\s+)?|"
    r"(?:at|by) 0x[0-9A-Fa-f]+: )(?P<name>[A-Za-z_][\w.]*)(?!\S*/)"
)
_AT = re.compile(r"\b[\w/-]+\.c:\d+:(?P<name>[A-Za-z_]\w*)\(\)")
_NAMED = re.compile(r"\b(?P<name>[A-Za-z_]+_\w+)(?:\(\)|:(?!:))")
_SUFFIX = re.compile(r"(?:\.(?:isra|constprop|part|cold|llvm|lto_priv)\b[\d.]*)+$|\.\d+$")
_FILE = re.compile(r"\b(?P<file>[\w-]+(?:/[\w.-]+)*\.[chS]):\d+")
_INSTANCE = re.compile(
    r"^(?P<driver>[a-z][a-z0-9_-]*?[a-z_])\d{0,3}(?: [\da-f:.]{5,12}(?: \w+)?)?: "
)
_NOT_DRIVERS = frozenset(
    [
        "error",
        "warning",
        "panic",
        "note",
        "bug",
        "info",
        "debug",
        "fatal",
        "kernel",
        "oops",
        "fail",
        "failed",
        "failure",
    ]
)
_ERROR = re.compile(
    r"\b(?:errors?|err|fail\w*|bug|warn\w*|unable|can ?not|could not|\w+n't|bad|invalid|illegal|"
    r"wrong|incorrect|corrupt\w*|time[sd]?[ -]?out|hung|hang|stall\w*|lock-?up|panic|oops|fault\w*|"
    r"abort\w*|unexpected|unhandled|lost|exceed\w*|mismatch|assert\w*|denied|dead\w*|leak\w*|"
    r"\w+flow|missing|segfault|exception|exhausted|refused|rejected)\b|-E[A-Z]{3}",
    re.IGNORECASE,
)
_MODULE = re.compile(r"\[(?P<module>[a-z]\w+)\]")
_RELEASE = re.compile(
    r"(?:Linux version |Not tainted |Tainted: [A-Z ]+)(?P<release>\d+\.\d+(?:\.\d+)*(?:-rc\d+)?)"
)
_VARIES = re.compile(
    r"\b0[xX][0-9a-fA-F]+|\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b|(?:[0-9a-f]{2,4}:){2,}[0-9a-f.]+"
)
_WORD = re.compile(r"[A-Za-z_]\w+")
_NOISE = re.compile(
    r"^\s*(?:[$#] |=> |Modules linked in|Code:|[RE][A-D0-9SI][XIP0-9]?: |CPU: \d|"
    r"Hardware name|Call Trace|Stack:|FS: |CR[0-4]: |DR\d: |---\[|==+$|</?\w+>$|Shadow bytes|=>?0x)"
)


class Frame(NamedTuple):
    """A function in a log. Its weight is from 0 to 1."""

    function: str
    weight: float


@dataclass(frozen=True, slots=True)
class Symptom:
    """A parsed log, with its functions (top of the trace first) and other search terms.

    `modules` contains modules and drivers, and `files` source files. `messages` contains the lines
    from the first error on, without timestamps, errors first. `release` is the version of the
    kernel that printed the log.
    """

    frames: tuple[Frame, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    release: str = ""

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

    def __bool__(self) -> bool:
        return bool(self.frames or self.messages or self.files)


def read_log(log: str) -> Symptom:
    """Parse a log. Without search terms, the result is false in a boolean context."""
    common_names = re.compile(read_shipped_tables("ranking")["symptoms"]["frames"]["common"])
    frames: dict[str, Frame] = {}
    modules: dict[str, None] = {}
    files: dict[str, None] = {}
    messages: dict[str, str] = {}
    release = _RELEASE.search(log)
    position = 0
    lines = [_STAMP.sub("", line, count=1).rstrip() for line in log[:MAX_LOG].splitlines()]
    first = next((index for index, line in enumerate(lines) if _is_error(line)), 0)
    for line in lines[first:]:
        files.update((match["file"], None) for match in _FILE.finditer(line))
        line_frames = list(_parse_frames(line))
        for name, module, trust in line_frames:
            rarity = 0.1 if common_names.match(name) else 1.0
            weight = trust * rarity / (1 + 0.25 * position)
            previous = frames.get(name)
            if previous is None or previous.weight < weight:
                frames[name] = Frame(name, weight)
            position += rarity == 1.0
            if module:
                modules[module] = None
        if line_frames and not _NAMED.search(_OFFSET.sub("", line)):
            continue
        if not line or _NOISE.match(line):
            continue
        driver = _INSTANCE.match(line)
        if driver and driver["driver"] not in _NOT_DRIVERS:
            modules[driver["driver"]] = None
        modules.update((match["module"], None) for match in _MODULE.finditer(line))
        messages.setdefault(" ".join(_VARIES.sub(" ", line).split()), line)
    message_lines = (line for log, line in messages.items() if log)
    sorted_frames = sorted(frames.values(), key=lambda frame: -frame.weight)
    return Symptom(
        tuple(sorted_frames[:_MAX_FRAMES]),
        tuple(modules),
        tuple(files),
        tuple(sorted(message_lines, key=lambda line: not _ERROR.search(line)))[:_MAX_MESSAGES],
        release["release"] if release else "",
    )


def _is_error(line: str) -> bool:
    return bool((_ERROR.search(line) and not _NOISE.match(line)) or next(_parse_frames(line), None))


def _parse_frames(line: str) -> Iterator[tuple[str, str, float]]:
    """Yield (function, module, reliability) for each function on a line."""
    for match in _OFFSET.finditer(line):
        yield (
            _strip_suffixes(match["name"]),
            match["module"] or "",
            0.4 if match["doubt"] else 1.0,
        )
    for pattern, trust in ((_NUMBERED, 1.0), (_AT, 1.0), (_NAMED, 0.7)):
        for match in pattern.finditer(line):
            yield _strip_suffixes(match["name"]), "", trust


def _strip_suffixes(name: str) -> str:
    return _SUFFIX.sub("", name.partition("$")[0])
