# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for the layout of added C code: line breaks, alignment, and order of #include lines."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import NewHunk, NewLine, added_lines, c_hunks
from patchpilot.lint.pack_patterns import compiled
from patchpilot.model.file_diff import DiffLine, Hunk

_OPEN_ENDED = re.compile(r"^\t+(?!#)[^\s].*[(,]$")
_WORDS_OF_STATEMENT = re.compile(r"^\t+(?:return |[\w>.\-\[\]*]+ = |\w+\()")


@detector("needless-line-break", columns=int, spaced=bool)
def needless_line_break(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a statement that is split over two added lines but fits on one line of `columns`."""

    for hunk, at, line in added_lines(context):
        code = line.code.rstrip()
        if (
            at + 1 == len(hunk.lines)
            or not _OPEN_ENDED.match(code)
            or not _WORDS_OF_STATEMENT.match(code)
        ):
            continue
        below = hunk.lines[at + 1]
        if (
            not below.added
            or not below.code.rstrip().endswith(");")
            or line.comment
            or "//" in line.text
        ):
            continue
        # a line that is only aligned anew was there before
        if any(
            one.kind == "-" and one.text.strip() == below.text.strip()
            for one in hunk.hunk.lines
        ):
            continue
        opened = code.count("(") - code.count(")")
        if opened < 1 or opened != below.code.count(")") - below.code.count("("):
            continue
        joined = f"{line.text.rstrip()}{'' if code.endswith('(') else ' '}{below.text.strip()}".expandtabs(  # noqa: E501
            8
        )
        if len(joined) <= arguments["columns"]:
            yield hit_on(line.patch_line, length=len(joined))


_PLAIN_CALL = re.compile(r"^\t+(?:[*\w>.\-\[\]]+\s*=\s*)?\w+\s*\(")
"""What checkpatch.pl looks at itself, also where the line below is not added."""


@detector(
    "stale-alignment",
)
def stale_alignment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports an unchanged line that was aligned with a parenthesis that the patch moves."""
    for change in context.patch.files:
        if (change.new_path or "").endswith((".c", ".h")):
            for hunk in change.hunks:
                yield from _left_behind(hunk)


def _left_behind(hunk: Hunk) -> Iterator[Hit]:
    for at, (line, below) in enumerate(zip(hunk.lines, hunk.lines[1:], strict=False)):
        if (
            line.kind != "+"
            or below.kind != " "
            or "(" not in line.text
            or _PLAIN_CALL.match(line.text)
        ):
            continue
        before = _replaced(hunk.lines, at)
        was, now = (
            (_open_column(before.text) if before else None),
            _open_column(line.text),
        )
        if (
            was is not None
            and now is not None
            and was != now
            and _indent(below.text) == was + 1
        ):
            yield Hit(below.patch_line, values={"column": now + 1})


def _replaced(lines: Sequence[DiffLine], at: int) -> DiffLine | None:
    """Returns the removed line that the last of a run of added lines replaces."""
    while at >= 0 and lines[at].kind == "+":
        at -= 1
    return lines[at] if at >= 0 and lines[at].kind == "-" else None


def _open_column(text: str) -> int | None:
    """Returns the column of the innermost parenthesis that a line leaves open."""
    opened = []
    for at, sign in enumerate(text.expandtabs(8)):
        if sign == "(":
            opened.append(at)
        elif sign == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _indent(text: str) -> int:
    expanded = text.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


_INCLUDE = re.compile(r"^#include <linux/(?P<name>[\w/.-]+)\.h>")


@detector("unsorted-headers", paths_pattern=str)
def unsorted_headers(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports the first new #include that breaks the alphabetical order of its block.

    Only new files, and blocks that were sorted before the patch, are checked.
    """
    paths = compiled(arguments["paths_pattern"])
    for hunk in c_hunks(context, (".c",)):
        if paths.search(hunk.change.path) and (found := _out_of_order(hunk)):
            line, name, above = found
            yield hit_on(
                line.patch_line, header=f"linux/{name}.h", above=f"linux/{above}.h"
            )


def _out_of_order(hunk: NewHunk) -> tuple[NewLine, str, str] | None:
    """Returns the first added line that is out of order, with its header and the one above it."""
    kept = [
        match["name"]
        for line in hunk.lines
        if not line.added and (match := _INCLUDE.match(line.text))
    ]
    if not hunk.is_new and (len(kept) < 2 or kept != sorted(kept)):
        return None
    above, was_added = "", False
    for line in hunk.lines:
        match = _INCLUDE.match(line.text)
        if not match:
            above = ""
            continue
        name = match["name"]
        # with and without the suffix: some put clk.h before clk-provider.h
        if (
            above
            and name < above
            and f"{name}.h" < f"{above}.h"
            and (line.added or was_added)
        ):
            return line, name, above
        above, was_added = name, line.added
    return None


@detector("missing-blank-line", paths_pattern=str, spaced=bool)
def missing_blank_line(context: Context, arguments: Arguments) -> Iterator[Hit]:
    """Reports a missing blank line before `return 0;` and after an error check.

    Only the outermost level of a function is checked.
    """
    paths = compiled(arguments["paths_pattern"])

    for hunk, at, line in added_lines(context, (".c",)):
        if "return" not in line.code or at < 2 or not paths.search(hunk.change.path):
            continue
        lines = hunk.lines
        if re.match(r"^\treturn 0;$", line.code):
            above = lines[at - 1].code
            if re.match(r"^\t[^\s}].*;$", above) and not lines[at - 2].code.startswith(
                "{"
            ):
                yield hit_on(line.patch_line, side="before the return")
        elif (
            re.match(r"^\t\treturn [\w-]+;$", line.code)
            and re.match(r"^\tif \(.*\)$", lines[at - 1].code)
            and at + 1 < len(lines)
        ):
            below = lines[at + 1]
            if below.added and re.match(
                r"^\t(?!if\b|else\b|return\b|\w+:)[^\s}#]", below.text
            ):
                yield hit_on(below.patch_line, side="after the error check")
