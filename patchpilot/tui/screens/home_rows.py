# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the home screen: one for each topic, below the heading of its group."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from patchpilot.model.ago import format_short_age
from patchpilot.model.bounded import clamp_time
from patchpilot.model.printable import crop_text, format_count, make_one_line, width
from patchpilot.resources import list_recent_drafts
from patchpilot.topic.home.home_topic import HomeTopic, Turn
from patchpilot.tui.screens.follow_rows import SIGNS as EVENT_SIGNS
from patchpilot.tui.screens.follow_rows import fact_rows
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import HEADING, QUIET, STRONG, fit_text, plain
from patchpilot.tui.view.session import load_states
from patchpilot.tui.view.stages import (
    NEEDS_YOU,
    Stage,
    StageState,
    StageStatus,
    first_open,
)
from patchpilot.tui.widgets.lists import Row

DRAFT, DRAFTS = "draft", ("requests", "reports")
"""The state of a message that was written but not sent, and the folders of such messages."""
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


def states_of(saved: object) -> States:
    """Return all stages' states as saved by the TUI, or {} if none is valid."""
    found = {
        stage: StageStatus(StageState(state), note)
        for stage, (state, note, _) in load_states(saved).items()
    }
    return (
        {stage: found.get(stage, StageStatus(StageState.UNOPENED)) for stage in Stage}
        if found
        else {}
    )


def group_of(topic: HomeTopic, states: States) -> str:
    if topic.state == DRAFT:
        return UNSENT
    is_new = not (topic.version or topic.series or states)
    return NOT_STARTED if is_new else topic.turn


def draft_topics() -> list[HomeTopic]:
    """Return the recent drafts of requests and reports, with the file as the key."""
    drafts = []
    for file in (file for kind in DRAFTS for file in list_recent_drafts(kind)):
        with suppress(OSError):
            when = file.stat().st_mtime
            rows = file.read_text(encoding="utf-8", errors="replace").splitlines()
            title = next((row[9:] for row in rows if row.startswith("Subject: ")), "")
            drafts.append(
                HomeTopic(
                    *(str(file), title or file.name),
                    turn=Turn.YOURS,
                    state=DRAFT,
                    news=f"{DRAFT}: Enter opens it",
                    when=when,
                    step="press Enter to read it; the command that sends it is above the text",
                )
            )
    return drafts


def next_stage(topic: HomeTopic, states: States) -> Stage | None:
    """Return the first unfinished stage, as in the stage bar, before version 1 is sent.

    Return None if the archive determines the next step.
    """
    if (
        topic.series is not None
        or topic.version
        or topic.turn is not Turn.YOURS
        or topic.state == DRAFT
    ):
        return None
    return first_open(states.__getitem__) if states else Stage.COMMIT


def next_step(topic: HomeTopic, states: States) -> str:
    """Describe the next step: the next stage with its result, or the step suggested by the archive
    and the send record.
    """
    stage = next_stage(topic, states)
    if stage is None:
        return plain(replace_commands(topic.step)).plain
    name = f"stage {stage.number} {stage.label}"
    note = states[stage].note if states else ""
    return f"{name}: {note}" if note else name


class Widths(NamedTuple):
    """The widths of the flexible cells of a row. The branch may have width 0."""

    subject: int
    branch: int
    news: int


