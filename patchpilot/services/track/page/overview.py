# SPDX-License-Identifier: GPL-2.0-or-later
"""The overview of the HTML page: one row for each series, grouped by whose turn it is."""

from collections.abc import Sequence
from datetime import datetime

from patchpilot.model.ago import ago
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.series_article import anchor
from patchpilot.services.track.page.state_pill import state_pill
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.home.home_topic import Turn

_COLUMNS = ("Series", "State", "Age", "Tags")


def overview(groups: dict[Turn, list[Tracked]], now: datetime) -> Markup:
    """Returns the overview: the number of series for each turn, then a table for each turn."""
    counts = [
        element("li", _count(turn, len(groups.get(turn, ()))), class_=turn.name.lower())
        for turn in Turn
    ]
    tables = [_table(turn, group, now) for turn, group in groups.items()]
    return element(
        "nav",
        element("ul", *counts, class_="counts"),
        *tables,
        id="overview",
        aria_label="Overview",
    )


def _count(turn: Turn, number: int) -> Markup:
    words = (element("b", str(number)), element("span", str(turn)))
    return link(f"#{_id(turn)}", *words) if number else element("p", *words)


def _table(turn: Turn, group: Sequence[Tracked], now: datetime) -> Markup:
    head = element(
        "thead",
        element("tr", *(element("th", title, scope="col") for title in _COLUMNS)),
    )
    table = element(
        "table",
        head,
        element("tbody", *(_row(series, now) for series in group)),
        class_="cards overview",
    )
    return element(
        "section",
        element("h2", str(turn).capitalize()),
        table,
        id=_id(turn),
        class_=turn.name.lower(),
    )


def _row(series: Tracked, now: datetime) -> Markup:
    new = (
        element("span", f"{len(series.unread)} new", class_="pill sent")
        if series.unread
        else Markup()
    )
    title = element(
        "th",
        link(f"#{anchor(series)}", series.subject),
        " ",
        new,
        element("p", series.next_step, class_="next"),
        scope="row",
    )
    summary = series.summary
    tags = sorted(summary.tags.items(), key=lambda tag: -tag[1]) if summary else ()
    values = (
        joined(state_pill(series.state), f" v{summary.version}" if summary else ""),
        joined(
            element("span", "sent ", _ago(summary.began if summary else None, now)),
            element(
                "span",
                "last mail ",
                _ago(summary.last_activity if summary else None, now),
            ),
        ),
        joined(
            *(
                element(
                    "span", f"{count} {name.lower().removesuffix('-by')} ", class_="tag"
                )
                for name, count in tags
            )
        ),
    )
    cells = [
        element("td", value, data_label=column)
        for column, value in zip(_COLUMNS[1:], values, strict=True)
    ]
    return element("tr", title, *cells)


def _ago(time: datetime | None, now: datetime) -> str:
    return ago(time.timestamp(), now.timestamp()) if time else "–"


def _id(turn: Turn) -> str:
    return turn.replace(" ", "-")
