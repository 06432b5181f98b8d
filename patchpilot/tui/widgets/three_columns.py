# SPDX-License-Identifier: GPL-2.0-or-later
"""The versions of a conflict next to each other: branch, base and fix.

The lines are numbered; the first and the last version have syntax highlighting.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from textwrap import dedent
from typing import NamedTuple

from rich.text import Text

from patchpilot.model.printable import width
from patchpilot.tui.view.rich_text import HUNK, STRONG, fitted, plain
from patchpilot.tui.widgets.diff_code import Span, changed_words, syntax
from patchpilot.tui.widgets.diff_colors import DiffColors

BRANCH, BASE, FIX = 0, 1, 2
"""The versions of a conflict, in their order."""
TITLES = ("branch", "base (before the fix)", "fix")
BETWEEN = " "
"""Between two versions: a line there would cost bytes in every row, and the numbers show where a
version starts.
"""
GUTTER = 6
"""Columns before the code of a version: the number of the line, its sign, a space."""
SIGNS = ("<", "-", "+")
"""Of a version's lines: what only the branch has, what the branch has otherwise or lacks, what the
fix has instead.
"""
GROUNDS = ("panel", "removed", "added")


class Version(NamedTuple):
    """One version of the lines, with the number of its first line in the file (0: unknown)."""

    lines: Sequence[str]
    first: int = 0


class Cell(NamedTuple):
    """A line of a version.

    It has its number (0: unknown), whether it differs from the other versions, its code, and the
    spans of its syntax and of its changed words.
    """

    number: int
    differs: bool
    code: str
    spans: Sequence[Span] = ()
    words: Sequence[tuple[int, int]] = ()


Versions = tuple[Version, Version, Version]
Cells = tuple[Cell | None, Cell | None, Cell | None]
"""A row: a line of the branch, of the base and of the fix, None where a version has nothing there."""  # noqa: E501


class Conflicts:
    """Conflicts as rows of text in so many columns, with the style of each row.

    Each conflict is given as (path, title, versions); only the `shown` versions are included.
    """

    def __init__(
        self,
        conflicts: Sequence[tuple[str, str, Versions]],
        shown: Sequence[int],
        columns: int,
    ) -> None:
        pieces = [
            (title, aligned(path, versions)) for path, title, versions in conflicts
        ]
        every = [cells for _, piece in pieces for cells in piece]
        needs = {
            version: max(
                (
                    GUTTER + width(cell.code)
                    for cells in every
                    if (cell := cells[version])
                ),
                default=0,
            )
            for version in shown
        }
        self._shown, self._wide = shown, shares(needs, columns - len(shown) + 1)
        self._cells: dict[str, Cells] = {}
        self._titles = [
            fitted(f"{'':{GUTTER}}{TITLES[version]}", self._wide[version])
            for version in shown
        ]
        self._heading = BETWEEN.join(self._titles)
        self.rows: list[str] = []
        for title, piece in pieces:
            self.rows += [*([""] if self.rows else []), f"@@ {title} @@", self._heading]
            for cells in piece:
                row = BETWEEN.join(
                    self._text(version, cells[version]) for version in shown
                )
                if any(cells[version] for version in shown):
                    self._cells[row] = cells
                    self.rows.append(row)

    def look(self, row: str, colors: DiffColors) -> Text | None:
        """A row in these colors; None if it is none of a conflict."""
        space = Text(BETWEEN)
        if row == self._heading:
            return space.join(plain(title, STRONG) for title in self._titles)
        if row not in self._cells:
            return plain(row, HUNK) if row.startswith("@@ ") else None
        cells = self._cells[row]
        return space.join(
            self._drawn(version, cells[version], colors) for version in self._shown
        )

    def _text(self, version: int, cell: Cell | None) -> str:
        if cell is None:
            return " " * self._wide[version]
        return (
            f"{cell.number or '':>4}{SIGNS[version] if cell.differs else ' '}"
            f" {fitted(cell.code, self._wide[version] - GUTTER)}"
        )

    def _drawn(self, version: int, cell: Cell | None, colors: DiffColors) -> Text:
        text = Text(self._text(version, cell), end="")
        if cell is None:
            return text
        ground = GROUNDS[version] if cell.differs else ""
        # few changes of color: each costs bytes on a slow line
        if version == BASE:
            text.stylize(colors.style("" if ground else "quiet", ground))
        else:
            text.stylize(colors.style("", ground), GUTTER - 2)
            for start, end, role in cell.spans:
                text.stylize(colors.style(role, ground), GUTTER + start, GUTTER + end)
        for start, end in cell.words:
            text.stylize(
                colors.style("", f"{ground}-word"), GUTTER + start, GUTTER + end
            )
        return text


def shares(needs: Mapping[int, int], columns: int) -> dict[int, int]:
    """Return the width of each version in columns.

    All have equal widths, unless one version needs more and others need less.
    """
    equal, found = max(GUTTER + 1, columns // len(needs)), dict[int, int]()
    if max(needs.values()) <= equal:
        return dict.fromkeys(needs, equal)
    spare = max(0, columns - sum(needs.values())) // len(needs)
    for left, version in zip(
        range(len(needs), 0, -1),
        sorted(needs, key=lambda version: needs[version]),
        strict=True,
    ):
        share = (columns - sum(found.values())) // left
        found[version] = max(
            GUTTER + 1, share if left == 1 else min(share, needs[version] + spare)
        )
    return found


class OneColumn(Conflicts):
    """Conflicts in one column, in which lines common to all versions appear once.

    For a change, the lines of the branch come first, then the lines of the base, then the lines
    of the fix.
    """

    def __init__(
        self, conflicts: Sequence[tuple[str, str, Versions]], columns: int
    ) -> None:
        super().__init__((), (BASE,), columns)
        self._wide = dict.fromkeys((BRANCH, BASE, FIX), columns)
        self._heading = plain(
            " ".join(
                f"{sign} {title}  " for sign, title in zip(SIGNS, TITLES, strict=True)
            ).rstrip()
        ).plain
        self._titles = [self._heading]
        self._lines: dict[str, tuple[int, Cell]] = {}
        for path, title, versions in conflicts:
            self.rows += [*([""] if self.rows else []), f"@@ {title} @@", self._heading]
            for version, cell in _in_turn(aligned(path, versions)):
                row = self._text(version, cell)
                self._lines[row] = version, cell
                self.rows.append(row)

    def look(self, row: str, colors: DiffColors) -> Text | None:
        """A row in these colors; None if it is none of a conflict."""
        return (
            self._drawn(*self._lines[row], colors)
            if row in self._lines
            else super().look(row, colors)
        )


def _in_turn(rows: Sequence[Cells]) -> Iterator[tuple[int, Cell]]:
    """The lines of the versions in one column: equal ones once, with the number that they have on
    the branch.
    """
    for differs, run in groupby(
        rows, lambda cells: any(cell.differs for cell in cells if cell)
    ):
        changed = list(run)
        for version in (BRANCH, BASE, FIX) if differs else (BRANCH,):
            for cell in (cells[version] for cells in changed):
                if cell and (cell.differs or version == BASE or not differs):
                    yield version, cell._replace(differs=differs)


def aligned(path: str, versions: Versions) -> list[Cells]:
    """Return the rows of the three versions of a part of a file, with equal lines aligned.

    The indentation that all lines share is removed.
    """
    texts = [[plain(line).plain for line in version.lines] for version in versions]
    indent = _indent([line for text in texts for line in text if line.strip()])
    spans = [syntax(path, text) for text in texts]
    codes = [[line[indent:] for line in text] for text in texts]
    rows = _paired(*codes)

    def cell(
        version: int,
        at: int | None,
        *,
        differs: bool,
        words: Sequence[tuple[int, int]] = (),
    ) -> Cell | None:
        if at is None:
            return None
        first = versions[version].first
        shifted = [
            (max(0, start - indent), end - indent, role)
            for start, end, role in spans[version][at]
            if end > indent
        ]
        return Cell(
            first + at if first else 0, differs, codes[version][at], shifted, words
        )

    found: list[Cells] = []
    for branch, base, fix in rows:
        mine, before, its = (
            None if at is None else codes[version][at]
            for version, at in enumerate((branch, base, fix))
        )
        old, new = (
            changed_words(before, its)
            if before is not None and its is not None and mine != before != its
            else ([], [])
        )
        found.append(
            (
                cell(BRANCH, branch, differs=mine != before),
                cell(BASE, base, differs=mine != before, words=old),
                cell(FIX, fix, differs=its != before, words=new),
            )
        )
    return found


def _indent(lines: Sequence[str]) -> int:
    """The columns of space that all lines start with."""
    joined = "\n".join(lines)
    return len(lines[0]) - len(dedent(joined).split("\n", 1)[0]) if lines else 0


def _paired(
    branch: Sequence[str], base: Sequence[str], fix: Sequence[str]
) -> list[tuple[int | None, int | None, int | None]]:
    """Rows of line numbers from 0: a line of the base with what each side has in its place, None
    where a side has nothing.
    """
    ours, theirs = _beside(base, branch), _beside(base, fix)
    rows: list[tuple[int | None, int | None, int | None]] = []
    for at in range(len(base) + 1):
        (before, mine), (above, its) = ours[at], theirs[at]
        rows += [(one, None, other) for one, other in zip_longest(before, above)]
        if at < len(base):
            rows.append((mine, at, its))
    return rows


def _beside(
    base: Sequence[str], side: Sequence[str]
) -> Mapping[int, tuple[list[int], int | None]]:
    """For each line of the base the lines of a side that come before it, and the one in its place.

    One more entry for those at the end.
    """
    found: dict[int, tuple[list[int], int | None]] = {
        at: ([], None) for at in range(len(base) + 1)
    }
    for _, low, high, start, end in SequenceMatcher(
        None, base, side, autojunk=False
    ).get_opcodes():
        pairs = min(high - low, end - start)
        for step in range(pairs):
            found[low + step] = (found[low + step][0], start + step)
        found[low + pairs][0].extend(range(start + pairs, end))
    return found
