# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the home screen: one per topic, and the selected topic in full."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from patchpilot.model.ago import short_age
from patchpilot.model.bounded_date import moment
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding
from patchpilot.model.printable import crop, one_line, width
from patchpilot.topic.home.home_topic import HomeEvent, HomeTopic, Turn
from patchpilot.tui.screens.finding_text import SIGNS as SIGNS_OF
from patchpilot.tui.screens.finding_text import STYLES as STYLES_OF
from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.glyphs import OF_STATE, glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    QUIET,
    STRONG,
    fitted,
    plain,
    side_by_side,
    wrapped,
)
from patchpilot.tui.view.session import kept_states
from patchpilot.tui.view.stage_line import SHORT, SHORTEST
from patchpilot.tui.view.stages import (
    NEEDS_YOU,
    RECORDED,
    STYLES,
    Stage,
    StageState,
    StageStatus,
    first_open,
)
from patchpilot.tui.widgets.timeline import SIGNS as EVENT_SIGNS

SIGNS = {
    Turn.YOURS: ("todo", NEEDS_YOU),
    Turn.WAITING: ("waiting", "blue"),
    Turn.FINISHED: ("done", "green"),
}
"""Whose turn it is → the name of its glyph, and its style."""
NARROW, WIDE, WIDEST = 80, 100, 110
"""From how many columns a row has states in full, more columns of the table, and all of them."""
NEWS = "Last news"
FOLLOWED = {
    Turn.YOURS: StageState.TODO,
    Turn.WAITING: StageState.WAITING,
    Turn.FINISHED: StageState.DONE,
}
"""Whose turn it is → the state of stage Follow."""
LABEL = 9
"""Columns of a fact's name in the panel of the selected topic."""
HEAD, GAP = 2, 3
"""Lines above the stages, and columns between the stages and the events."""
BORDER, LEAST = 2, 3
"""Lines of a group's border, and the fewest lines of a group with topics."""
MONTH = timedelta(days=30)
States = Mapping[Stage, StageStatus]
"""The stages of a topic; empty where nothing is known of them."""


def states_of(kept: object) -> States:
    """Return the states of all stages from those that the TUI saved, {} if none are valid."""
    found = {
        stage: StageStatus(StageState(state), note)
        for stage, (state, note, _) in kept_states(kept).items()
    }
    return (
        {stage: found.get(stage, StageStatus(StageState.UNOPENED)) for stage in Stage}
        if found
        else {}
    )


def next_stage(topic: HomeTopic, states: States) -> Stage | None:
    """Return the first stage that is not done, as in the stage bar, before version 1 is sent.

    None if the archive determines the next step.
    """
    if topic.series is not None or topic.version or topic.turn is not Turn.YOURS:
        return None
    return first_open(states.__getitem__) if states else Stage.COMMIT


def next_step(topic: HomeTopic, states: States) -> str:
    """Return a description of the next step.

    This is the next stage with its result, or the step suggested by the archive and the send
    record.
    """
    stage = next_stage(topic, states)
    if stage is None:
        return plain(in_keys(topic.step)).plain
    name = f"stage {stage.number} {stage.label}"
    note = states[stage].note if states else ""
    return f"{name}: {note}" if note else name


def stage_lines(states: States, columns: int) -> list[Text]:
    """Return one line per stage: its symbol, number, name and result."""
    rows = []
    for stage, status in states.items():
        name = fitted(f"{stage.number} {stage.label}", LABEL + 4)
        rows.append(
            Text.assemble(
                (f"{glyph(OF_STATE[status.state]):<2}", STYLES[status.state]),
                (name, STYLES[status.state]),
                plain(
                    crop(
                        one_line(status.note or str(status.state)),
                        columns - width(name) - 2,
                    ),
                    "" if status.note else QUIET,
                ),
            )
        )
    return rows


def finding_lines(findings: Sequence[Finding], columns: int) -> list[Text]:
    """Return one line per finding, errors first, below a blank line."""
    rows = [
        Text.assemble(
            (f"{glyph(SIGNS_OF[finding.severity]):<2}", STYLES_OF[finding.severity]),
            plain(crop(one_line(finding.name), columns - 2)),
        )
        for finding in sorted(findings, key=lambda finding: finding.severity.rank)
    ]
    return [Text(), plain("Findings", HEADING), *rows] if rows else []


