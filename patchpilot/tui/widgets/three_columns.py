# SPDX-License-Identifier: GPL-2.0-or-later
"""Three versions of the same lines next to each other: the branch, the base and the fix of a conflict."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from textwrap import dedent

from rich.text import Text

from patchpilot.tui.glyphs import glyph
from patchpilot.tui.rich_text import ADDED, HUNK, QUIET, REMOVED, STRONG, fitted, plain

BETWEEN = "\t"
"""Between the cells of a row: a cell has no tab of its own, and what is copied has one."""
LINE = 3
"""Columns of the line between two cells."""
BRANCH = "yellow"
"""The style of what only the branch has."""
ROOM = 100
"""Columns below which three versions do not fit next to each other."""

Sides = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""The lines of the branch, of the base and of the fix."""


def three_columns(sides: Sides, columns: int) -> list[str]:
    """The rows of the three versions in so many columns, equal lines on the same row; each cell as wide as the others."""
    wide = _cell(columns)
    cells = [tuple(line.expandtabs(8) for line in side) for side in sides]
    indent = _indent([line for side in cells for line in side if line.strip()])
    branch, base, fix = ([line[indent:] for line in side] for side in cells)
    return [BETWEEN.join(fitted(line, wide) for line in row) for row in _aligned(branch, base, fix)]


def heading(titles: tuple[str, str, str], columns: int) -> str:
    """The row with the names of the three versions; it has a cell more in front, which is empty."""
    return BETWEEN.join(["", *(fitted(title, _cell(columns)) for title in titles)])


def styled(row: str) -> Text:
    """A row of `three_columns` in color, with signs: `-` before what the branch has otherwise or lacks, `+` before what the fix has instead.

    Other rows are headings.
    """
    cells = row.split(BETWEEN)
    if len(cells) < 3:
        return plain(row, HUNK if row.startswith("@@ ") else "")
    *title, branch, base, fix = cells
    lacks, adds = (bool(cell.strip()) and not title for cell in (base, fix))
    lacks, adds = lacks and branch != base, adds and fix != base
    own = BRANCH if branch != base else ""
    styles = (STRONG,) * 3 if title else (own, REMOVED if lacks else QUIET, ADDED if adds else "" if fix == base else QUIET)
    line = f" {glyph('tree-line').strip()}"
    left, middle, right = (plain(cell, style) for cell, style in zip((branch, base, fix), styles, strict=True))
    return Text.assemble(left, (line, QUIET), ("-" if lacks else " ", REMOVED), middle, (line, QUIET), ("+" if adds else " ", ADDED), right)


def _cell(columns: int) -> int:
    return max(1, (columns - 2 * LINE) // 3)


def _indent(lines: Sequence[str]) -> int:
    """The columns of space that all lines start with."""
    joined = "\n".join(lines)
    return len(lines[0]) - len(dedent(joined).split("\n", 1)[0]) if lines else 0


def _aligned(branch: Sequence[str], base: Sequence[str], fix: Sequence[str]) -> list[tuple[str, str, str]]:
    """Rows of (branch, base, fix): a line of the base with what each side has in its place, "" where a side has nothing."""
    ours, theirs = _beside(base, branch), _beside(base, fix)
    rows: list[tuple[str, str, str]] = []
    for at in range(len(base) + 1):
        (before, mine), (above, its) = ours[at], theirs[at]
        rows += [(one, "", other) for one, other in zip_longest(before, above, fillvalue="")]
        if at < len(base):
            rows.append((mine, base[at], its))
    return rows


def _beside(base: Sequence[str], side: Sequence[str]) -> list[tuple[list[str], str]]:
    """For each line of the base the lines of a side that come before it, and the one in its place; one more entry for those at the end."""
    found: list[tuple[list[str], str]] = [([], "") for _ in range(len(base) + 1)]
    for _, low, high, start, end in SequenceMatcher(None, base, side, autojunk=False).get_opcodes():
        pairs = min(high - low, end - start)
        for step in range(pairs):
            found[low + step] = (found[low + step][0], side[start + step])
        found[low + pairs][0].extend(side[start + pairs : end])
    return found
