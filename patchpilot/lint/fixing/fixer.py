# SPDX-License-Identifier: GPL-2.0-or-later
"""What a fixer is: a named function from a finding, where it stands, to a change of the patch's lines; None where it is not certain."""

import importlib
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.lint.clang.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.model.finding import Finding, FixEdit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

FIXERS: dict[str, "RegisteredFixer"] = {}
SPACE, COMMENT, NAMED, PROSE = "space", "comment", "named", "prose"
"""What a fixer may change: white space only; comments too; the tokens it names; the message."""
CODE = (".c", ".h", ".S", ".dts", ".dtsi")


class ColumnSpan(NamedTuple):
    """A replacement inside one line: columns are offsets in the line with its sign, one character a byte."""

    line: int
    start: int
    end: int
    text: str


class LineChange(NamedTuple):
    """What a fixer wants: parts of lines replaced, or whole lines (1-based, as in the patch)."""

    spans: tuple[ColumnSpan, ...] = ()
    edits: tuple[FixEdit, ...] = ()

    @property
    def lines(self) -> frozenset[int]:
        """The patch lines it touches; an insertion touches the line it stands before."""
        whole = (number for edit in self.edits for number in range(edit.start, edit.start + max(edit.delete, 1)))
        return frozenset((*whole, *(span.line for span in self.spans)))


class FixSite:
    """A finding in its patch, with what fixers look at."""

    def __init__(self, context: "Context", finding: Finding) -> None:
        self.context, self.finding = context, finding

    @property
    def number(self) -> int:
        """The patch line of the finding."""
        return self.finding.patch_line or 0

    @cached_property
    def scan(self) -> LineScan:
        """The scan of the patch."""
        return scan(self.context)

    @property
    def line(self) -> ScannedLine:
        """The line of the finding."""
        return self.scan.lines[self.number - 1]

    @property
    def column(self) -> int:
        """The finding's offset in the line with its sign; -1 where it has none."""
        return -1 if self.finding.column is None else self.finding.column

    def added(self, number: int) -> ScannedLine | None:
        """The line of this number when the patch adds it to a file."""
        if not 1 <= number <= len(self.scan.lines):
            return None
        line = self.scan.lines[number - 1]
        return line if line.added and not line.starts_file else None

    def above(self, number: int) -> ScannedLine | None:
        """The line above in the patch when the patch adds it and nothing is removed between."""
        return self.added(number - 1)

    def text(self, number: int) -> str:
        """A line of the patch as text."""
        return self.context.patch.lines[number - 1]

    def replaced(self, number: int, raw: str) -> LineChange:
        """The change that makes a line this one (one character a byte)."""
        return LineChange(edits=(FixEdit(number, 1, (as_text(raw),)),))


Fixer = Callable[[FixSite], LineChange | None]


class RegisteredFixer(NamedTuple):
    """A fixer in the registry, and what it may change."""

    function: Fixer
    changes: str


def fixer(name: str, changes: str = SPACE) -> Callable[[Fixer], Fixer]:
    """Register a function as the fixer `name`."""

    def register(function: Fixer) -> Fixer:
        if name in FIXERS:
            raise ValueError(f"two fixers are called {name!r}")
        FIXERS[name] = RegisteredFixer(function, changes)
        return function

    return register


def delete(numbers: Iterable[int]) -> LineChange:
    """The change that takes whole lines out."""
    return LineChange(edits=tuple(FixEdit(number, 1, ()) for number in sorted(numbers)))


def import_fixers() -> dict[str, RegisteredFixer]:
    """Every fixer by name."""
    import pkgutil

    from patchpilot.lint.fixing import fixers

    for module in pkgutil.iter_modules(fixers.__path__, f"{fixers.__name__}."):
        importlib.import_module(module.name)
    return FIXERS
