# SPDX-License-Identifier: GPL-2.0-or-later
"""The registry of fixers: named functions that propose a change of lines for a finding.

A fixer takes the finding's position in the patch, and returns None if it is not certain about a
fix.
"""

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.model.patch import Hunk
from patchpilot.model.rule import Finding, FixEdit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

FIXERS: dict[str, "RegisteredFixer"] = {}
SPACE, COMMENT, NAMED, PROSE = "space", "comment", "named", "prose"
"""The scope of a fixer: whitespace; also comments; the tokens that it lists; or the message."""
CODE = (".c", ".h", ".S", ".dts", ".dtsi")


class ColumnSpan(NamedTuple):
    """A replacement within one line.

    Columns are offsets in the line with its sign, with one character per byte.
    """

    line: int
    start: int
    end: int
    text: str


class LineChange(NamedTuple):
    """The change that a fixer proposes: replacements of parts of lines, or of whole lines.

    Line numbers are patch lines, counted from 1.
    """

    spans: tuple[ColumnSpan, ...] = ()
    edits: tuple[FixEdit, ...] = ()

    @property
    def columns(self) -> Iterator[ColumnSpan]:
        """Yield the columns that the change touches in each line; an insertion touches the line
        after it.
        """
        yield from self.spans
        for edit in self.edits:
            for number in range(edit.start, edit.start + max(edit.delete, 1)):
                yield ColumnSpan(number, 0, sys.maxsize, "")

    @property
    def lines(self) -> frozenset[int]:
        """Return the patch lines that the change touches."""
        return frozenset(span.line for span in self.columns)


class FixSite:
    """A finding in its patch, with the scan and the context that fixers need."""

    def __init__(self, context: "Context", finding: Finding) -> None:
        self.context, self.finding = context, finding

    @property
    def number(self) -> int:
        """Return the finding's patch line."""
        return self.finding.patch_line or 0

    @cached_property
    def scan(self) -> LineScan:
        """Return the scan of the patch."""
        return scan(self.context)

    @property
    def line(self) -> ScannedLine:
        """Return the finding's line."""
        return self.scan.lines[self.number - 1]

    @property
    def column(self) -> int:
        """Return the finding's offset in the line with its sign, or -1."""
        return -1 if self.finding.column is None else self.finding.column

    @property
    def hunks(self) -> Iterator[Hunk]:
        """Yield the hunks of the patch."""
        return (hunk for change in self.context.patch.files for hunk in change.hunks)

    def added(self, number: int) -> ScannedLine | None:
        """Return this line if the patch adds it to a file, otherwise None."""
        for line in self.scan.lines[max(number - 1, 0) : number]:
            if line.added and not line.starts_file:
                return line
        return None

    def text(self, number: int) -> str:
        return self.context.patch.lines[number - 1]


Proposal = ColumnSpan | FixEdit | Iterable[ColumnSpan | FixEdit] | None
"""The result of a fixer: one replacement, several of one kind, or both kinds; none if unsure."""
Fixer = Callable[[FixSite], Proposal]


def combine_proposal(proposed: Proposal) -> LineChange | None:
    """Combine a proposal into a single change, or return None if it is empty."""
    is_one = isinstance(proposed, ColumnSpan | FixEdit)
    parts = (proposed,) if is_one else tuple(proposed or ())
    spans = tuple(part for part in parts if isinstance(part, ColumnSpan))
    edits = tuple(part for part in parts if isinstance(part, FixEdit))
    return LineChange(spans, edits) if parts else None


TokenChanges = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
"""Patterns of what a fixer may change in the C tokens (joined by spaces), and their canonical form:
with it, the tokens before and after a fix are the same.
"""


class RegisteredFixer(NamedTuple):
    """A fixer in the registry, and the kind of changes it may make.

    A NAMED fixer may change only the tokens listed in `tokens`.
    """

    propose: Fixer
    changes: str
    tokens: TokenChanges = ()


