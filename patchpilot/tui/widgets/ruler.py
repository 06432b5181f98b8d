# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the release ruler, a line of releases that shows which of them have the bug."""

from collections.abc import Sequence

from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from patchpilot.model.bug_range import NOWHERE, BugRange, ReleasePoint, ReleaseState
from patchpilot.model.printable import crop_text
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain_text

LOOKS = {
    ReleaseState.CLEAN: ("ruler-clean", "green", "no bug"),
    ReleaseState.AFFECTED: ("ruler-release", "red", ""),
    ReleaseState.ENTERS: ("ruler-enter", "bold red", ""),
    ReleaseState.FIXED: ("ruler-fixed", "green", ""),
    ReleaseState.FIX: ("ruler-fix", "bold cyan", ""),
    ReleaseState.UNRELEASED: ("ruler-fix", "bold cyan", str(ReleaseState.FIX)),
    ReleaseState.UNKNOWN: ("unknown", "yellow", ""),
}
"""Maps a state to its glyph, its style, and its words if they differ: for a branch, "clean" means
that the fix applies.
"""
FIXES = (ReleaseState.FIX, ReleaseState.UNRELEASED)
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


def draw_ruler(bug: BugRange, columns: int) -> list[Text]:
    """Draw the ruler in this many columns: versions, line, labels and notes.

    If the line does not fit, list the releases instead.
    """
    if not bug.points:
        return [plain_text(" " * LEFT + WAITING, "dim")]
    points = bug.points
    line_columns = columns - LEFT - len(ReleaseState.FIX) - 3
    point_columns = min(WIDEST, line_columns // max(1, len(points) - 1))
    notes = [
        plain_text(" " * LEFT + crop_text(note, columns - LEFT), "italic") for note in bug.notes
    ]
    if point_columns < max(len(point.version) for point in points) + 1:
        return [*_list_releases(points, columns), *notes]
    labels = _draw_point_labels(points, point_columns)
    if len(notes) == 1 and len(labels) + 3 + len(notes[0]) <= columns:
        labels.append(Text("   ") + notes.pop())
    return [*_draw_version_line(points, point_columns), labels, *notes]


def _draw_version_line(points: Sequence[ReleasePoint], point_columns: int) -> tuple[Text, Text]:
    versions, row = Text(" " * LEFT, no_wrap=True), Text(" " * (LEFT + 1), no_wrap=True)
    states = [point.state for point in points]
    enters_index = states.index(ReleaseState.ENTERS) if ReleaseState.ENTERS in states else -1
    fix_index = next((index for index, state in enumerate(states) if state in FIXES), len(states))
    for index, point in enumerate(points):
        name, style, word = LOOKS[point.state]
        weight = "bold" if index in (enters_index, fix_index) else ""
        versions.append(plain_text(_version_text(point).ljust(point_columns), weight))
        is_last = index == len(points) - 1
        label = f" {word or point.state}" if is_last and index == fix_index else ""
        row.append(glyph(name) + label, style)
        if not is_last:
            has_bug = point.state in (ReleaseState.AFFECTED, ReleaseState.FIXED)
            line_glyph = (
                WITH
                if 0 <= enters_index <= index < fix_index
                else BACKPORTED
                if has_bug and index < min(enters_index, fix_index)
                else WITHOUT
            )
            color = "dim" if line_glyph == WITHOUT else "red"
            row.append(glyph(line_glyph) * (point_columns - 1), color)
    return versions, row


def _version_text(point: ReleasePoint) -> str:
    is_unreleased = point.state is ReleaseState.UNRELEASED
    return point.version or (str(point.state) if is_unreleased else "")


def _draw_point_labels(points: Sequence[ReleasePoint], point_columns: int) -> Text:
    row = Text(no_wrap=True)
    for index, point in enumerate(points):
        start, (_, style, word) = LEFT + index * point_columns, LOOKS[point.state]
        is_shown = point.state in FIXES and point is points[-1]
        if not is_shown and start >= len(row):
            word = word or str(point.state)
            word = word if len(word) < point_columns else SHORT.get(point.state, word)
            row.append(" " * (start - len(row)))
            row.append(f"{word} ", style)
    return row


def _list_releases(points: Sequence[ReleasePoint], columns: int) -> list[Text]:
    rows = [Text(no_wrap=True)]
    for point in points:
        name, style, word = LOOKS[point.state]
        words = filter(None, (glyph(name), _version_text(point), word or str(point.state)))
        part = plain_text(" ".join(words), style)
        if rows[-1] and len(rows[-1]) + 2 + len(part) > columns:
            rows.append(Text(no_wrap=True))
        rows[-1].append(Text("  " if rows[-1] else "") + part)
    return rows


class ReleaseRuler(Widget):
    """The ruler for one bug, with automatic height; empty until `show_bug` is called."""

    DEFAULT_CSS = "ReleaseRuler { height: auto; }"

    def __init__(self, *, ident: str) -> None:
        super().__init__(id=ident)
        self._bug = NOWHERE

    def show_bug(self, bug: BugRange) -> None:
        if bug != self._bug:
            self._bug = bug
            self.refresh(layout=True)

    def get_content_height(self, _: Size, __: Size, width: int) -> int:
        return len(draw_ruler(self._bug, width))

    def render(self) -> Text:
        return Text("\n").join(draw_ruler(self._bug, self.size.width))
