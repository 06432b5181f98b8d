# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the follow stage: the tracked series, the review comments, and the next step
above the conversation.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.hosts import LOOPBACK, url_host
from patchpilot.model.printable import crop_text, format_count, format_number_ranges, make_one_line
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.empty import format_placeholder
from patchpilot.tui.view.glyphs import glyph, join_with_dots
from patchpilot.tui.view.rich_text import (
    HEADING,
    QUIET,
    STRONG,
    color_diff_line,
    plain_text,
    wrap_with_indent,
)
from patchpilot.tui.view.session import JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.threads.review_ledger import LedgerItem
    from patchpilot.threads.story import StoryEvent
    from patchpilot.threads.tracked import Tracked
    from patchpilot.topic.state import TopicState
    from patchpilot.tracking.compare_versions import RevisionComparison
    from patchpilot.tracking.conversation import ConversationMail
    from patchpilot.tracking.follow_topic import FollowedSeries


class Conversation(NamedTuple):
    """A series with its review comments and messages, and the current topic; by default, none."""

    series: "Tracked | None" = None
    items: "tuple[LedgerItem, ...]" = ()
    mails: "tuple[ConversationMail, ...]" = ()
    topic: "TopicState | None" = None


def _store_conversation(
    session: Session, followed: "FollowedSeries"
) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """Return the series and the state of the stage.

    Messages are read only for the topic's own series or the series opened on the home screen,
    because reading thousands of messages takes a second.
    """
    from patchpilot.threads.review_ledger import list_latest_requests
    from patchpilot.tracking.conversation import list_conversation

    number = session.series
    selected = [
        candidate
        for candidate in followed.series
        if (candidate.entry.id == number if number else candidate.own)
    ]
    session.conversation = None
    if selected:
        session.conversation = Conversation(
            selected[0],
            list_latest_requests(selected[0]),
            list_conversation(selected[0]),
            followed.topic,
        )
    return followed.series, follow_status(followed.topic, followed.series)


def load_stage(request: JobRequest) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """Return the tracked series.

    Before the user visits the stage, read them only from the local store. After that, show the
    stored series first, and then update them from their archives.
    """
    from patchpilot.tracking.follow_topic import (
        fetch_followed_series,
        read_followed_series,
    )

    session = request.session
    topic = (request.repository, session.target, session.topic_base)
    if not request.visited:
        followed = read_followed_series(*topic, first=session.series, progress=request.progress)
        return _store_conversation(session, followed)

    def show_stored(followed: "FollowedSeries") -> None:
        session.store_result(Stage.FOLLOW, *_store_conversation(session, followed))
        request.progress(
            "checking the archive for new messages"
            if followed.topic or len(followed.series) > 1
            else "reading the tracked series"
        )

    followed = fetch_followed_series(
        *topic,
        fresh=request.again
        or url_host(session.read_settings(request.repository).get("lore")) in LOOPBACK,
        on_stored=show_stored if session.fresh_result(Stage.FOLLOW) is None else None,
        first=session.series,
        progress=request.progress,
    )
    return _store_conversation(session, followed)


def follow_status(topic: "TopicState | None", series: "Sequence[Tracked]") -> StageStatus:
    from patchpilot.reading.thread_values import Turn

    if topic is None:
        no_series_note = "no series is tracked yet; the series that you send appear here"
        return StageStatus(StageState.UNOPENED, "no topic" if series else no_series_note)
    if not topic.is_sent:
        return StageStatus(StageState.UNOPENED, topic.summary)
    own_series = topic.series
    note = topic.summary
    if own_series and own_series.unread:
        note += f" ({format_count(len(own_series.unread), 'unread message')})"
    # show the same state as Home
    if topic.needs_changes and own_series and own_series.ci == "failed":
        return StageStatus(StageState.BLOCKED, note, format_open_comment_count(own_series))
    state = {
        Turn.YOURS: StageState.TODO,
        Turn.WAITING: StageState.WAITING,
        Turn.FINISHED: StageState.DONE,
    }[topic.step.need]
    counted_open = "" if topic.is_begun else format_open_comment_count(own_series)
    return StageStatus(state, note, counted_open)


def format_open_comment_count(series: "Tracked | None") -> str:
    """Return the number of open review comments on the latest version as text, or "" for none."""
    from patchpilot.threads.review_ledger import list_latest_requests

    return str(sum(item.open for item in list_latest_requests(series)) if series else 0).lstrip("0")


SIGNS = {
    "sent": ("sent", "bold"),
    "reply": ("circle", ""),
    "problem": ("blocked", "bold red"),
    "good": ("done", "green"),
    "later": ("ruler-clean", "bold"),
}
"""Maps the kind of an event to the name of its glyph and its style."""
NOTHING = (
    "A series that you send is tracked from then on: its replies as a conversation, the requests"
    " of reviewers and bots as boxes to tick for the next version, and its history up to mainline"
    " and the stable kernels."
)
"""The placeholder while no series is tracked."""
_HOME_KEY = ("0", "show all topics; w there tracks any other series")
NOTHING_KEYS = (
    (str(Stage.SEND.number), f"go to {Stage.SEND.label}, where you send your series"),
    _HOME_KEY,
)
MERGED = "The commit is in mainline. Each backport that you send is followed as a separate topic."
MERGED_KEYS = (
    (str(Stage.BACKPORTS.number), f"go to {Stage.BACKPORTS.label}: the branches that lack it"),
    _HOME_KEY,
)
READING = (
    "patchpilot is checking the archive for new messages. This can take a minute the first time."
)
READING_KEYS = (("Esc", "cancel"), ("0", "show all topics"))


