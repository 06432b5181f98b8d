# SPDX-License-Identifier: GPL-2.0-or-later
"""The section of the HTML page with the review requests of a series.

Open requests are visible, the others are collapsed.
"""

from collections import Counter
from collections.abc import Sequence

from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.timeline_lanes import Tone
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.review_ledger import (
    LedgerItem,
    PointState,
    series_ledger,
)

_TONES = {
    PointState.OPEN: Tone.ASKS,
    PointState.ANSWERED: Tone.SENT,
    PointState.ADDRESSED: Tone.GOOD,
    PointState.DECLINED: Tone.NOTE,
}
_MOST_LINES = 8
"""At most so many lines of a hunk or a quote are shown; the mail has all."""


def ledger_section(series: Tracked, sources: Sources) -> Markup:
    """Returns the section with the review requests of a series, empty if there are none."""
    items = series_ledger(series)
    if not items:
        return Markup()
    open_ones = [item for item in items if item.state is PointState.OPEN]
    done = [item for item in items if item.state is not PointState.OPEN]
    count = Counter(item.state for item in done)
    closed = ", ".join(
        f"{count[state]} {state}" for state in PointState if count[state]
    )
    folded = (
        element("details", element("summary", closed), _points(done, sources))
        if done
        else Markup()
    )
    heading = element("h3", "Review ", element("small", f"{len(open_ones)} open"))
    return element(
        "section", heading, _points(open_ones, sources), folded, class_="review"
    )


def _points(items: Sequence[LedgerItem], sources: Sources) -> Markup:
    return (
        element("ul", *(_point(item, sources) for item in items), class_="ledger")
        if items
        else Markup()
    )


def _point(item: LedgerItem, sources: Sources) -> Markup:
    point = item.point
    about = [
        f"on v{point.version}" if point.version else "",
        f"patch {point.patch}" if point.patch else "",
        item.place,
        f"asked before, on v{item.before.version or 1}" if item.before else "",
    ]
    by = element(
        "p",
        link(sources.mail(point.message_id), point.asker),
        f" {', '.join(filter(None, about))}",
        class_="by",
    )
    quoted = [line for line in point.quoted if line.strip()][-_MOST_LINES:]
    lines = element("pre", "\n".join(quoted), class_="quote") if quoted else Markup()
    pill = element("span", item.state, class_=f"pill {_TONES[item.state]}")
    return element(
        "li",
        pill,
        element("div", lines, element("p", point.text), by, _evidence(item, sources)),
    )


def _evidence(item: LedgerItem, sources: Sources) -> Markup:
    """What proves that a point is no longer open."""
    if item.marked:
        return element("p", "marked by you", class_="by")
    if item.state is PointState.ANSWERED and item.reply:
        return element("p", link(sources.mail(item.reply), "the answer"), class_="by")
    if item.state is PointState.ADDRESSED and item.hunk:
        hunk = (
            element("pre", "\n".join(item.hunk.lines[:_MOST_LINES]))
            if item.hunk.lines
            else Markup()
        )
        return joined(element("p", "addressed in ", item.hunk.place, class_="by"), hunk)
    return Markup()
