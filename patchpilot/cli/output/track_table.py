# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the tracked series as a table: one line per series, grouped by whose turn it is, with new
messages first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.action import Advice, actions
from patchpilot.model.ago import short_age
from patchpilot.model.printable import crop, one_line, printable, width
from patchpilot.services.track.series_turns import group_by_turn
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.home.home_topic import Turn

if TYPE_CHECKING:
    from patchpilot.topic.topic_state import TopicState

HEADER = (" ID", "NEW", "STATE", "V", "A/R/T", "REV", "CI", "AGE", "SERIES", "NEXT")
_TITLE, _NEXT = HEADER.index("SERIES"), HEADER.index("NEXT")
_TAGS, _REVIEWED = HEADER.index("A/R/T"), HEADER.index("REV")
_LEGEND = {
    "A/R/T": "A/R/T: Acked-by, Reviewed-by, Tested-by",
    "REV": "REV: patches reviewed or acked",
    "CI": "CI: test bots",
}
_COUNTED = ("Acked-by", "Reviewed-by", "Tested-by")
_CI = {"failed": "fail", "warned": "warn", "passed": "pass"}
_SENTENCE = 32
"""Minimum width for showing the next step as a sentence instead of a word or two."""
_NARROWEST, _ENOUGH = 20, 60
"""Minimum widths of a title: alone, and next to a sentence."""
_STEPS = (
    (("track", "--template", "ping"), "remind"),
    (("track", "reply"), "answer"),
    (("track", "add"), "follow"),
    (("send", "--reroll"), "new version"),
    (("send", "--resend"), "resend"),
    (("send", "--resume"), "send the rest"),
    (("send",), "send"),
    (("draft",), "changelog"),
    (("trailers",), "add tags"),
    (("backport",), "backport"),
)
"""Short names of actions in the table; the first match counts."""
_NO_ACTION = {Turn.YOURS: "check", Turn.WAITING: "wait", Turn.FINISHED: "nothing"}


class Row(NamedTuple):
    """A row of the table: its cells, the next step (short form and sentence), and notes below
    it.
    """

    cells: tuple[str, ...]
    step: str
    sentence: str
    notes: tuple[str, ...] = ()


def series_table(
    series: Sequence[Tracked],
    now: datetime,
    columns: int,
    topic: "TopicState | None" = None,
) -> str:
    """Format the series as a table of at most `columns` columns.

    `*` marks the series of `topic`; an untracked topic gets a separate line.
    """
    if not series and topic is None:
        return "no series is tracked: run `patchpilot track add '<message-id>'`"
    groups = {
        turn: [_row(tracked, now, turn, topic) for tracked in group]
        for turn, group in group_by_turn(series).items()
    }
    if topic is not None and not any(tracked.own for tracked in series):
        own = topic.step.need
        rows_of_turn = {**groups, own: [_topic_row(topic, own), *groups.get(own, ())]}
        groups = {turn: rows_of_turn[turn] for turn in Turn if turn in rows_of_turn}
    rows = [row for group in groups.values() for row in group]
    used = [
        at for at in range(_NEXT) if at == _TITLE or any(row.cells[at] for row in rows)
    ]
    wide = {
        at: max(width(text) for text in (HEADER[at], *(row.cells[at] for row in rows)))
        for at in used
    }
    room = _room(used, wide, columns)
    shortest = max((width(row.step) for row in rows), default=0)
    if _REVIEWED in used and room - shortest < _NARROWEST:
        # REV says how many patches are reviewed, so give up the tag counts first
        used = [at for at in used if at != _TAGS]
        room = _room(used, wide, columns)
    sentence = room >= min(wide[_TITLE], _ENOUGH) + _SENTENCE
    longest = max(width(row.sentence if sentence else row.step) for row in rows)
    wide[_TITLE] = min(
        wide[_TITLE], max(room - longest, _ENOUGH if sentence else _NARROWEST)
    )
    lines = [_line(HEADER, HEADER[_NEXT], used, wide, columns)]
    for turn, group in groups.items():
        lines.append(f"{turn.capitalize()} ({len(group)})")
        for row in group:
            lines.append(
                _line(
                    row.cells,
                    row.sentence if sentence else row.step,
                    used,
                    wide,
                    columns,
                )
            )
            lines += [crop(f"    note: {note}", columns) for note in row.notes]
    legend = "; ".join(
        words for at, words in _LEGEND.items() if HEADER.index(at) in used
    )
    return "\n".join([*lines, *([crop(legend, columns)] if legend else [])])


def _room(used: Iterable[int], wide: dict[int, int], columns: int) -> int:
    """Return the columns left for the title and the next step."""
    return columns - sum(wide[at] + 2 for at in used if at != _TITLE) - 2


def _line(
    cells: Sequence[str],
    step: str,
    used: Iterable[int],
    wide: dict[int, int],
    columns: int,
) -> str:
    padded = (
        crop(cells[at], wide[at]) + " " * (wide[at] - width(cells[at])) for at in used
    )
    return crop("  ".join((*padded, step)), columns).rstrip()


def _row(series: Tracked, now: datetime, turn: Turn, topic: "TopicState | None") -> Row:
    cells = (
        f"{'*' if series.own else ' '}{series.entry.id:>2}",
        f"+{len(series.unread)}" if series.unread else "",
        topic.state if series.own and topic else series.state,
        f"v{series.version}" if series.version else "",
        "/".join(str(series.tags.get(name, "-")) for name in _COUNTED)
        if series.tags
        else "",
        f"R {series.reviewed}" if series.reviewed else "",
        _CI.get(series.ci or "", ""),
        short_age(series.sent_at, now) if series.sent_at else "",
        one_line(series.subject),
    )
    return Row(
        cells,
        _shorten_advice(series.step.advice, turn),
        one_line(series.next_step),
        tuple(map(printable, series.problems)),
    )


def _topic_row(topic: "TopicState", turn: Turn) -> Row:
    title = f"{topic.title} (this topic: {topic.summary})"
    cells = (" * ", "", topic.state, "", "", "", "", "", one_line(title))
    return Row(
        cells, _shorten_advice(topic.step.advice, turn), one_line(topic.next_step)
    )


def _shorten_advice(advice: Advice, turn: Turn) -> str:
    """Shorten the next step to one or two words."""
    if turn is not Turn.YOURS:
        return _NO_ACTION[turn]
    for action in actions(advice):
        words = {action.name, *action.arguments}
        if name := next(
            (name for known, name in _STEPS if words.issuperset(known)), None
        ):
            return name
    return _NO_ACTION[turn]