def pinned_rows(series: "Tracked", columns: int, max_lines: int) -> list[Text]:
    """Return the rows that stay above a series' conversation.

    Each row takes at most `max_lines` lines.
    """
    from patchpilot.tracking.series_head import format_head_rows

    # keys that change commits are only useful in the user's own topic
    advice = replace_commands(series.step.advice, Stage.FOLLOW if series.own else None)
    keys = f"(message: {Stage.COMMIT.number}, then e; code: {series.amend_commands})"
    advice = advice.replace("change your commits", f"change your commits {keys}")
    # put each step on a separate line
    steps = advice.replace("); ", ")\n").split("\n")
    head = {name: make_one_line(str(text)) for name, text in format_head_rows(series)}
    rows = [
        ("patches", _format_patch_states(series)),
        ("open", head["open"]),
        ("checks", head.get("checks", "")),
    ]
    return [
        *named_fact_rows([("next", step) for step in steps], columns, max_lines),
        *named_fact_rows(
            [row for row in rows if row[1] not in ("", "nothing")],
            columns,
            max_lines,
        ),
    ]


def describe_series_state(series: "Tracked") -> str:
    if series.about.lacks_commits:
        tree = series.about.landed[0].tree.partition(" (")[0]
        return f"applied to {tree}, not fetched yet"
    return str(series.state).replace("-", " ")


def _format_patch_states(series: "Tracked") -> str:
    numbers: dict[str, list[int]] = {}
    for patch in series.about.patches:
        numbers.setdefault(patch.state.replace("-", " "), []).append(patch.number)
    states = (
        f"{', '.join(format_number_ranges(patch_numbers))} {state}"
        for state, patch_numbers in numbers.items()
    )
    return join_with_dots(*states) if len(numbers) > 1 else ""


def history_rows(series: "Tracked", columns: int) -> list[Text]:
    from patchpilot.threads.story import StoryEvent, StoryKind, list_events
    from patchpilot.tracking.series_head import format_head_rows, format_time_note

    facts = [(name, make_one_line(str(text))) for name, text in format_head_rows(series)]
    next_event = StoryEvent(
        StoryKind.LATER, f"next: {replace_commands(series.step.advice, Stage.FOLLOW)}"
    )
    rows = [row for row in facts if row[0] != "next"]
    events = event_rows((*list_events(series), next_event), columns)
    if time_note := format_time_note(series):
        rows.append(("as of", time_note))
    if status := series.posted:
        rows += [
            (
                "missing",
                f"v{version} <{message_id}> is referenced but not in the archive",
            )
            for message_id, version in status.missing.items()
        ]
    rows += [("note", make_one_line(note)) for note in series.problems]
    return [*named_fact_rows(rows, columns, 9), Text(), *events]


def event_rows(events: "Sequence[StoryEvent]", columns: int) -> list[Text]:
    rows = []
    for event in events:
        sign, style = SIGNS[str(event.kind)]
        text_style = style if event.kind in ("sent", "problem", "later") else ""
        text = wrap_with_indent(plain_text(event.text).plain, columns, 2)
        row = Text.assemble((f"{glyph(sign)} ", style), (text, text_style))
        day = f"{event.when.astimezone():%Y-%m-%d %H:%M}" if event.when else ""
        proof = f"<{event.proof}>" if "@" in event.proof else event.proof
        if proof := join_with_dots(day, proof):
            row.append_text(
                plain_text(f"\n  {crop_text(make_one_line(proof), columns - 3)}", QUIET)
            )
        rows.append(row)
    return rows


def placeholder_rows(
    columns: int, lines: int, *, is_reading: bool, is_merged: bool = False
) -> list[Text]:
    texts = ("This topic was not sent yet.", NOTHING, NOTHING_KEYS)
    if is_reading:
        texts = ("Reading the tracked series …", READING, READING_KEYS)
    elif is_merged:
        texts = ("No series of this commit is tracked.", MERGED, MERGED_KEYS)
    return list(format_placeholder(*texts, columns, lines).split("\n"))


def problem_rows(series: "Tracked", columns: int, max_lines: int) -> list[Text]:
    notes = [("note", make_one_line(note)) for note in series.problems]
    return [*named_fact_rows(notes, columns, max_lines), Text()] if notes else []


def named_fact_rows(
    rows: "Sequence[tuple[str, str]]",
    columns: int,
    max_lines: int = 99,
    name_columns: int = 9,
) -> list[Text]:
    """Format named facts in this many columns, each on at most `max_lines` lines.

    The names take `name_columns` columns. If consecutive facts have the same name, it is shown only
    once.
    """
    parts, previous_name = [], ""
    for name, text in rows:
        lines = wrap_with_indent(plain_text(text).plain, columns, name_columns).split("\n")
        if len(lines) > max_lines:
            # cut the text here, because the history view shows all of it
            lines[max_lines - 1 :] = [
                crop_text(f"{lines[max_lines - 1]}{glyph('ellipsis')}", columns)
            ]
        is_next = name == "next"
        parts.append(
            Text.assemble(
                (
                    f"{name if name != previous_name else '':<{name_columns - 1}} ",
                    HEADING if is_next else QUIET,
                ),
                ("\n".join(lines), STRONG if is_next else ""),
            )
        )
        previous_name = name
    return parts


def comparison_rows(comparison: "RevisionComparison") -> list[Text]:
    from patchpilot.tracking.compare_versions import format_range_diff_heading

    rows = []
    for patch in comparison.patches:
        rows.append(plain_text(f"{format_range_diff_heading(patch)} ({patch.difference})", STRONG))
        rows += map(color_diff_line, patch.text.rstrip("\n").split("\n") if patch.text else ())
    return rows
