# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of Home: one topic a row, and the selected one in full."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.text import Text

from patchpilot.model.ago import ago
from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding
from patchpilot.model.printable import crop, one_line, width
from patchpilot.services.home.home_topic import HomeTopic, Turn
from patchpilot.tui.action_keys import in_keys
from patchpilot.tui.finding_text import SIGNS as SIGNS_OF
from patchpilot.tui.finding_text import STYLES as STYLES_OF
from patchpilot.tui.glyphs import OF_STATE, glyph
from patchpilot.tui.rich_text import QUIET, STRONG, fitted, plain, wrapped
from patchpilot.tui.stages import STYLES, Stage, StageState, StageStatus, first_open

SIGNS = {Turn.YOURS: ("todo", "bold yellow"), Turn.WAITING: ("waiting", ""), Turn.FINISHED: ("done", "green")}
"""Whose turn it is → the name of its glyph, and its style."""
WIDE, BROAD = 110, 150
"""From how many columns a row has the area and the patches, and from how many the name has more room."""
LABEL = 9
"""Columns of a fact's name in the panel of the selected topic."""
BORDER, LEAST = 2, 3
"""Lines of a group's border, and the fewest lines of a group with topics."""
MONTH = timedelta(days=30)
KEPT = 3
"""Values that are saved of a stage: its state, its note, and what it depends on."""
States = Mapping[Stage, StageStatus]
"""The stages of a topic; empty where nothing is known of them."""


def kept_states(kept: object) -> States:
    """The states of the stages as the TUI saved them; anything else is ignored."""
    found = {}
    for name, values in kept.items() if isinstance(kept, dict) else ():
        if name in list(Stage) and isinstance(values, list) and len(values) == KEPT and values[0] in list(StageState):
            found[Stage(name)] = StageStatus(StageState(values[0]), str(values[1]))
    return {stage: found.get(stage, StageStatus(StageState.UNOPENED)) for stage in Stage} if found else {}


def next_stage(topic: HomeTopic, states: States) -> Stage | None:
    """Before the first version the first stage that is not done, as the stage bar says; None where what came back from the archive decides."""
    if topic.series is not None or topic.version or topic.turn is not Turn.YOURS:
        return None
    return first_open(states.__getitem__) if states else Stage.COMMIT


def next_step(topic: HomeTopic, states: States) -> str:
    """What is next, in words: the next stage with its result, or the step that the archive and the record suggest."""
    stage = next_stage(topic, states)
    if stage is None:
        return plain(in_keys(topic.step)).plain
    name = f"stage {stage.number} {stage.label}"
    note = states[stage].note if states else ""
    return f"{name}: {note}" if note else name


def stage_lines(states: States, columns: int) -> list[Text]:
    """A line for each stage: sign, number and name, and its result."""
    rows = []
    for stage, status in states.items():
        name = fitted(f"{stage.number} {stage.label}", LABEL + 4)
        rows.append(
            Text.assemble(
                (f"{glyph(OF_STATE[status.state]):<2}", STYLES[status.state]),
                (name, STYLES[status.state]),
                plain(crop(one_line(status.note or str(status.state)), columns - width(name) - 2), "" if status.note else QUIET),
            )
        )
    return rows


def finding_lines(findings: Sequence[Finding], columns: int) -> list[Text]:
    """A line for each finding, errors first, below a blank line."""
    rows = [
        Text.assemble(
            (f"{glyph(SIGNS_OF[finding.severity]):<2}", STYLES_OF[finding.severity]), plain(crop(one_line(finding.name), columns - 2))
        )
        for finding in sorted(findings, key=lambda finding: finding.severity.rank)
    ]
    return [Text(), plain("Findings", STRONG), *rows] if rows else []


def home_row(topic: HomeTopic, columns: int, states: States, *, two_lines: bool = False) -> Text:
    """A topic in so many columns: its sign, name, version, age, news; where it is the author's turn, what to do next on a second line."""
    sign, style = ("blocked", "bold red") if topic.failed and topic.turn is Turn.YOURS else SIGNS[topic.turn]
    name = 30 if columns >= BROAD else 26 if columns >= WIDE else 20
    new = f"{topic.unread} new" if topic.unread else ""
    parts = [
        (f"{glyph(sign)} ", style),
        (fitted(topic.branch or topic.title, name), STRONG),
        (f" {fitted(f'v{topic.version}' if topic.version else glyph('nothing'), 3)}", ""),
        (f" {fitted(ago(topic.when) if topic.when else glyph('nothing'), 11)}", QUIET),
    ]
    if columns >= WIDE:
        patches = counted(topic.patches, "patch", "patches") if topic.patches else glyph("nothing")
        parts.append((f" {fitted(topic.area or glyph('nothing'), 8)} {fitted(patches, 10)}", QUIET))
    parts.append((f" {fitted(new, 6)}", "bold green"))
    used = sum(width(text) for text, _ in parts) + 1
    tags = f" {glyph('dot')} {_tags(topic)}" if topic.tags and columns >= WIDE else ""
    news = crop(one_line(topic.news or "not read yet"), max(10, columns - used))
    if width(news) + width(tags) > columns - used:
        # the selected topic's panel has them
        tags = ""
    text = Text.assemble(*parts, f" {news}", (tags, QUIET), no_wrap=True)
    if two_lines and lines_of(topic) > 1:
        text.append(plain(f"\n  next: {crop(one_line(next_step(topic, states)), columns - 8)}", "cyan"))
    return text


