# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for whitespace, line length and other properties of added lines in any file."""

import re

from patchpilot.lint.c.c_patterns import LOG_FUNCTIONS, STRING
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, as_text, expand, scan
from patchpilot.lint.c.mask_comments import COMMENT
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

SOURCES = frozenset(["h", "c", "rs", "s", "S", "sh", "dtsi", "dts"])
_URL = lazy(r"^\+.*\b[a-z][\w.+\-]*://\S+", re.IGNORECASE)
_LOG_STRING = lazy(
    rf'^\+\s*(?:{LOG_FUNCTIONS})\s*\(\s*(?:KERN_\S+\s*|[^"]*)?({STRING}\s*(?:|,|\)\s*;)\s*)$'
)
_ONLY_STRING = lazy(
    rf"^\+\s*{STRING}\s*(?:\s*|,|\)\s*;)\s*$|^\+\s*#\s*define\s+\w+\s+{STRING}$"
)
_LONG_BY_NATURE = lazy(r"^\+.*\bEFI_GUID\s*\(|^\+\s*+(?:\w+\s*)?DEFINE_PER_CPU")
_SPACE = " \t\n\r\f\v"
_STRING_TAIL = lazy(rf"({STRING}(?:\s*(?:\\|,\s*|\)\s*;\s*))?)$")


_ROW = lazy(
    r"\s*(?:\[[^\]]+\]\s*=\s*)?(?:\{.*\}|[A-Z][A-Z0-9_]+\(.*\)),(?:\s*/\*.*\*/)?\s*$"
)
_WHOLE_NAMES = (6, 17)


@typed_detector(
    "checkpatch-text",
)
def text(context: Context) -> TypedHits:
    """Yield the hits, with their types, about whitespace, line length and similar properties."""
    lines = scan(context)
    limit = context.options.max_line_length
    for line in lines.lines:
        if not line.left or line.sign == "-" or line.starts_file or line.starts_hunk:
            continue
        raw = line.raw
        if (
            line.file in raw
            and line.sign == "+"
            and ("/" in line.file or context.options.matches_script)
            and (context.options.kernel < _WHOLE_NAMES or _names_whole(line))
        ):
            yield "EMBEDDED_FILENAME", Hit(line.number)
        if line.sign == "+" and line.suffix in SOURCES:
            yield from _source(lines, line, limit)


def _names_whole(line: ScannedLine) -> bool:
    """Return whether the name is a whole word, as newer kernels require."""
    return re.search(rf"\b{re.escape(line.file)}\b", line.raw, re.ASCII) is not None


def _character_beyond(text: str, limit: int) -> int:
    """Return the number of the first character that ends beyond this column.

    A tab ends at a multiple of 8.
    """
    width = 0
    for number, character in enumerate(text, 1):
        width = (width // 8 + 1) * 8 if character == "\t" else width + 1
        if width > limit:
            return number
    return len(text)


def _source(lines: LineScan, line: ScannedLine, limit: int) -> TypedHits:
    if line.length > limit and (kind := _too_long(line, limit)):
        case = (
            "row"
            if kind == "LONG_LINE" and _is_row_of_table(lines, line, limit)
            else ""
        )
        yield (
            kind,
            make_hit(
                line.number,
                case,
                _character_beyond(as_text(line.raw[1:]), limit),
                columns=line.length,
                limit=limit,
            ),
        )


def _is_row_of_table(lines: LineScan, line: ScannedLine, limit: int) -> bool:
    """Return whether the line is in a table of equally long rows, which wrapping would make
    harder to read.
    """
    if not _ROW.match(line.raw[1:]):
        return False
    near = (
        lines.lines[max(0, line.number - 1 - _ROWS) : line.number - 1]
        + lines.lines[line.number : line.number + _ROWS]
    )
    return any(
        len(expand(other.raw[1:])) > limit and _ROW.match(other.raw[1:])
        for other in near
    )


_ROWS = 6
"""Lines above and below in which another row is looked for."""


def _too_long(line: ScannedLine, limit: int) -> str | None:
    """Return the kind of a long line, or None if it may be long, such as a link or a string."""
    code = line.text

    def starts_within(tail: str) -> bool:
        return len(expand(code[1 : len(code) - len(tail)])) <= limit

    if '"' in code:
        found = _LOG_STRING.match(code)
        if found and starts_within(found[1]):
            return None
        if _ONLY_STRING.match(code):
            return None
    if _LONG_BY_NATURE.match(code) or ("://" in line.raw and _URL.match(line.raw)):
        return None
    if (
        comment := code.find(COMMENT, len(code.rstrip(f"{_SPACE}{COMMENT}")))
    ) >= 0 and starts_within(code[comment:]):
        return "LONG_LINE_COMMENT"
    if (found := _STRING_TAIL.search(line.code)) and starts_within(found[1]):
        return "LONG_LINE_STRING"
    return "LONG_LINE"