class Column(NamedTuple):
    """A column of the topic table; `style` is the style of its cells."""

    title: str
    wide: int
    style: str = ""


def table(columns: int) -> tuple[Column, ...]:
    """Return the columns of the topic table for a terminal of so many columns.

    The last column gets the remaining width.
    """
    every = (
        Column("Topic", 20, STRONG),
        Column("Repository", 11, QUIET),
        Column("Ver", 3),
        Column("Progress", 17 if columns >= NARROW else 12),
        Column("Age", 3, QUIET),
        Column("Tags", 4, "green"),
        Column("Bots", 8),
        Column("New", 3, "bold green"),
    )
    more = {"Repository": WIDE, "Tags": WIDE, "Bots": WIDEST}
    shown = [column for column in every if columns >= more.get(column.title, 0)]
    used = 2 + sum(column.wide + 1 for column in shown)
    return (*shown, Column(NEWS, max(10, columns - used)))


def table_head(columns: int) -> Text:
    """Return the heading line of the topic table."""
    titles = " ".join(fitted(column.title, column.wide) for column in table(columns))
    return Text.assemble((f"  {titles}", HEADING), no_wrap=True)


def home_row(
    topic: HomeTopic, columns: int, states: States, *, two_lines: bool = False
) -> Text:
    """Return the row of a topic, cell by cell, in so many columns.

    If it is the author's turn, a second line has the next step.
    """
    sign, style = (
        ("blocked", "bold red")
        if topic.failed and topic.turn is Turn.YOURS
        else SIGNS[topic.turn]
    )
    cells = {
        "Topic": topic.branch or topic.title,
        "Repository": repository_name(topic),
        "Ver": f"v{topic.version}" if topic.version else glyph("nothing"),
        "Progress": progress(topic, states),
        "Age": age(topic.when),
        "Tags": str(sum(topic.tags.values()) or ""),
        "New": str(topic.unread or ""),
        NEWS: one_line(topic.news or "not read yet"),
    }
    text = Text.assemble((f"{glyph(sign)} ", style), no_wrap=True)
    for column in table(columns):
        if column.title == "Bots":
            words = f"{glyph('blocked')} build" if topic.failed else topic.bots
            text.append(
                fitted(words, column.wide), "bold red" if topic.failed else QUIET
            )
        else:
            text.append(fitted(cells[column.title], column.wide), column.style)
        text.append(" ")
    text.right_crop(1)
    if two_lines and lines_of(topic) > 1:
        text.append(
            plain(
                f"\n  next: {crop(one_line(next_step(topic, states)), columns - 8)}",
                "cyan",
            )
        )
    return text


def shown_states(topic: HomeTopic, states: States) -> States:
    """Return the known states of a topic's stages.

    Saved states are used if there are any, otherwise the states that follow from the send record
    and the archive.
    """
    if not topic.version:
        return states or {stage: StageStatus(StageState.UNOPENED) for stage in Stage}
    follow = (
        StageState.BLOCKED
        if topic.failed and topic.turn is Turn.YOURS
        else FOLLOWED[topic.turn]
    )
    sent = StageStatus(StageState.DONE, f"v{topic.version} was sent")
    known = {
        Stage.FOLLOW: StageStatus(follow, topic.state),
        **dict.fromkeys(RECORDED, sent),
    }
    known |= {
        stage: status
        for stage, status in states.items()
        if status.state is not StageState.UNOPENED
    }
    return {
        stage: known.get(
            stage, StageStatus(StageState.NOTHING, "not opened on this computer")
        )
        for stage in Stage
    }


def progress(topic: HomeTopic, states: States) -> str:
    """Return how far the topic is, in words.

    This is how many stages are done, or for a sent version its state, as at Follow.
    """
    if topic.version:
        return topic.state or "sent"
    if not states:
        return "not opened"
    done = sum(status.state is StageState.DONE for status in states.values())
    return f"{done} of {len(states)} done"


