# SPDX-License-Identifier: GPL-2.0-or-later
"""A patch's changes by function, in a form that allows comparing two patches."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.file_diff import FileChange, Hunk

# find a hunk's function as git does: a line that starts with a word and is not a label
_HEAD = compile_late(r"[A-Za-z_$]")
_LABEL = compile_late(r"[A-Za-z_]\w*:\s*(?:$|/[/*])")
_NAME = compile_late(r"\b(\w++)\s*+\(")
_TELLING = compile_late(r"\w.*\w.*\w.*\w")
_COMMON = compile_late(
    r"(?:return(?: [\w-]+)?|break|continue|goto \w+|else)?;?|#endif\b.*|\} else \{|/\*.*\*/"
)

Line = tuple[str, str]
"""A sign and a line without its indentation."""


class Edge(NamedTuple):
    """The lines around a hunk's additions at one position, and their function."""

    function: str
    before: str
    after: str


class ChangedFunctions:
    """The changed lines by function, and the positions of added lines.

    The name of a function is "" if git's heading is only a label, which names no function.
    """

    def __init__(self) -> None:
        self.lines: dict[str, Counter[Line]] = {}
        self.edges: set[Edge] = set()

    def within(self, functions: Iterable[str]) -> Counter[Line]:
        """Return the changed lines of some functions."""
        total: Counter[Line] = Counter()
        for name in functions:
            total += self.lines.get(name, Counter())
        return total


def changed_functions(files: Sequence[FileChange]) -> ChangedFunctions:
    """Return the changes of a patch's files by function."""
    functions = ChangedFunctions()
    for change in files:
        for hunk in change.hunks:
            _read(hunk, functions)
    return functions


def is_head(line: str) -> bool:
    """Return whether git considers a line the start of a function, as in a hunk header."""
    return bool(_HEAD.match(line)) and not _LABEL.match(line)


def head_of(lines: Sequence[str], at: int) -> int | None:
    """Return the line that begins the function with a 0-based line; None outside of functions."""
    for top in range(min(at, len(lines) - 1), -1, -1):
        if is_head(lines[top]):
            return top
        if top < at and lines[top].startswith("}"):
            break
    return None


def function_name(heading: str) -> str:
    """Return the name of the function or section starting on a line, or "" for a label."""
    text = heading.strip()
    if _LABEL.match(text):
        return ""
    named = _NAME.search(text)
    return named[1] if named else text.rstrip("{= ")[:60]


def is_telling(line: str) -> bool:
    """Return whether a changed line is rarely added or removed by other patches."""
    return bool(_TELLING.search(line)) and not _COMMON.fullmatch(line)


def _read(hunk: Hunk, functions: ChangedFunctions) -> None:
    function = function_name(hunk.section)
    before, added, is_addition = "", False, True
    for line in hunk.lines:
        text = line.text.strip()
        if line.kind in "+-":
            if text:
                functions.lines.setdefault(function, Counter())[line.kind, text] += 1
            added, is_addition = True, is_addition and line.kind == "+"
        elif line.kind == " ":
            if added and is_addition and (is_telling(before) or is_telling(text)):
                functions.edges.add(Edge(function, before, text))
            before, added, is_addition = text, False, True
        if line.kind in " +-" and is_head(line.text):
            function = function_name(line.text)
