# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the release ruler, a line of releases that shows which of them have the bug."""

from collections.abc import Sequence

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from patchpilot.model.bug_range import NOWHERE, BugRange, ReleasePoint, ReleaseState
from patchpilot.model.printable import crop_text
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain

LOOKS = {
    ReleaseState.CLEAN: ("ruler-clean", "green", "no bug"),
    ReleaseState.AFFECTED: ("ruler-release", "red", ""),
    ReleaseState.ENTERS: ("ruler-enter", "bold red", ""),
    ReleaseState.FIXED: ("ruler-fixed", "green", ""),
    ReleaseState.FIX: ("ruler-fix", "bold cyan", ""),
    ReleaseState.UNKNOWN: ("unknown", "yellow", ""),
}
"""Maps a state to its glyph, its style, and its words if they differ: for a branch, "clean" means
that the fix applies.
"""
SHORT = {ReleaseState.ENTERS: "enters"}
"""A shorter word for a state, used if its own does not fit below a point."""
WITHOUT, BACKPORTED, WITH = "ruler-thin", "ruler-gap", "ruler"
"""The line where mainline lacks the bug, from a series that got it by a backport to where it enters
mainline, and where mainline has it.
"""
WIDEST = 20
"""Maximum number of columns between two points; a longer line would not show more."""
LEFT = 2
WAITING = "looking for the releases that have the bug …"
"""Shown while nothing is known."""


def ruler_rows(bug: BugRange, columns: int) -> list[Text]:
    """Draw the ruler in this many columns: versions, line, labels and notes.

    If the line does not fit, list the releases instead.
    """
    if not bug.points:
        return [plain(" " * LEFT + WAITING, "dim")]
    points = bug.points
    room = columns - LEFT - len(ReleaseState.FIX) - 3
    wide = min(WIDEST, room // max(1, len(points) - 1))
    notes = [
        plain(" " * LEFT + crop_text(note, columns - LEFT), "italic")
        for note in bug.notes
    ]
    if wide < max(len(point.version) for point in points) + 1:
        return [*_listed(points, columns), *notes]
    words = _words(points, wide)
    if len(notes) == 1 and len(words) + 3 + len(notes[0]) <= columns:
        words.append(Text("   ") + notes.pop())
    return [*_line(points, wide), words, *notes]


def _line(points: Sequence[ReleasePoint], wide: int) -> tuple[Text, Text]:
    """Return the versions, and the line of points below them."""
    versions, row = Text(" " * LEFT, no_wrap=True), Text(" " * (LEFT + 1), no_wrap=True)
    states = [point.state for point in points]
    enters = states.index(ReleaseState.ENTERS) if ReleaseState.ENTERS in states else -1
    fixed = (
        states.index(ReleaseState.FIX) if ReleaseState.FIX in states else len(states)
    )
    for at, point in enumerate(points):
        name, style, _ = LOOKS[point.state]
        weight = "bold" if at in (enters, fixed) else ""
        versions.append(plain(point.version.ljust(wide), weight))
        is_last = at == len(points) - 1
        named = f" {point.state}" if is_last and at == fixed else ""
        row.append(glyph(name) + named, style)
        if not is_last:
            has_bug = point.state in (ReleaseState.AFFECTED, ReleaseState.FIXED)
            between = (
                WITH
                if 0 <= enters <= at < fixed
                else BACKPORTED
                if has_bug and at < min(enters, fixed)
                else WITHOUT
            )
            color = "dim" if between == WITHOUT else "red"
            row.append(glyph(between) * (wide - 1), color)
    return versions, row


def _words(points: Sequence[ReleasePoint], wide: int) -> Text:
    row = Text(no_wrap=True)
    for at, point in enumerate(points):
        start, (_, style, word) = LEFT + at * wide, LOOKS[point.state]
        is_shown = point.state is ReleaseState.FIX and point is points[-1]
        if not is_shown and start >= len(row):
            word = word or str(point.state)
            word = word if len(word) < wide else SHORT.get(point.state, word)
            row.append(" " * (start - len(row)))
            row.append(f"{word} ", style)
    return row


def _listed(points: Sequence[ReleasePoint], columns: int) -> list[Text]:
    rows = [Text(no_wrap=True)]
    for point in points:
        name, style, word = LOOKS[point.state]
        words = filter(None, (glyph(name), point.version, word or str(point.state)))
        part = plain(" ".join(words), style)
        if rows[-1] and len(rows[-1]) + 2 + len(part) > columns:
            rows.append(Text(no_wrap=True))
        rows[-1].append(Text("  " if rows[-1] else "") + part)
    return rows


class ReleaseRuler(Widget):
    """The ruler for one bug, with automatic height; empty until `show` is called."""

    DEFAULT_CSS = "ReleaseRuler { height: auto; }"

    def __init__(self, *, ident: str) -> None:
        super().__init__(id=ident)
        self._bug = NOWHERE

    def show(self, bug: BugRange) -> None:
        if bug != self._bug:
            self._bug = bug
            self.refresh(layout=True)

    def get_content_height(self, _: Size, __: Size, width: int) -> int:
        return len(ruler_rows(self._bug, width))

    def render(self) -> Text:
        return Text("\n").join(ruler_rows(self._bug, self.size.width))
