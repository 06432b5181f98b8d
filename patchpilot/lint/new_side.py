# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide the new side of a patch's C code, with comments and strings masked.

Each line records whether the patch adds it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.lint.c.line_scan import from_byte_text, scan_patch
from patchpilot.lint.detector import Hit, Hits
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.model.c_scanner import COMMENT
from patchpilot.model.patch import FileChange, Hunk

_LONGEST = 4096
_MASKED = lazy_pattern(r"([\"'])([X\t]*)\1")
_INSIDE_COMMENT = lazy_pattern(rf".\t*{COMMENT}")
_OPENS_COMMENT = lazy_pattern(r".\s*/[/*]")

_OPENS_FUNCTION = lazy_pattern(r"^\w.*\)\s*\{\s*$")
_BARE = ("", "{", "}")


class NewLine(NamedTuple):
    """A line of the new side: `text` as written, and `code` with comments masked and strings
    emptied.

    `comment` is true if the line is inside a comment.
    """

    text: str
    code: str
    added: bool
    comment: bool
    patch_line: int

    @property
    def indent(self) -> int:
        expanded = self.text.expandtabs(8)
        return len(expanded) - len(expanded.lstrip())


class NewHunk(NamedTuple):
    change: FileChange
    hunk: Hunk
    lines: tuple[NewLine, ...]

    @property
    def is_new(self) -> bool:
        return self.change.old_path is None


@cached_per_patch
def find_c_hunks(context: Context, suffixes: tuple[str, ...] = (".c", ".h")) -> tuple[NewHunk, ...]:
    """Return the new side of each hunk in C files, or in files with these suffixes."""
    return tuple(
        NewHunk(change, hunk, tuple(_read_new_lines(context, hunk)))
        for change in context.patch.files
        if (change.new_path or "").endswith(suffixes)
        for hunk in change.hunks
    )


@cached_per_patch
def find_added_lines(
    context: Context, suffixes: tuple[str, ...] = (".c", ".h")
) -> tuple[tuple[NewHunk, int, NewLine], ...]:
    """Return (hunk, index in the hunk, line) for each added line in files with these suffixes."""
    return tuple(
        (hunk, index, line)
        for hunk in find_c_hunks(context, suffixes)
        for index, line in enumerate(hunk.lines)
        if line.added
    )


MOST_BLANK = 20
"""Maximum number of lines without code between two related lines. Longer searches from each line
would take quadratic time.
"""
MOST_ABOVE = 400
"""Maximum distance of a line from the start of its function or initializer, for the same reason."""


_KINDS = (
    r"(?:const |static |volatile |unsigned |signed |__le\d+|__be\d+|struct \w+|enum \w+|union \w+"
    r"|int|long|short|char|bool|void|s?size_t|[us]\d+|u?int\d+_t|gfp_t|dma_addr_t|phys_addr_t"
    r"|irqreturn_t|ktime_t|loff_t|pgoff_t|\w+_t|float|double)"
)
DECLARATION = (
    rf"^\t+(?!return\b|goto\b|else\b|case\b){_KINDS}[\w\s]*?(?:\s|\*)\**\w+(?:\[[^\]]*\])*"
    r"(?:\s*=[^=].*|\s*,.*)?;\s*$"
)
"""The pattern of a line of code that declares local variables."""
_DECLARATION = compile_lazily(DECLARATION)


def is_declaration(code: str) -> bool:
    return _DECLARATION.match(code) is not None


def find_next_code_line(lines: Sequence[NewLine], index: int) -> NewLine | None:
    """Return the nearest line of code after `index`, or None."""
    following = lines[index + 1 : index + 2 + MOST_BLANK]
    return next((line for line in following if line.code.strip()), None)


def find_previous_code_line(lines: Sequence[NewLine], index: int) -> NewLine | None:
    """Return the nearest line of code before `index`, or None."""
    preceding = lines[max(0, index - 1 - MOST_BLANK) : index]
    return next((line for line in reversed(preceding) if line.code.strip()), None)


def walk_lines_above(lines: Sequence[NewLine], index: int) -> Iterator[NewLine]:
    """Yield the lines before `index`, nearest first, up to the maximum length of a function."""
    return reversed(lines[max(0, index - MOST_ABOVE) : index])


def find_function_head(hunk: NewHunk, index: int) -> str:
    """Return the first line of the function that contains a line, from the hunk or its header."""
    for line in walk_lines_above(hunk.lines, index):
        code = line.code
        if code[:1].isalpha() and "(" in code and not code.rstrip().endswith(":"):
            return code
    return hunk.hunk.section


def flag_lines_in_functions(context: Context, hunk: NewHunk) -> Sequence[bool]:
    """Return for each line of the hunk whether it is in a function body.

    In a function body, the nearest line above that starts at column 0 is an opening brace or ends
    with one.
    """
    # compute this once per hunk, because searching backwards from each line would take quadratic
    # time
    key = f"newlines.in_functions.{hunk.hunk.patch_line}"
    inside_flags: list[bool] | None = context.shared.get(key)
    if inside_flags is None:
        inside_flags = context.shared[key] = []
        inside = bool(hunk.hunk.section) and "(" in hunk.hunk.section
        for line in hunk.lines:
            inside_flags.append(inside)
            if line.text[:1] not in ("", " ", "\t", "#"):
                inside = line.text.startswith("{") or _OPENS_FUNCTION.search(line.code) is not None
    return inside_flags


STRETCH = 10
"""Another finding of the same kind within this many lines is not reported.

Blank lines and braces on lines of their own do not count.
"""


def drop_close_hits(context: Context, hits: Iterable[Hit]) -> Hits:
    """Drop each hit that closely follows another."""
    last = -STRETCH
    for hit in hits:
        position = _count_filled_lines(context)[hit.patch_line] if hit.patch_line else None
        if position is None or position - last >= STRETCH:
            last = last if position is None else position
            yield hit


@cached_per_patch
def _count_filled_lines(context: Context) -> Sequence[int]:
    """Return for each patch line the number of lines before it that contain more than a brace."""
    return [
        0,
        *accumulate(line[1:].strip() not in _BARE for line in context.patch.lines),
    ]


def _read_new_lines(context: Context, hunk: Hunk) -> Iterator[NewLine]:
    scanned = scan_patch(context).lines
    for line in hunk.lines:
        if line.kind not in ("+", " "):
            continue
        masked = scanned[line.patch_line - 1]
        code = _MASKED.sub(
            lambda found: found[1] + " " * len(found[2]) + found[1],
            from_byte_text(masked.code[1:_LONGEST]),
        )
        inside = _INSIDE_COMMENT.match(masked.text) is not None
        is_opened = _OPENS_COMMENT.match(masked.raw) is not None
        yield NewLine(
            line.text[:_LONGEST],
            code,
            line.kind == "+",
            inside and not is_opened,
            line.patch_line,
        )
