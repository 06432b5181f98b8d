# SPDX-License-Identifier: GPL-2.0-or-later
"""The registry of fixers: named functions that propose a change of lines for a finding.

A fixer takes the finding's position in the patch, and returns None if it is not certain about a
fix.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, as_text, scan
from patchpilot.model.rule import Finding, FixEdit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

FIXERS: dict[str, "RegisteredFixer"] = {}
CODE = (".c", ".h", ".S", ".dts", ".dtsi")
LONGEST_LINE = 400
"""The maximum length of a line that is fixed. A longer one may have hundreds of findings, each
tried separately.
"""


class FixSite:
    """A finding in its patch, with the scan and the context that fixers need.

    `line` is the finding's line after the scan, `text` the line as it is, and `column` the
    finding's offset in it, or -1.
    """

    def __init__(self, context: "Context", finding: Finding) -> None:
        self.context, self.finding = context, finding
        self.number = finding.patch_line or 0
        self.column = -1 if finding.column is None else finding.column
        self.scan = scan(context)
        self.line = self.scan.lines[self.number - 1]
        self.text = context.patch.lines[self.number - 1]

    def added(self, number: int) -> ScannedLine | None:
        """Return this patch line if the patch adds it to a file, otherwise None."""
        for line in self.scan.lines[max(number - 1, 0) : number]:
            if line.added and not line.starts_file:
                return line
        return None


Change = tuple[FixEdit, ...]
"""The change that a fixer proposes: replacements of whole patch lines, counted from 1."""
Proposal = FixEdit | Iterable[FixEdit] | None
"""The edits of whole lines that a fixer proposes; none if it is unsure."""
Fixer = Callable[[FixSite], Proposal]
TokenChanges = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
"""Patterns for the C tokens (joined by spaces) that a fixer may change, each with a canonical form
in which the tokens before and after a fix are equal.
"""


class RegisteredFixer(NamedTuple):
    """A registered fixer, and what it may change besides whitespace.

    This is the tokens listed in `tokens`, or prose (the message and comments).
    """

    propose: Fixer
    tokens: TokenChanges = ()
    is_prose: bool = False


def fixer(
    name: str, *, tokens: TokenChanges = (), is_prose: bool = False
) -> Callable[[Fixer], Fixer]:
    """Return a decorator that registers a function as the fixer `name`."""

    def register(function: Fixer) -> Fixer:
        if name in FIXERS:
            raise ValueError(f"duplicate fixer {name!r}")
        FIXERS[name] = RegisteredFixer(function, tokens, is_prose)
        return function

    return register


def edits_of(proposed: Proposal) -> Change:
    """Return a proposal's edits (one, several or none)."""
    return (proposed,) if isinstance(proposed, FixEdit) else tuple(proposed or ())


def rewrite(
    site: FixSite,
    pattern: str,
    new: str | Callable[[re.Match[str]], str],
    *,
    rows: range = range(1),
    whole: str = "",
    at_column: bool = False,
    is_prose: bool = False,
) -> Iterator[FixEdit]:
    """Replace a pattern's matches in the code of added lines.

    The lines in `rows`, counted from the finding's line, are searched together, up to the first
    one after it that the patch does not add; lines above that it does not add are empty there.
    Without `is_prose`, strings are masked and a match in a comment does not count. `new` is a
    format of the groups, or makes one for the match. All lines together must match `whole`, and
    with `at_column` only the match at the finding's column counts.
    """
    numbers = takewhile(
        lambda number: number <= site.number or site.added(number),
        (site.number + row for row in rows),
    )
    lines = [site.added(number) for number in numbers]
    raw = "\n".join(line.raw if line else "" for line in lines)
    text = "\n".join(line.text[: len(line.raw)] if line else "" for line in lines)
    text = raw if is_prose else text
    better, done = "", 0
    for match in re.finditer(pattern, text, re.M) if re.search(whole, text) else ():
        begin, end = match.span()
        is_here = not at_column or begin <= site.column < max(end, begin + 1)
        if is_here and NOTE not in match[0]:
            groups = (raw[slice(*match.span(at))] for at in range(match.re.groups + 1))
            form = new if isinstance(new, str) else new(match)
            better += raw[done:begin] + form.format(*groups)
            done = end
    yield from replaced_lines(
        site.number + rows.start, raw.split("\n"), (better + raw[done:]).split("\n")
    )


def replaced_lines(first: int, old: list[str], new: list[str]) -> Iterator[FixEdit]:
    """Yield edits that replace these lines, which begin at line `first`, with the new ones."""
    if len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True), first):
            if before != after:
                yield replaced(number, after)
        return
    start, end, last = changed_part(old, new)
    yield replaced(first + start, *new[start:last], count=end - start)


def changed_part(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int, int]:
    """Return where two sequences start to differ, and where the difference ends in each."""
    start = sum(takewhile(bool, map(eq, old, new)))
    same = sum(takewhile(bool, map(eq, old[start:][::-1], new[start:][::-1])))
    return start, len(old) - same, len(new) - same


def replaced(number: int, *raws: str, count: int = 1) -> FixEdit:
    """Return an edit that replaces `count` lines with these texts, one character per byte."""
    return FixEdit(number, count, tuple(map(as_text, raws)))


def indent_of(raw: str) -> str:
    """Return the leading whitespace of a line, without its sign."""
    return re.split(r"[^ \t]", raw[1:], maxsplit=1)[0]


def white_space(end: int, start: int = 0) -> str:
    """Return whitespace from one column to another, with as many tabs as possible."""
    tabs = end // 8 - start // 8
    return "\t" * tabs + " " * (end % 8 if tabs else end - start)


def depth_of(code: str) -> int:
    """Return the number of brackets that the code opens, minus those that it closes."""
    return sum((char in "([{") - (char in ")]}") for char in code)


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
