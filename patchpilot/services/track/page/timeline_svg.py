# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the timeline of a series as inline SVG, once for a wide page and once for a phone."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.printable import crop, printable
from patchpilot.services.track.page.markup import Markup, element, joined
from patchpilot.services.track.page.time_scale import TimeScale
from patchpilot.services.track.page.timeline_lanes import Lane, Mark
from patchpilot.services.track.page.timeline_marks import CHARACTER, drawn_marks

_ROW, _TOP, _BOTTOM = 26, 22, 26


@dataclass(frozen=True, slots=True)
class _Size:
    """A drawing: its class on the page, its width and the part of it for the lanes' titles."""

    name: str
    width: int
    titles: int


_SIZES = (_Size("wide", 760, 140), _Size("narrow", 358, 90))


def timeline(lanes: Sequence[Lane]) -> Markup:
    """Returns the SVG timeline of the lanes in a wide and a narrow size, empty without lanes.

    The page shows the size that fits the screen.
    """
    if not lanes:
        return Markup()
    scale = TimeScale(mark.when for lane in lanes for mark in lane.marks)
    return joined(*(_drawing(lanes, scale, size) for size in _SIZES))


def _drawing(lanes: Sequence[Lane], scale: TimeScale, size: _Size) -> Markup:
    height = _TOP + _ROW * len(lanes) + _BOTTOM
    left, right = size.titles + 16, size.width - 16

    def x(mark: Mark) -> float:
        return left + (right - left) * scale.place(mark.when)

    rows = [
        _row(lane, _TOP + _ROW * at + _ROW / 2, [x(mark) for mark in lane.marks], size)
        for at, lane in enumerate(lanes)
    ]
    pauses = [
        _pause(
            left + (right - left) * scale.place(pause.start),
            left + (right - left) * scale.place(pause.end),
            pause.length,
            height,
        )
        for pause in scale.pauses
    ]
    first, last = scale.times[0], scale.times[-1]
    dates = [
        (first, left),
        *(
            (pause.end, left + (right - left) * scale.place(pause.end))
            for pause in scale.pauses
        ),
        (last, right),
    ]
    days = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    said = f"Timeline, {days}: " + ", ".join(
        f"{lane.title} {len(lane.marks)}" for lane in lanes
    )
    return element(
        "svg", *pauses, *_ticks(dates, height), *rows,
        class_=f"timeline {size.name}", viewBox=f"0 0 {size.width} {height}", role="group", aria_label=said,  # noqa: E501
    )  # fmt: skip


def _row(lane: Lane, y: float, places: Sequence[float], size: _Size) -> Markup:
    title = element(
        "text",
        crop(printable(lane.title), int(size.titles / CHARACTER)),
        x=0,
        y=y + 4,
        class_="lane",
    )
    path = element("line", x1=size.titles + 8, x2=size.width, y1=y, y2=y, class_="path")
    return element(
        "g",
        element("title", lane.title),
        title,
        path,
        *drawn_marks(lane.marks, places, y, size.width - 1),
    )


def _pause(start: float, end: float, length: str, height: int) -> Markup:
    middle = (start + end) / 2
    band = element(
        "rect",
        x=start,
        y=_TOP - 4,
        width=end - start,
        height=height - _TOP - _BOTTOM + 8,
    )
    return element(
        "g", band, element("text", length, x=middle, y=_TOP - 10), class_="pause"
    )


def _ticks(dates: Sequence[tuple[object, float]], height: int) -> list[Markup]:
    """The dates below the lanes, without those that would cover the first or last one or each
    other.
    """
    room = 10 * CHARACTER + 8
    first, last = dates[0], dates[-1]
    shown = [first]
    for date, x in dates[1:-1]:
        # the first date begins at its tick and the last one ends there, the others are in the
        # middle
        if (
            x - shown[-1][1] >= room * (1.5 if shown == [first] else 1)
            and last[1] - x >= room * 1.5
        ):
            shown.append((date, x))
    if last[1] - first[1] >= room and last[0] != first[0]:
        shown.append(last)
    return [
        joined(
            element(
                "line", x1=x, x2=x, y1=_TOP - 2, y2=height - _BOTTOM + 4, class_="tick"
            ),
            element(
                "text",
                f"{date:%Y-%m-%d}",
                x=x,
                y=height - 8,
                class_=_anchor(at, len(shown)),
            ),
        )
        for at, (date, x) in enumerate(shown)
    ]


def _anchor(at: int, count: int) -> str:
    """First and last date begin and end at their tick, so that they stay on the drawing."""
    return "date first" if at == 0 else "date last" if at == count - 1 else "date"
