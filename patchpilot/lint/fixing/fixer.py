# SPDX-License-Identifier: GPL-2.0-or-later
"""Register fixers: functions that propose edits for a finding.

A fixer returns None if it is not certain.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.lint.c.line_scan import ScannedLine, from_byte_text, scan_patch
from patchpilot.model.c_scanner import COMMENT as NOTE
from patchpilot.model.rule import Finding, FixEdit

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import Context

FIXERS: dict[str, "RegisteredFixer"] = {}
CODE = (".c", ".h", ".S", ".dts", ".dtsi")
LONGEST_LINE = 400
"""Longer lines are not fixed: they may have hundreds of findings, each tried separately."""


class FixSite:
    """A finding in its patch, with the data that a fixer needs.

    `line` is the scanned line, and `text` is the original line. `column` is the offset of the
    finding in the line, or -1 if it has none. `tab_size` is the number of columns between tab
    stops.
    """

    def __init__(self, context: "Context", finding: Finding) -> None:
        self.context, self.finding = context, finding
        self.number = finding.patch_line or 0
        self.column = -1 if finding.column is None else finding.column
        self.scan = scan_patch(context)
        self.line = self.scan.lines[self.number - 1]
        self.text = context.patch.lines[self.number - 1]
        self.tab_size = context.options.tab_size

    def find_added_line(self, number: int) -> ScannedLine | None:
        """Return a patch line if it is added to a file, otherwise None."""
        lines = self.scan.lines[max(number - 1, 0) : number]
        return lines[0] if lines and lines[0].added else None


Change = tuple[FixEdit, ...]
"""Edits that replace whole patch lines, counted from 1."""
Proposal = FixEdit | Iterable[FixEdit] | None
"""The result of a fixer; None if it is not certain."""
Fixer = Callable[[FixSite], Proposal]
TokenChanges = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
"""Patterns for the tokens (joined by spaces) that a fixer may change, each with a replacement that
makes the tokens before and after the fix equal.
"""


class RegisteredFixer(NamedTuple):
    """A fixer and the changes that it may make besides whitespace.

    It may change only the tokens in `tokens`. If `is_prose` is set, it may also change the message
    and comments.
    """

    propose: Fixer
    tokens: TokenChanges = ()
    is_prose: bool = False


def fixer(
    name: str, *, tokens: TokenChanges = (), is_prose: bool = False
) -> Callable[[Fixer], Fixer]:
    def register(function: Fixer) -> Fixer:
        FIXERS[name] = RegisteredFixer(function, tokens, is_prose)
        return function

    return register


def list_edits(proposed: Proposal) -> Change:
    return (proposed,) if isinstance(proposed, FixEdit) else tuple(proposed or ())


def rewrite_matches(
    site: FixSite,
    pattern: str,
    new: str | Callable[[re.Match[str]], str],
    *,
    rows: range = range(1),
    whole: str = "",
    at_column: bool = False,
    is_prose: bool = False,
) -> Iterator[FixEdit]:
    """Replace the matches of a pattern in the code of added lines.

    The lines in `rows`, relative to the finding, are searched as one text. The text ends before the
    first line below the finding that the patch does not add. Lines above the finding that the patch
    does not add count as empty. Unless `is_prose` is set, strings are masked, and matches in
    comments do not count.

    `new` is a format string for the groups, or a function that returns the new text. The whole text
    must match `whole`. If `at_column` is set, only the match at the finding's column is replaced.
    """
    numbers = takewhile(
        lambda number: number <= site.number or site.find_added_line(number),
        (site.number + row for row in rows),
    )
    lines = [site.find_added_line(number) for number in numbers]
    raw = "\n".join(line.raw if line else "" for line in lines)
    text = "\n".join(line.text[: len(line.raw)] if line else "" for line in lines)
    text = raw if is_prose else text
    fixed, end_of_last = "", 0
    for match in re.finditer(pattern, text, re.M) if re.search(whole, text) else ():
        start, end = match.span()
        is_here = not at_column or start <= site.column < max(end, start + 1)
        if is_here and NOTE not in match[0]:
            groups = (raw[slice(*match.span(group))] for group in range(match.re.groups + 1))
            template = new if isinstance(new, str) else new(match)
            fixed += raw[end_of_last:start] + template.format(*groups)
            end_of_last = end
    yield from replace_lines(
        site.number + rows.start,
        raw.split("\n"),
        (fixed + raw[end_of_last:]).split("\n"),
    )


def replace_lines(first: int, old: list[str], new: list[str]) -> Iterator[FixEdit]:
    """Yield edits that replace the `old` lines, which start at line `first`, with `new` ones."""
    if len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True), first):
            if before != after:
                yield make_replacement(number, after)
        return
    start, end, last = find_changed_part(old, new)
    yield make_replacement(first + start, *new[start:last], count=end - start)


def find_changed_part(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int, int]:
    """Return where two sequences start to differ, and the end of the difference in each."""
    start = sum(takewhile(bool, map(eq, old, new)))
    common_end = sum(takewhile(bool, map(eq, old[start:][::-1], new[start:][::-1])))
    return start, len(old) - common_end, len(new) - common_end


def make_replacement(number: int, *raws: str, count: int = 1) -> FixEdit:
    """Return an edit that replaces `count` lines; the new ones have one character per byte."""
    return FixEdit(number, count, tuple(map(from_byte_text, raws)))


def leading_whitespace(raw: str) -> str:
    """Return the leading whitespace of a line, without its sign."""
    return re.split(r"[^ \t]", raw[1:], maxsplit=1)[0]


def make_whitespace(end: int, start: int = 0, *, tab_size: int) -> str:
    """Return whitespace from one column to another, using as many tabs as possible."""
    tabs = end // tab_size - start // tab_size
    return "\t" * tabs + " " * (end % tab_size if tabs else end - start)


def count_open_brackets(code: str) -> int:
    return sum((char in "([{") - (char in ")]}") for char in code)


def strip_sign(line: ScannedLine | None) -> str:
    """Return the code of a line without its sign.

    Return "" if the line has a comment, is a directive, or ends with a backslash.
    """
    code = line.raw[1:].rstrip(" \t") if line and NOTE not in line.text else ""
    return "" if code.endswith("\\") or code.lstrip().startswith("#") else code


def import_fixers() -> dict[str, RegisteredFixer]:
    import pkgutil

    from patchpilot.lint.fixing import fixers

    for module in pkgutil.iter_modules(fixers.__path__, f"{fixers.__name__}."):
        importlib.import_module(module.name)
    return FIXERS
