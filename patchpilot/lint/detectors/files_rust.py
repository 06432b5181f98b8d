# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for Rust code."""

from collections.abc import Iterator, Sequence

from patchpilot.lint.detector import Arguments, Hit, detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.model.file_diff import DiffLine

_UNSAFE = lazy(r"^(?!\s*(?://|#)).*\bunsafe\s*(?:\{|impl\b)")
_PART_OF_STATEMENT = lazy(r"[^;{}]\s*$")
_MOST_ABOVE = 30


@detector("unsafe-without-comment")
def unsafe_without_comment(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report unsafe blocks and impls without a SAFETY comment next to them."""
    for change in context.patch.files:
        if not (change.new_path or "").endswith(".rs"):
            continue
        for hunk in change.hunks:
            lines = [line for line in hunk.lines if line.kind in "+ "]
            for at, line in enumerate(lines):
                if (
                    line.kind == "+"
                    and _UNSAFE.match(line.text)
                    and not _is_explained(lines, at)
                ):
                    yield Hit(line.patch_line)


def _is_explained(lines: Sequence[DiffLine], at: int) -> bool:
    """Return whether a SAFETY comment is on the line, below it, or above its statement."""
    if any("SAFETY" in line.text for line in lines[at : at + 2]):
        return True
    for line in reversed(lines[max(0, at - _MOST_ABOVE) : at]):
        text = line.text.strip()
        if "SAFETY" in text:
            return True
        is_comment = text.startswith(("//", "#["))
        if not text or not (is_comment or _PART_OF_STATEMENT.search(text)):
            return False
    # the hunk does not show the lines above
    return at <= _MOST_ABOVE
