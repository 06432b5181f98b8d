# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the home screen: one for each topic, below the heading of its group."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from rich.text import Text

from patchpilot.home.drafts import DRAFT
from patchpilot.home.topic import HomeTopic
from patchpilot.model.action import actions_in_advice
from patchpilot.model.ago import format_short_age
from patchpilot.model.bounded import clamp_time
from patchpilot.model.printable import (
    capitalize_sentence,
    crop_text,
    format_count,
    make_one_line,
    width,
)
from patchpilot.reading.thread_values import Turn
from patchpilot.tui.screens.follow_rows import SIGNS as EVENT_SIGNS
from patchpilot.tui.screens.follow_rows import named_fact_rows
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    QUIET,
    STRONG,
    fit_text,
    join_lines,
    plain_text,
    wrap_with_indent,
)
from patchpilot.tui.view.session import load_saved_states
from patchpilot.tui.view.stages import (
    NEEDS_YOU,
    Stage,
    StageState,
    StageStatus,
    first_open_stage,
)
from patchpilot.tui.widgets.lists import Row

NOT_STARTED = "not started"
"""The group of branches that were neither opened here nor sent."""
UNSENT = "unsent"
"""The group of drafts."""
SIGNS = {
    Turn.YOURS: ("todo", NEEDS_YOU),
    Turn.WAITING: ("waiting", "blue"),
    Turn.FINISHED: ("done", "green"),
    NOT_STARTED: ("unopened", QUIET),
    UNSENT: ("offered", "cyan"),
}
"""Maps a group to the name of its glyph and its style, in display order."""
SORTED = {
    "by latest news": lambda topic: -topic.when,
    "by subject": lambda topic: topic.title.casefold(),
    "by repository": lambda topic: (topic.repository, -topic.when),
}
"""Maps each way to sort the topics in a group to its sort key."""
VERSION, AGE, GAPS, BRANCH = 3, 4, 7, 20
"""Columns for the version, the age, the spaces between cells including the sign, and the branch."""
ACTION = re.compile(r"^\d \S+: press \S+ to |^(?!answer|\d).*?: ")
"""The words before the action in a step's description."""
WIDE = 110
"""Minimum number of columns for showing the branch in a row."""
States = Mapping[Stage, StageStatus]
"""The stages of a topic; empty if nothing is known about them."""
News = Callable[[HomeTopic], str]
"""A function that returns the latest news of a topic."""


def load_topic_states(saved: object) -> States:
    """Return all stages' states as saved by the TUI, or {} if none is valid."""
    saved_states = {
        stage: StageStatus(StageState(state), note)
        for stage, (state, note, _) in load_saved_states(saved).items()
    }
    return (
        {stage: saved_states.get(stage, StageStatus(StageState.UNOPENED)) for stage in Stage}
        if saved_states
        else {}
    )


def topic_group(topic: HomeTopic, states: States) -> str:
    if topic.state == DRAFT:
        return UNSENT
    is_new = not (topic.version or topic.series or states)
    return NOT_STARTED if is_new else topic.turn


def next_open_stage(topic: HomeTopic, states: States) -> Stage | None:
    """Return the first unfinished stage, as in the stage bar, if the topic has not been sent yet.

    Return None for other topics, whose next step depends on the archive.
    """
    if (
        topic.series is not None
        or topic.version
        or topic.turn is not Turn.YOURS
        or topic.state == DRAFT
        or any(action.name != "send" for action in actions_in_advice(topic.step))
    ):
        return None
    return first_open_stage(states.__getitem__) if states else Stage.COMMIT


def describe_next_step(topic: HomeTopic, states: States) -> str:
    """Describe the next step of a topic.

    This is the next stage with its result, or the step that follows from the archive and the send
    record.
    """
    stage = next_open_stage(topic, states)
    if stage is None:
        return plain_text(replace_commands(topic.step)).plain
    name = f"stage {stage.number} {stage.label}"
    # the keys of a stage work once the topic is open
    note = states[stage].note.replace("press ", "Enter, then ") if states else ""
    return f"{name}: {note}" if note else name


class CellWidths(NamedTuple):
    """The widths of the flexible cells of a row. The branch may have width 0."""

    subject: int
    branch: int
    news: int


