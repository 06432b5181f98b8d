# SPDX-License-Identifier: GPL-2.0-or-later
"""Truncate patches that are too long to check completely."""

from itertools import accumulate

from patchpilot.model.diff_parser import HUNK
from patchpilot.model.limits import MAX_CHECKED, MAX_CHECKED_LINES
from patchpilot.model.patch import Patch, Series


def shorten_series(series: Series) -> Series:
    """Truncate each patch of a series; return the series unchanged if none is too long."""
    patches = tuple(map(shorten_patch, series.patches))
    cover = shorten_patch(series.cover) if series.cover else None
    if cover is series.cover and all(
        patch is other for patch, other in zip(patches, series.patches, strict=True)
    ):
        return series
    return series._replace(patches=patches, cover=cover)


def shorten_patch(patch: Patch) -> Patch:
    """Truncate a patch to the limit for checks, and record its full length in `cut`.

    A shorter patch is returned unchanged. The last hunk remains well-formed.
    """
    end = _end(patch.lines)
    if end >= len(patch.lines):
        return patch
    lines = list(patch.lines[:end])
    if end >= patch.diff_line:
        lines = _whole_hunks(lines, patch.diff_line)
    keep = max(0, min(len(patch.message), end + 1 - patch.message_line))
    return patch._replace(
        lines=tuple(lines),
        message=patch.message[:keep],
        notes=patch.notes[: max(0, end + 1 - patch.notes_line)],
        diff_line=min(patch.diff_line, len(lines) + 1),
        cut=len(patch.lines),
    )


def _end(lines: tuple[str, ...]) -> int:
    if len(lines) <= MAX_CHECKED_LINES and sum(map(len, lines)) <= MAX_CHECKED:
        return len(lines)
    within = sum(
        1
        for size in accumulate(map(len, lines[:MAX_CHECKED_LINES]))
        if size <= MAX_CHECKED
    )
    return max(1, within)


def _whole_hunks(lines: list[str], diff_line: int) -> list[str]:
    """Correct the counts in the last hunk's header.

    Drop a file that has only its header left.
    """
    for at in range(len(lines) - 1, diff_line - 2, -1):
        if lines[at].startswith("diff --git "):
            return lines[:at]
        if match := HUNK.match(lines[at]):
            body = lines[at + 1 :]
            if not body:
                lines = lines[:at]
                continue
            new = sum(1 for line in body if line[:1] in ("+", " ", ""))
            old = sum(1 for line in body if line[:1] in ("-", " ", ""))
            lines[at] = f"@@ -{match[1]},{old} +{match[3]},{new} @@{match[5]}"
            return lines
    return lines