def lines_of(topic: HomeTopic) -> int:
    """How many lines a topic's row has where there is room for what to do next."""
    return 2 if topic.turn is Turn.YOURS and topic.step else 1


def heights(rows: Sequence[int], room: int) -> list[int]:
    """How many lines each group gets of the room: those of its rows and its border; where there is too little, the first group gets the most."""
    wanted = [count + BORDER if count else 0 for count in rows]
    given = [min(want, LEAST) for want in wanted]
    left = room - sum(given)
    while left > 0 and (short := [at for at, want in enumerate(wanted) if given[at] < want]):
        # the first of those that lack lines gets two of three or four
        for at in [short[0], *short][:left]:
            if given[at] < wanted[at]:
                given[at], left = given[at] + 1, left - 1
    return given


def _tags(topic: HomeTopic) -> str:
    return ", ".join(f"{name} {count}" for name, count in topic.tags.items())


def detail(topic: HomeTopic, columns: int, lines: int, states: States, findings: Sequence[Finding] = ()) -> Text:
    """The selected topic: its title, its state, where it is, the next step; its stages and findings where there is room."""
    dot = f" {glyph('dot')} "
    facts = [
        topic.state or "not read yet",
        f"v{topic.version}" if topic.version else "no version sent",
        counted(topic.patches, "patch", "patches") if topic.patches else "",
        _tags(topic),
        topic.bots,
        f"{topic.unread} new" if topic.unread else "",
    ]
    place = [home_path(topic.repository) if topic.repository else "no branch of it is known here", topic.branch or ""]
    rows = [
        plain(crop(one_line(topic.title), columns), STRONG),
        plain(crop(one_line(dot.join(fact for fact in facts if fact)), columns)),
        plain(crop(one_line(dot.join(part for part in place if part)), columns), QUIET),
    ]
    step = next_step(topic, states)
    rows += [
        Text.assemble((f"{'next' if not at else '':<6}", QUIET), (line, STRONG))
        for at, line in enumerate(wrapped(step, columns - 6)[: lines - len(rows)] if step else ())
    ]
    if states and lines > len(rows) + len(states):
        rows += [Text(), *stage_lines(states, columns)]
        rows += finding_lines(findings, columns)[: max(0, lines - len(rows))]
    return Text("\n").join(rows)


def fact_sheet(topic: HomeTopic, columns: int, states: States, findings: Sequence[Finding] = ()) -> Text:
    """The selected topic in a panel that is high and narrow: its title, then a fact a line, none of them cut; its stages and findings."""
    facts = (
        ("State", topic.state or "not read yet"),
        ("Version", f"v{topic.version}" if topic.version else "not sent"),
        ("Patches", str(topic.patches or "")),
        ("Area", topic.area or ""),
        ("News", one_line(topic.news or "")),
        ("Unread", counted(topic.unread, "mail") if topic.unread else ""),
        ("Tags", _tags(topic)),
        ("Bots", topic.bots),
        ("Branch", one_line(topic.branch or "")),
        ("In", one_line(home_path(topic.repository)) if topic.repository else "no branch of it is known here"),
        ("Next", next_step(topic, states)),
    )
    rows = [plain(line, STRONG) for line in wrapped(one_line(topic.title), columns)]
    for name, words in facts:
        if words:
            style = STRONG if name == "Next" else ""
            parts = wrapped(words, columns - LABEL)
            rows += [Text.assemble((f"{'' if at else name:<{LABEL}}", QUIET), plain(part, style)) for at, part in enumerate(parts)]
    if states:
        rows += [Text(), plain("Stages", STRONG), *stage_lines(states, columns)]
        rows += finding_lines(findings, columns)
    return Text("\n").join(rows)


def home_path(key: str) -> str:
    """The directory of a repository's key, with `~` for the home directory."""
    path = Path(key)
    path = path.parent if path.name == ".git" else path
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def summary(topics: Sequence[HomeTopic], where: str) -> tuple[str, ...]:
    """How many topics are whose turn, how many ended this month, and where they are; then the same with less, for narrow terminals."""
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
    return tuple(joint.join(part for part in parts[:count] if part) for count in range(len(parts), 0, -1))