def widths(
    grouped: Mapping[str, Sequence[HomeTopic]], columns: int, news: News
) -> Widths:
    """Return the widths of these topics' cells on a terminal with this many columns.

    Subjects are shortened to leave space for the news column, which is empty for unstarted
    branches.
    """
    branch = BRANCH if columns >= WIDE else 0
    room = columns - VERSION - AGE - GAPS - branch
    subjects, lengths = [0], [0]
    for group, topics in grouped.items():
        subjects += (width(make_one_line(topic.title)) for topic in topics)
        lengths += (width(news(topic)) for topic in topics if group != NOT_STARTED)
    subject = min(max(subjects), room - min(max(lengths), room * 2 // 5))
    return Widths(subject, branch, room - subject)


def news_of(topic: HomeTopic, states: States) -> str:
    new = f"{topic.unread} new {glyph('dot')} " if topic.unread else ""
    is_started = states and next_stage(topic, states)
    words = next_step(topic, states).removeprefix("stage ") if is_started else ""
    return new + make_one_line(words or topic.news or "not read yet")


def titles_of(wide: Widths) -> Text:
    branch = f"{'Branch':<{wide.branch}}" if wide.branch else ""
    words = f"    {'Subject':<{wide.subject}} {branch}Ver Age News"
    return Text(words, HEADING, no_wrap=True)


def topic_rows(
    grouped: Mapping[str, Sequence[HomeTopic]], wide: Widths, news: News
) -> list[Row]:
    rows: list[Row] = []
    for group, topics in grouped.items():
        title = f"{group[:1].upper()}{group[1:]} {glyph('dot')} {len(topics)}"
        rows.append(Row(plain(title, STRONG)))
        rows += [
            Row(_row(topic, group, wide, news(topic)), topic, topic.key)
            for topic in topics
        ]
    return rows


def _row(topic: HomeTopic, group: str, wide: Widths, news: str) -> Text:
    is_failed = topic.failed and group == Turn.YOURS
    sign, style = ("blocked", "bold red") if is_failed else SIGNS[group]
    version = f"v{topic.version}" if topic.version else glyph("nothing")
    age = (
        format_short_age(clamp_time(topic.when), datetime.now(UTC))
        if topic.when
        else glyph("nothing")
    )
    row = Text.assemble((f" {glyph(sign):<2}", style), no_wrap=True)
    row.append(
        plain(fit_text(topic.title, wide.subject), QUIET * (group == NOT_STARTED))
    )
    row.append(" ")
    if wide.branch:
        row.append(plain(fit_text(topic.branch or "", wide.branch - 1), QUIET)).append(
            " "
        )
    row.append(f"{version:<{VERSION}}").append(f"{age:>{AGE}} ", QUIET)
    if width(news) > wide.news and group == Turn.YOURS:
        # the details contain the full text
        step = replace_commands(topic.step) if topic.version else ""
        news = ACTION.sub("", step or news)
    words = plain(crop_text(news, wide.news) if group != NOT_STARTED else "")
    if topic.unread and news[:1].isdigit():
        words.stylize("bold green", 0, len(f"{topic.unread} new"))
    return row.append(words)


def detail(topic: HomeTopic, columns: int, lines: int, states: States) -> Text:
    """Describe the selected topic in this many columns and lines: the next step first and, if there
    is space, the state, the location and the last events.
    """
    dot = f" {glyph('dot')} "
    facts = (
        topic.state.replace("-", " "),
        f"v{topic.version}" if topic.version else "no version sent",
        format_count(topic.patches, "patch", "patches") if topic.patches else "",
        ", ".join(f"{name} {count}" for name, count in topic.tags.items()),
        topic.bots,
    )
    place = (home_path(topic.repository), topic.branch or "")
    rows = [
        ("next", next_step(topic, states)),
        ("state", dot.join(filter(None, facts))),
        ("in", dot.join(filter(None, place))),
    ]
    now = datetime.now(UTC)
    for event in topic.events:
        words = f"{glyph(EVENT_SIGNS[event.kind][0])} {event.words}"
        rows.append((format_short_age(clamp_time(event.when), now), words))
    known = [(name, make_one_line(words)) for name, words in rows if words]
    laid = [fact_rows([row], columns, 2 if row in known[:1] else 1) for row in known]
    text = Text("\n").join(chain.from_iterable(laid))
    return Text("\n").join(text.split("\n")[:lines])


def home_path(key: str) -> str:
    if not key:
        return "no local branch is known"
    path = Path(key)
    path = path.parent if path.name == ".git" else path
    return (
        f"~/{path.relative_to(Path.home())}"
        if path.is_relative_to(Path.home())
        else str(path)
    )
