# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for reStructuredText documents."""

from collections.abc import Iterator
from unicodedata import east_asian_width

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.file_diff import Hunk

_UNDERLINE = lazy(r"^([=\-~^\"'`#*+.:])\1{2,}\s*$")


@detector("short-underline")
def short_underline(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report an added underline that is shorter than its heading."""
    for change in context.patch.files:
        if (change.new_path or "").endswith(".rst"):
            for hunk in change.hunks:
                yield from _short(hunk)


def _short(hunk: Hunk) -> Iterator[Hit]:
    lines = [line for line in hunk.lines if line.kind in "+ "]
    for at, line in enumerate(lines[1:], 1):
        above = lines[at - 1].text.rstrip()
        if line.kind != "+" or not above or above[0].isspace():
            continue
        # the third line of a table or transition follows a blank line or another rule
        starts = at < 2 or not lines[at - 2].text.strip()
        overline = at >= 2 and _UNDERLINE.match(lines[at - 2].text)
        if (
            (starts or overline)
            and _UNDERLINE.match(line.text)
            and not _UNDERLINE.match(above)
            and len(line.text.rstrip()) < _width(above)
        ):
            yield Hit(line.patch_line)


def _width(text: str) -> int:
    """Return the width of a text in columns; wide characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
