# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the tracked series as a table with one line per series.

The series are grouped by whose turn it is, and series with new messages come first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.model.action import Advice, actions_in_advice
from patchpilot.model.ago import format_short_age
from patchpilot.model.printable import crop_text, make_one_line, make_printable, width
from patchpilot.reading.thread_values import Turn
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.series_turns import group_series_by_turn

if TYPE_CHECKING:
    from patchpilot.topic.state import TopicState

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
_MIN_SENTENCE = 32
"""Minimum width for showing the next step as a sentence."""
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
"""Short names of actions in the table; the first match is used."""
_NO_ACTION = {Turn.YOURS: "check", Turn.WAITING: "wait", Turn.FINISHED: "nothing"}


class TableRow(NamedTuple):
    """A row of the table.

    It has the cells, the next step (abbreviated and as a sentence), and notes below the row.
    """

    cells: tuple[str, ...]
    step: str
    sentence: str
    notes: tuple[str, ...] = ()


def format_series_table(
    series: Sequence[Tracked],
    now: datetime,
    columns: int,
    topic: "TopicState | None" = None,
) -> str:
    """Format the series as a table of at most `columns` columns.

    `*` marks the series of `topic`. If the topic is not tracked yet, it has a separate line.
    """
    if not series and topic is None:
        return "no series is tracked: run `patchpilot track add '<message-id>'`"
    groups = {
        turn: [_make_series_row(tracked_series, now, turn, topic) for tracked_series in group]
        for turn, group in group_series_by_turn(series).items()
    }
    if topic is not None and not any(tracked_series.own for tracked_series in series):
        topic_turn = topic.step.need
        rows_of_turn = {
            **groups,
            topic_turn: [
                _make_topic_row(topic, topic_turn),
                *groups.get(topic_turn, ()),
            ],
        }
        groups = {turn: rows_of_turn[turn] for turn in Turn if turn in rows_of_turn}
    rows = [row for group in groups.values() for row in group]
    shown_columns = [
        column
        for column in range(_NEXT)
        if column == _TITLE or any(row.cells[column] for row in rows)
    ]
    widths = {
        column: max(width(text) for text in (HEADER[column], *(row.cells[column] for row in rows)))
        for column in shown_columns
    }
    remaining = _remaining_width(shown_columns, widths, columns)
    step_width = max((width(row.step) for row in rows), default=0)
    if _REVIEWED in shown_columns and remaining - step_width < _NARROWEST:
        # drop the tag counts first, because the REV column already summarizes them
        shown_columns = [column for column in shown_columns if column != _TAGS]
        remaining = _remaining_width(shown_columns, widths, columns)
    has_sentence = remaining >= min(widths[_TITLE], _ENOUGH) + _MIN_SENTENCE
    next_width = max(width(row.sentence if has_sentence else row.step) for row in rows)
    widths[_TITLE] = min(
        widths[_TITLE],
        max(remaining - next_width, _ENOUGH if has_sentence else _NARROWEST),
    )
    lines = [_format_row(HEADER, HEADER[_NEXT], shown_columns, widths, columns)]
    for turn, group in groups.items():
        lines.append(f"{turn.capitalize()} ({len(group)})")
        for row in group:
            lines.append(
                _format_row(
                    row.cells,
                    row.sentence if has_sentence else row.step,
                    shown_columns,
                    widths,
                    columns,
                )
            )
            lines += [crop_text(f"    note: {note}", columns) for note in row.notes]
    legend = "; ".join(
        explanation
        for column, explanation in _LEGEND.items()
        if HEADER.index(column) in shown_columns
    )
    return "\n".join([*lines, *([crop_text(legend, columns)] if legend else [])])


def _remaining_width(shown_columns: Iterable[int], widths: dict[int, int], columns: int) -> int:
    """Return the number of columns left for the title and the next step."""
    return columns - sum(widths[column] + 2 for column in shown_columns if column != _TITLE) - 2


def _format_row(
    cells: Sequence[str],
    step: str,
    shown_columns: Iterable[int],
    widths: dict[int, int],
    columns: int,
) -> str:
    padded_cells = (
        crop_text(cells[column], widths[column]) + " " * (widths[column] - width(cells[column]))
        for column in shown_columns
    )
    return crop_text("  ".join((*padded_cells, step)), columns).rstrip()


def _make_series_row(
    series: Tracked, now: datetime, turn: Turn, topic: "TopicState | None"
) -> TableRow:
    cells = (
        f"{'*' if series.own else ' '}{series.entry.id:>2}",
        f"+{len(series.unread)}" if series.unread else "",
        topic.state if series.own and topic else series.state,
        f"v{series.version}" if series.version else "",
        "/".join(str(series.tags.get(name, "-")) for name in _COUNTED) if series.tags else "",
        f"R {series.reviewed}" if series.reviewed else "",
        _CI.get(series.ci or "", ""),
        format_short_age(series.sent_at, now) if series.sent_at else "",
        make_one_line(series.title),
    )
    return TableRow(
        cells,
        _shorten_advice(series.step.advice, turn),
        make_one_line(series.next_step),
        tuple(map(make_printable, series.problems)),
    )


def _make_topic_row(topic: "TopicState", turn: Turn) -> TableRow:
    title = f"{topic.title} (this topic: {topic.summary})"
    cells = (" * ", "", topic.state, "", "", "", "", "", make_one_line(title))
    return TableRow(cells, _shorten_advice(topic.step.advice, turn), make_one_line(topic.next_step))


def _shorten_advice(advice: Advice, turn: Turn) -> str:
    if turn is not Turn.YOURS:
        return _NO_ACTION[turn]
    for action in actions_in_advice(advice):
        arguments = {action.name, *action.arguments}
        if name := next(
            (name for step_words, name in _STEPS if arguments.issuperset(step_words)),
            None,
        ):
            return name
    return _NO_ACTION[turn]
