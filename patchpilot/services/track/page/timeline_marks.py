# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the marks on a lane of the timeline; overlapping marks are combined."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.counted import counted
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.timeline_lanes import Mark, Tone

CHARACTER = 7.2
"""The width of a character of the drawing's text."""
_RADIUS = 5.0
_MOST_NAMED = 12
_GRAVEST = (Tone.BAD, Tone.ASKS, Tone.GOOD, Tone.SENT, Tone.NOTE)


@dataclass(frozen=True, slots=True)
class _Group:
    """Events drawn as one mark, their places, and how far right it may reach."""

    marks: tuple[Mark, ...]
    places: tuple[float, ...]
    limit: float

    @property
    def label(self) -> str:
        """The text in the mark: the revisions or the number of events; "" for a single event."""
        first, last = self.marks[0].label, self.marks[-1].label
        if len(self.marks) == 1:
            return first
        return f"{first}–{last}" if first else str(len(self.marks))

    @property
    def width(self) -> float:
        """The width of the drawn mark."""
        return len(self.label) * CHARACTER + 10 if self.label else 2 * _RADIUS

    @property
    def middle(self) -> float:
        """The horizontal position of the mark's center."""
        return min((self.places[0] + self.places[-1]) / 2, self.limit - self.width / 2)

    def with_(self, other: "_Group") -> "_Group":
        """Returns a group with the marks of both groups."""
        return _Group(self.marks + other.marks, self.places + other.places, self.limit)


def drawn_marks(
    marks: Sequence[Mark], places: Sequence[float], y: float, limit: float
) -> list[Markup]:
    """Returns the drawn marks of a lane, without overlaps and without crossing `limit`."""
    groups: list[_Group] = []
    for mark, place in zip(marks, places, strict=True):
        group = _Group((mark,), (place,), limit)
        while (
            groups
            and group.middle - groups[-1].middle
            < (group.width + groups[-1].width) / 2 + 1
        ):
            group = groups.pop().with_(group)
        groups.append(group)
    return [_drawn(group, y) for group in groups]


def _drawn(group: _Group, y: float) -> Markup:
    tone = min((mark.tone for mark in group.marks), key=_GRAVEST.index)
    named = [f"{mark.when:%Y-%m-%d} {mark.text}" for mark in group.marks[:_MOST_NAMED]]
    left = len(group.marks) - _MOST_NAMED
    title = element(
        "title",
        "\n".join([*named, *([counted(left, "more event")] if left > 0 else [])]),
    )
    x, wide = group.middle, group.width
    if group.label:
        pill = element(
            "rect",
            x=x - wide / 2,
            y=y - 9,
            width=wide,
            height=18,
            rx=min(9.0, wide / 2),
        )
        shape = joined(pill, element("text", group.label, x=x, y=y + 4, class_="count"))
    else:
        shape = _shape(tone, x, y)
    return link(
        group.marks[0].address, element("g", title, shape, class_=f"mark {tone}")
    )


def _shape(tone: Tone, x: float, y: float) -> Markup:
    """A single mark: by its shape, too, what is good (circle), asked for (diamond), bad (cross) and
    only said (ring).
    """
    size = _RADIUS
    if tone is Tone.ASKS:
        edge = size + 1
        return element(
            "path",
            d=f"M{x:.1f} {y - edge:.1f}l{edge} {edge} {-edge} {edge} {-edge} {-edge}z",
        )
    if tone is Tone.BAD:
        return element(
            "path",
            d=(
                f"M{x - size:.1f} {y - size:.1f}l{2 * size} {2 * size}m0 {-2 * size}l{-2 * size}"
                f" {2 * size}"
            ),
            class_="cross",
        )
    return element("circle", cx=x, cy=y, r=size - 1 if tone is Tone.NOTE else size)
