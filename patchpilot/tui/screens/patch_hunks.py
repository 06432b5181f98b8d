# SPDX-License-Identifier: GPL-2.0-or-later
"""Selects the hunks of a patch to show."""

from collections.abc import Sequence

from patchpilot.tui.widgets.pager import patch_stops


def first_hunk(rows: Sequence[str]) -> int:
    """Return the line of a patch's first hunk, or 0 if it has none."""
    return next((at for at in patch_stops(rows) if rows[at].startswith("@@ ")), 0)


def from_hunk(rows: Sequence[str], at: int) -> list[str]:
    """Return the patch from the hunk at line `at` on, with the header of its file."""
    file = (
        next(
            (
                line
                for line in range(at, -1, -1)
                if rows[line].startswith("diff --git ")
            ),
            at,
        )
        if rows
        else 0
    )
    header = next(
        (line for line in range(file, at) if rows[line].startswith("@@ ")), at
    )
    return [*rows[file:header], *rows[at:]]


def related_hunk(rows: Sequence[str], fix: Sequence[str]) -> int:
    """Return the first line to show of a candidate's patch.

    It starts the hunk that added most of the lines that the fix removes or has as context.
    """
    touched = {
        row[1:].strip() for row in fix if row[:1] in (" ", "-") and row[1:].strip()
    }
    hunks = [at for at in patch_stops(rows) if rows[at].startswith("@@ ")]
    ends = [*hunks[1:], len(rows)]
    shared = [
        sum(row[:1] == "+" and row[1:].strip() in touched for row in rows[at:end])
        for at, end in zip(hunks, ends, strict=False)
    ]
    return hunks[shared.index(max(shared))] if shared else 0