def cell_widths(grouped: Mapping[str, Sequence[HomeTopic]], columns: int, news: News) -> CellWidths:
    """Return the widths of these topics' cells on a terminal with this many columns.

    Subjects are shortened to leave space for the news column, which is empty for unstarted
    branches.
    """
    branch_width = BRANCH if columns >= WIDE else 0
    text_columns = columns - VERSION - AGE - GAPS - branch_width
    subject_widths, news_widths = [0], [0]
    for group, topics in grouped.items():
        subject_widths += (width(make_one_line(topic.title)) for topic in topics)
        news_widths += (width(news(topic)) for topic in topics if group != NOT_STARTED)
    subject_width = min(
        max(subject_widths), text_columns - min(max(news_widths), text_columns * 2 // 5)
    )
    return CellWidths(subject_width, branch_width, text_columns - subject_width)


def format_topic_news(topic: HomeTopic, states: States) -> str:
    unread_text = f"{topic.unread} new {glyph('dot')} " if topic.unread else ""
    is_started = states and next_open_stage(topic, states)
    step = describe_next_step(topic, states).removeprefix("stage ") if is_started else ""
    return unread_text + make_one_line(step or topic.news or "not read yet")


def column_titles(widths: CellWidths) -> Text:
    branch = f"{'Branch':<{widths.branch}}" if widths.branch else ""
    titles = f"    {'Subject':<{widths.subject}} {branch}Ver Age News"
    return Text(titles, HEADING, no_wrap=True)


def topic_rows(
    grouped: Mapping[str, Sequence[HomeTopic]],
    widths: CellWidths,
    news: News,
    errors: Mapping[str, str] = MappingProxyType({}),
) -> list[Row]:
    """Return the rows of the groups, with the `errors` that opening a topic with this key had."""
    rows = []
    for group, topics in grouped.items():
        title = f"{capitalize_sentence(group)} {glyph('dot')} {len(topics)}"
        rows.append(Row(plain_text(title, STRONG)))
        rows += [
            Row(
                _topic_row(topic, group, widths, news(topic), errors.get(topic.key, "")),
                topic,
                topic.key,
            )
            for topic in topics
        ]
    return rows


def error_row(error: str, columns: int) -> Row:
    """Return the row of an error that is not about a single topic."""
    text = wrap_with_indent(f" {glyph('blocked'):<2}{make_one_line(error)}", columns, 4)
    return Row(plain_text(text, "bold red"))


def _topic_row(
    topic: HomeTopic, group: str, widths: CellWidths, news: str, error: str = ""
) -> Text:
    is_failed = bool(error) or (topic.failed and group == Turn.YOURS)
    sign, style = ("blocked", "bold red") if is_failed else SIGNS[group]
    version = f"v{topic.version}" if topic.version else glyph("nothing")
    age = (
        format_short_age(clamp_time(topic.when), datetime.now(UTC))
        if topic.when
        else glyph("nothing")
    )
    row = Text.assemble((f" {glyph(sign):<2}", style), no_wrap=True)
    row.append(plain_text(fit_text(topic.title, widths.subject), QUIET * (group == NOT_STARTED)))
    row.append(" ")
    if widths.branch:
        row.append(plain_text(fit_text(topic.branch or "", widths.branch - 1), QUIET)).append(" ")
    row.append(f"{version:<{VERSION}}").append(f"{age:>{AGE}} ", QUIET)
    if error:
        return row.append(plain_text(crop_text(make_one_line(error), widths.news), "bold red"))
    if width(news) > widths.news and group == Turn.YOURS:
        # cut the text here, because the details contain all of it
        step = replace_commands(topic.step) if topic.version else ""
        news = ACTION.sub("", step or news)
    news_text = plain_text(crop_text(news, widths.news) if group != NOT_STARTED else "")
    if topic.unread and news[:1].isdigit():
        news_text.stylize("bold green", 0, len(f"{topic.unread} new"))
    return row.append(news_text)


def render_topic_details(
    topic: HomeTopic, columns: int, lines: int, states: States, error: str = ""
) -> Text:
    """Describe the selected topic in this many columns and lines: the `error` of the last try to
    open it, the next step and, if there is space, the state, the location and the last events.
    """
    separator = f" {glyph('dot')} "
    state_facts = (
        topic.state.replace("-", " "),
        f"v{topic.version}" if topic.version else "",
        format_count(topic.patches, "patch", "patches") if topic.patches else "",
        ", ".join(f"{name} {count}" for name, count in topic.tags.items()),
        topic.bots,
    )
    location = (display_path(topic.repository), topic.branch or "")
    rows = [
        *([("error", error)] if error else []),
        ("next", describe_next_step(topic, states)),
        ("state", separator.join(filter(None, state_facts))),
        ("in", separator.join(filter(None, location))),
    ]
    now = datetime.now(UTC)
    for event in topic.events:
        event_text = f"{glyph(EVENT_SIGNS[event.kind][0])} {event.words}"
        rows.append((format_short_age(clamp_time(event.when), now), event_text))
    named_texts = [(name, make_one_line(event_text)) for name, event_text in rows if event_text]
    # an error with its hint and the step of a draft are complete
    first_lines = lines if error or topic.state == DRAFT else 2
    text = join_lines(
        [
            *named_fact_rows(named_texts[:1], columns, first_lines),
            *named_fact_rows(named_texts[1:], columns, 1),
        ]
    )
    return join_lines(text.split("\n")[:lines])


def display_path(key: str) -> str:
    if not key:
        return "no local branch is known"
    path = Path(key)
    path = path.parent if path.name == ".git" else path
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)