def fixer(
    name: str, changes: str = SPACE, *, tokens: TokenChanges = ()
) -> Callable[[Fixer], Fixer]:
    """Return a decorator that registers a function as the fixer `name`."""

    def register(function: Fixer) -> Fixer:
        if name in FIXERS:
            raise ValueError(f"duplicate fixer {name!r}")
        FIXERS[name] = RegisteredFixer(function, changes, tokens)
        return function

    return register


def rewrite(
    site: FixSite,
    pattern: str,
    new: str | Callable[[re.Match[str]], str],
    *,
    rows: range = range(1),
    whole: str = "",
    at_column: bool = False,
    in_comments: bool = False,
) -> Iterator[ColumnSpan | FixEdit]:
    """Replace a pattern's matches in the code of added lines.

    The lines in `rows`, counted from the finding's line, are searched together, up to the first
    one after it that the patch does not add; lines above that it does not add are empty there.
    Without `in_comments`, strings are masked and a match in a comment does not count. `new` is a
    format of the groups, or makes one for the match. All lines together must match `whole`, and
    with `at_column` only the match at the finding's column counts.
    """
    start = site.number + rows.start
    numbers = takewhile(
        lambda number: number <= site.number or site.added(number),
        (site.number + row for row in rows),
    )
    lines = [site.added(number) for number in numbers]
    raw = "\n".join(line.raw if line else "" for line in lines)
    text = "\n".join(line.text[: len(line.raw)] if line else "" for line in lines)
    text = raw if in_comments else text
    for match in re.finditer(pattern, text, re.M) if re.search(whole, text) else ():
        begin, end = match.span()
        is_here = not at_column or begin <= site.column < max(end, begin + 1)
        if not is_here or NOTE in match[0]:
            continue
        groups = (raw[slice(*match.span(at))] for at in range(match.re.groups + 1))
        better = (new if isinstance(new, str) else new(match)).format(*groups)
        same = _common_prefix_length(raw[begin:end], better)
        tail = _common_prefix_length(raw[begin + same : end][::-1], better[same:][::-1])
        begin, end = begin + same, end - tail
        better = better[same : len(better) - tail]
        row, column = raw.count("\n", 0, begin), begin - raw.rfind("\n", 0, begin) - 1
        if "\n" in raw[begin:end] + better or not column:
            count = raw.count("\n", begin, end) + 1
            head = raw[begin - column : begin]
            tails = raw[end:].partition("\n")[0]
            texts = filter(None, f"{head}{better}{tails}".split("\n"))
            yield replaced(start + row, *texts, count=count)
        elif better or begin < end:
            yield ColumnSpan(start + row, column, column + end - begin, better)


def _common_prefix_length(old: str, new: str) -> int:
    """Return the length of the common prefix of two texts."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(old), len(new)))


def replaced(number: int, *raws: str, count: int = 1) -> FixEdit:
    """Return an edit that replaces `count` lines with these texts, one character per byte."""
    return FixEdit(number, count, tuple(map(as_text, raws)))


def indent_of(raw: str) -> str:
    """Return the leading whitespace of a line, without its sign."""
    return raw[1 : len(raw) - len(raw[1:].lstrip(" \t"))]


def tab_indent(columns: int) -> str:
    """Return an indentation with as many tabs as possible."""
    return "\t" * (columns // 8) + " " * (columns % 8)


def strip_sign(line: ScannedLine | None) -> str:
    """Return the code of a line without its sign.

    Return "" if the line has a comment or a directive, or continues with a backslash.
    """
    code = line.raw[1:].rstrip(" \t") if line and NOTE not in line.text else ""
    return "" if code.endswith("\\") or code.lstrip().startswith("#") else code


def import_fixers() -> dict[str, RegisteredFixer]:
    """Import all fixers and return them by name."""
    import pkgutil

    from patchpilot.lint.fixing import fixers

    for module in pkgutil.iter_modules(fixers.__path__, f"{fixers.__name__}."):
        importlib.import_module(module.name)
    return FIXERS