def stage_row(states: States, columns: int) -> Text:
    """Return all stages on one line, with the longest names for which there is room."""
    row = Text(no_wrap=True)
    for names in (dict[Stage, str](), SHORT, SHORTEST):
        row = Text("  ", no_wrap=True).join(
            Text(
                f"{glyph(OF_STATE[status.state])} {names.get(stage, stage.label)}",
                STYLES[status.state],
            )
            for stage, status in states.items()
        )
        if row.cell_len <= columns:
            break
    return row


def age(when: float) -> str:
    """Return how long ago a time was, in three columns."""
    return short_age(moment(when), datetime.now(UTC)) if when else glyph("nothing")


def event_lines(events: Sequence[tuple[HomeEvent, str]], columns: int) -> list[Text]:
    """Return one line per event: its age, the name of its topic, its symbol and a description."""
    rows = []
    for event, name in events:
        sign, style = EVENT_SIGNS[event.kind]
        head = f"{fitted(age(event.when), 3)} "
        name_part = f"{fitted(name, 20)} " if name else ""
        words = crop(
            one_line(event.words), max(10, columns - width(head) - width(name_part) - 2)
        )
        rows.append(
            Text.assemble(
                (head, QUIET),
                (f"{glyph(sign)} ", style),
                (name_part, STRONG),
                (words, style if event.kind == "problem" else ""),
            )
        )
    return rows


def activity(topics: Sequence[HomeTopic], columns: int, most: int) -> list[Text]:
    """Return the latest events of all topics, latest first, as lines."""
    every = [
        (event, topic.branch or topic.title)
        for topic in topics
        for event in topic.events
    ]
    return event_lines(sorted(every, key=lambda entry: -entry[0].when)[:most], columns)


def repository_name(topic: HomeTopic) -> str:
    """Return the name of the topic's repository directory, or a dash if it has no repository."""
    return (
        Path(home_path(topic.repository)).name if topic.repository else glyph("nothing")
    )


def lines_of(topic: HomeTopic) -> int:
    """Return the number of lines of a topic's row if there is room for the next step."""
    return 2 if topic.turn is Turn.YOURS and topic.step else 1


def heights(rows: Sequence[int], room: int) -> list[int]:
    """Return the number of lines for each group of topics: its rows and its border.

    If `room` is too small, the first group gets the most lines.
    """
    wanted = [count + BORDER if count else 0 for count in rows]
    given = [min(want, LEAST) for want in wanted]
    left = room - sum(given)
    while left > 0 and (
        short := [at for at, want in enumerate(wanted) if given[at] < want]
    ):
        # the first of those that lack lines gets two of three or four
        for at in [short[0], *short][:left]:
            if given[at] < wanted[at]:
                given[at], left = given[at] + 1, left - 1
    return given


def _tags(topic: HomeTopic) -> str:
    return ", ".join(f"{name} {count}" for name, count in topic.tags.items())


def detail(
    topic: HomeTopic,
    columns: int,
    lines: int,
    states: States,
    findings: Sequence[Finding] = (),
) -> Text:
    """Return the selected topic as text: its title, state, location and next step.

    Its stages, findings and last events follow if there is room, next to each other on a wide
    terminal.
    """
    dot = f" {glyph('dot')} "
    facts = [
        topic.state or "not read yet",
        f"v{topic.version}" if topic.version else "no version sent",
        counted(topic.patches, "patch", "patches") if topic.patches else "",
        _tags(topic),
        topic.bots,
        f"{topic.unread} new" if topic.unread else "",
    ]
    place = [
        home_path(topic.repository) if topic.repository else "no local branch is known",
        topic.branch or "",
    ]
    rows = [
        plain(crop(one_line(topic.title), columns), STRONG),
        plain(crop(one_line(dot.join(fact for fact in facts if fact)), columns)),
        plain(crop(one_line(dot.join(part for part in place if part)), columns), QUIET),
    ]
    step = next_step(topic, states)
    rows += [
        Text.assemble((f"{'next' if not at else '':<6}", QUIET), (line, STRONG))
        for at, line in enumerate(
            wrapped(step, columns - 6)[: lines - len(rows)] if step else ()
        )
    ]
    known, room = shown_states(topic, states), lines - len(rows)
    if room < len(known) + HEAD:
        rows += [stage_row(known, columns)] if room > 0 else []
        return Text("\n").join([*rows, *latest_events(topic, columns, room - 1)])
    wide = columns if columns < WIDE else (columns - GAP) // 2
    left = [Text(), plain("Stages", HEADING), *stage_lines(known, wide)]
    if room - len(left) > HEAD:
        left += finding_lines(findings, wide)[: room - len(left)]
    if columns >= WIDE:
        right = [Text(), *latest_events(topic, wide, room - 1)]
        rows += side_by_side(left, right, wide + GAP)
    else:
        rest = room - len(left) - 1
        rows += [*left, *([Text()] if rest > 0 else [])]
        rows += latest_events(topic, columns, rest)
    return Text("\n").join(rows)


