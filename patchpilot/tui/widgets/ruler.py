# SPDX-License-Identifier: GPL-2.0-or-later
"""The release ruler, which shows on a line of releases which of them have the bug."""

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from patchpilot.model.bug_range import NOWHERE, BugRange, ReleasePoint, ReleaseState
from patchpilot.model.printable import crop
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain

POINTS = {
    ReleaseState.CLEAN: "ruler-clean",
    ReleaseState.AFFECTED: "ruler-release",
    ReleaseState.ENTERS: "ruler-enter",
    ReleaseState.FIXED: "ruler-fixed",
    ReleaseState.FIX: "ruler-fix",
    ReleaseState.UNKNOWN: "unknown",
}
"""The glyph of each state."""
STYLES = {
    ReleaseState.CLEAN: "green",
    ReleaseState.AFFECTED: "red",
    ReleaseState.ENTERS: "bold red",
    ReleaseState.FIXED: "green",
    ReleaseState.FIX: "bold cyan",
    ReleaseState.UNKNOWN: "yellow",
}
WORDS = {ReleaseState.CLEAN: "no bug"}
"""The words of a state where they are not its own: of a branch, "clean" says that the fix applies."""  # noqa: E501
SHORT = {ReleaseState.ENTERS: "enters"}
"""A word for a state where its own has no room below a point."""
WITHOUT, BACKPORTED, WITH = "ruler-thin", "ruler-gap", "ruler"
"""The line where mainline does not have the bug, from a series that got it by a backport to where
it enters, and where mainline has it.
"""
WIDEST = 20
"""Columns between two points at most: a longer line says no more."""
LEFT = 2
WAITING = "looking for the releases that have the bug …"
"""Shown while nothing is known."""


def ruler_rows(bug: BugRange, columns: int) -> list[Text]:
    """Return the ruler in so many columns: versions, line, labels, and the notes.

    If the line does not fit, the releases are listed instead.
    """
    if not bug.points:
        return [plain(" " * LEFT + WAITING, "dim")]
    wide = min(
        WIDEST,
        (columns - LEFT - len(ReleaseState.FIX) - 3) // max(1, len(bug.points) - 1),
    )
    if wide < max(len(point.version) for point in bug.points) + 1:
        return [*_listed(bug, columns), *_noted(bug, columns)]
    words, end = _words(bug.points, wide)
    notes = _noted(bug, columns)
    if len(notes) == 1 and end + 3 + len(notes[0]) <= columns:
        words.append(Text("   ") + notes.pop())
    return [_versions(bug.points, wide), _line(bug.points, wide), words, *notes]


def _noted(bug: BugRange, columns: int) -> list[Text]:
    return [
        plain(" " * LEFT + crop(note, columns - LEFT), "italic") for note in bug.notes
    ]


def _versions(points: tuple[ReleasePoint, ...], wide: int) -> Text:
    row = Text(" " * LEFT, no_wrap=True)
    for point in points:
        row.append(
            plain(
                point.version.ljust(wide),
                "bold"
                if point.state in (ReleaseState.ENTERS, ReleaseState.FIX)
                else "",
            )
        )
    return row


def _line(points: tuple[ReleasePoint, ...], wide: int) -> Text:
    row = Text(" " * (LEFT + 1), no_wrap=True)
    has_entry = any(point.state is ReleaseState.ENTERS for point in points)
    entered = fixed = False
    for point in points:
        mark = glyph(POINTS[point.state])
        if point is points[-1]:
            row.append(
                f"{mark} {point.state}" if point.state is ReleaseState.FIX else mark,
                style=STYLES[point.state],
            )
            break
        row.append(mark, style=STYLES[point.state])
        fixed = fixed or point.state is ReleaseState.FIX
        entered = (entered or point.state is ReleaseState.ENTERS) and not fixed
        backported = (
            has_entry
            and not entered
            and not fixed
            and point.state in (ReleaseState.AFFECTED, ReleaseState.FIXED)
        )
        between = WITH if entered else BACKPORTED if backported else WITHOUT
        row.append(
            glyph(between) * (wide - 1), style="dim" if between == WITHOUT else "red"
        )
    return row


def _words(points: tuple[ReleasePoint, ...], wide: int) -> tuple[Text, int]:
    """Return the state of each point below it, as far as there is room; and the column
    where they end.
    """
    row, end = Text(no_wrap=True), 0
    for at, point in enumerate(points):
        start = LEFT + at * wide
        is_said = point.state is ReleaseState.FIX and point is points[-1]
        if not is_said and start >= end:
            word = _word(point.state)
            word = word if len(word) < wide else SHORT.get(point.state, word)
            row.append(" " * (start - end))
            row.append(f"{word} ", style=STYLES[point.state])
            end = start + len(word) + 1
    return row, end


def _word(state: ReleaseState) -> str:
    return WORDS.get(state, str(state))


def _listed(bug: BugRange, columns: int) -> list[Text]:
    rows = [Text(no_wrap=True)]
    for point in bug.points:
        part = plain(
            f"{glyph(POINTS[point.state])} {point.version} {_word(point.state)}".replace(
                "  ", " "
            ),
            STYLES[point.state],
        )
        if rows[-1] and len(rows[-1]) + 2 + len(part) > columns:
            rows.append(Text(no_wrap=True))
        rows[-1].append(Text("  " if rows[-1] else "") + part)
    return rows


class ReleaseRuler(Widget):
    """The ruler of one bug, with automatic height; empty until `show` is called."""

    DEFAULT_CSS = "ReleaseRuler { height: auto; }"

    def __init__(self, *, ident: str) -> None:
        super().__init__(id=ident)
        self._bug = NOWHERE

    def show(self, bug: BugRange) -> None:
        if bug != self._bug:
            self._bug = bug
            self.refresh(layout=True)

    def get_content_height(self, _: Size, __: Size, width: int) -> int:
        """As many lines as the ruler has at this width."""
        return len(ruler_rows(self._bug, width))

    def render(self) -> Text:
        return Text("\n").join(ruler_rows(self._bug, self.size.width))