def latest_events(topic: HomeTopic, columns: int, most: int) -> list[Text]:
    """Return at most so many lines with a heading and the topic's events, latest first."""
    if most <= 1:
        return event_lines(
            [(event, "") for event in topic.events[: max(0, most)]], columns
        )
    rows = event_lines([(event, "") for event in topic.events], columns)
    if not rows:
        words = "no messages read yet" if topic.version else "no events: not sent yet"
        rows = [plain(words, QUIET)]
    return [plain("Last events", HEADING), *rows][:most]


def fact_sheet(
    topic: HomeTopic, columns: int, states: States, findings: Sequence[Finding] = ()
) -> Text:
    """Return the selected topic as text for a high and narrow panel.

    The title comes first, then one fact per line, none of them cut, then the stages and findings.
    """
    facts = (
        ("Next", next_step(topic, states)),
        ("State", topic.state or "not read yet"),
        ("Version", f"v{topic.version}" if topic.version else "not sent"),
        ("Patches", str(topic.patches or "")),
        ("Area", topic.area or ""),
        ("News", one_line(topic.news or "")),
        ("Unread", counted(topic.unread, "message") if topic.unread else ""),
        ("Tags", _tags(topic)),
        ("Bots", topic.bots),
        ("Branch", one_line(topic.branch or "")),
        (
            "In",
            (
                one_line(home_path(topic.repository))
                if topic.repository
                else "no local branch is known"
            ),
        ),
    )
    rows = [plain(line, STRONG) for line in wrapped(one_line(topic.title), columns)]
    for name, words in facts:
        if words:
            style = STRONG if name == "Next" else ""
            room = columns - LABEL
            # a path may be longer than the panel is wide
            parts = [
                line[at : at + room]
                for line in wrapped(words, room)
                for at in range(0, len(line), room)
            ]
            rows += [
                Text.assemble(
                    (f"{'' if at else name:<{LABEL}}", QUIET), plain(part, style)
                )
                for at, part in enumerate(parts)
            ]
    rows += [
        Text(),
        plain("Stages", HEADING),
        *stage_lines(shown_states(topic, states), columns),
    ]
    rows += [Text(), *latest_events(topic, columns, len(topic.events) + HEAD)]
    rows += finding_lines(findings, columns)
    return Text("\n").join(rows)


def home_path(key: str) -> str:
    """Return the directory of a repository's key, with `~` for the home directory."""
    path = Path(key)
    path = path.parent if path.name == ".git" else path
    return (
        f"~/{path.relative_to(Path.home())}"
        if path.is_relative_to(Path.home())
        else str(path)
    )


def summary(topics: Sequence[HomeTopic], where: str) -> tuple[str, ...]:
    """Return summaries of the topics, in decreasing length for narrower terminals.

    They count the topics by whose turn it is and those finished in the last 30 days, and name the
    repositories.
    """
    turns = Counter(topic.turn for topic in topics)
    since = (datetime.now(UTC) - MONTH).timestamp()
    ended = sum(topic.turn is Turn.FINISHED and topic.when > since for topic in topics)
    need = turns[Turn.YOURS]
    parts = [
        f"{need} {'needs' if need == 1 else 'need'} you",
        f"{turns[Turn.WAITING]} waiting",
        f"{ended} finished in the last 30 days",
        where,
    ]
    joint = f" {glyph('dot')} "
    return tuple(
        joint.join(part for part in parts[:count] if part)
        for count in range(len(parts), 0, -1)
    )
