# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the follow stage: the tracked series, the review comments, and the next step
above the conversation.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from patchpilot.model.hosts import LOOPBACK, url_host
from patchpilot.model.printable import crop_text, format_count, make_one_line
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.empty import empty_text
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import (
    HEADING,
    QUIET,
    STRONG,
    diff_line,
    plain,
    wrap_hanging,
)
from patchpilot.tui.view.session import JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState, StageStatus

if TYPE_CHECKING:
    from patchpilot.services.track.compare_revisions import RevisionComparison
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.services.track.follow_topic import FollowedSeries
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.review_ledger import LedgerItem
    from patchpilot.topic.followed.story import StoryEvent
    from patchpilot.topic.topic_state import TopicState


class Conversation(NamedTuple):
    """A series with its review comments and its messages."""

    series: "Tracked"
    items: "tuple[LedgerItem, ...]" = ()
    mails: "tuple[ConversationMail, ...]" = ()


def _result(
    session: Session, series: "FollowedSeries"
) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """Return the series and the state of the stage.

    Read only the messages of the series opened on the home screen or of the topic's own series,
    because thousands of messages take a second.
    """
    from patchpilot.services.track.conversation import list_conversation
    from patchpilot.topic.followed.review_ledger import checklist

    number = session.series
    wanted = [
        one for one in series.series if (one.entry.id == number if number else one.own)
    ]
    session.conversation = (
        Conversation(wanted[0], checklist(wanted[0]), list_conversation(wanted[0]))
        if wanted
        else None
    )
    return series.series, status_of(series.topic, series.series)


def load(ask: JobRequest) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """Return the tracked series.

    Before the user visits the stage, read them only from the local store. Afterwards, first show
    the stored ones, then update them from their archives.
    """
    from patchpilot.services.track.follow_topic import (
        fetch_followed_series,
        read_followed_series,
    )

    session = ask.session
    topic = (ask.repository, session.target, session.topic_base)
    if not ask.visited:
        shown = read_followed_series(
            *topic, first=session.series, progress=ask.progress
        )
        return _result(session, shown)

    def known(shown: "FollowedSeries") -> None:
        session.remember(Stage.FOLLOW, *_result(session, shown))
        ask.progress(
            "checking the archive for new messages"
            if shown.topic or len(shown.series) > 1
            else "reading the tracked series"
        )

    shown = fetch_followed_series(
        *topic,
        fresh=ask.again
        or url_host(session.settings(ask.repository).get("lore")) in LOOPBACK,
        on_stored=known if session.fresh(Stage.FOLLOW) is None else None,
        first=session.series,
        progress=ask.progress,
    )
    return _result(session, shown)


def status_of(topic: "TopicState | None", series: "Sequence[Tracked]") -> StageStatus:
    from patchpilot.services.track.follow_topic import Turn

    if topic is None:
        nothing = "no series is tracked yet; the series that you send appear here"
        return StageStatus(StageState.UNOPENED, "no topic" if series else nothing)
    if not topic.is_sent:
        return StageStatus(StageState.UNOPENED, topic.summary)
    own = topic.series
    unread = (
        format_count(len(own.unread), "unread message") if own and own.unread else ""
    )
    note = f"{topic.summary}{f' ({unread})' if unread else ''}"
    # show the same state as Home
    if topic.needs_changes and own and own.ci == "failed":
        return StageStatus(StageState.BLOCKED, note, open_points(own))
    state = {
        Turn.YOURS: StageState.TODO,
        Turn.WAITING: StageState.WAITING,
        Turn.FINISHED: StageState.DONE,
    }[topic.step.need]
    asked = "" if topic.is_begun else open_points(own)
    return StageStatus(state, note, asked)


def open_points(series: "Tracked | None") -> str:
    """Return the number of open review comments on the latest version as text, or "" for none."""
    from patchpilot.topic.followed.review_ledger import checklist

    return str(sum(item.open for item in checklist(series)) if series else 0).lstrip(
        "0"
    )


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
NOTHING_KEYS: tuple[tuple[str, str], ...] = (
    (str(Stage.SEND.number), f"go to {Stage.SEND.label}, where you send your series"),
    ("0", "show all topics; w there tracks any other series"),
)
READING = (
    "patchpilot is checking the archive for new messages. This can take a minute the first"
    " time."
)
READING_KEYS = (("Esc", "cancel"), ("0", "show all topics"))
FETCH = (
    f"press g to fetch what was merged; stage {Stage.BACKPORTS.number} then uses the mainline"
    " commit"
)


def opens_at(
    series: "Tracked",
    items: "Sequence[LedgerItem]",
    mails: "Sequence[ConversationMail]",
) -> str:
    """Return the Message-ID of the message to show first: one with an open request, an unread reply
    to the latest version, or the latest message.
    """
    asked = sorted(
        (item for item in items if item.open), key=lambda it: not it.of_newest
    )
    unread = (
        node.message_id
        for node in mails
        if node.message_id in series.unread
        and node.reply
        and node.reply.version == series.version
    )
    newest = max(mails, key=lambda node: node.mail.when)
    return (*(item.point.message_id for item in asked), *unread, newest.message_id)[0]


def first_rows(series: "Tracked", columns: int, most: int) -> list[Text]:
    """Return the rows that stay above a series' conversation.

    The next step takes at most `most` lines, each other row one or two.
    """
    from patchpilot.services.track.series_head import format_head_rows

    # keys that change commits are only useful in the user's own topic
    text = replace_commands(series.step.advice, Stage.FOLLOW if series.own else None)
    keys = f"{Stage.COMMIT.number}, then e"
    text = text.replace("change your commits", f"change the commit ({keys})")
    if is_unfetched(series):
        text = FETCH
    # put each step on a separate line
    steps = text.replace("); ", ")\n").split("\n")
    asked = make_one_line(str(dict(format_head_rows(series))["open"]))
    rows = [("patches", _patch_states(series)), ("open", asked)]
    return [
        *fact_rows([("next", step) for step in steps], columns, most),
        *fact_rows(
            [row for row in rows if row[1] not in ("", "nothing")],
            columns,
            max(1, most // 2),
        ),
    ]


def is_unfetched(series: "Tracked") -> bool:
    posted = series.posted
    return bool(series.about.landed and posted and not posted.commits)


def state_words(series: "Tracked") -> str:
    if is_unfetched(series):
        tree = series.about.landed[0].tree.partition(" (")[0]
        return f"applied to {tree}, not fetched yet"
    return str(series.state).replace("-", " ")


def _patch_states(series: "Tracked") -> str:
    numbers: dict[str, list[int]] = {}
    for patch in series.posted.patches if series.posted else ():
        numbers.setdefault(patch.state.replace("-", " "), []).append(patch.number)
    dot = f" {glyph('dot')} "
    states = (f"{_ranges(of)} {state}" for state, of in numbers.items())
    return dot.join(states) if len(numbers) > 1 else ""


def _ranges(numbers: Sequence[int]) -> str:
    runs = groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    parts = ([number for _, number in run] for _, run in runs)
    return ", ".join("-".join(map(str, dict.fromkeys((it[0], it[-1])))) for it in parts)


def history_rows(series: "Tracked", columns: int) -> list[Text]:
    from patchpilot.services.track.series_head import format_head_rows, format_time_note
    from patchpilot.topic.followed.story import StoryEvent, StoryKind, list_events

    facts = [
        (name, make_one_line(str(says))) for name, says in format_head_rows(series)
    ]
    after = StoryEvent(
        StoryKind.LATER, f"next: {replace_commands(series.step.advice, Stage.FOLLOW)}"
    )
    rows = [row for row in facts if row[0] != "next"]
    events = story_rows((*list_events(series), after), columns)
    if words := format_time_note(series):
        rows.append(("as of", words))
    if status := series.posted:
        rows += [
            ("missing", f"v{version} <{ident}> is referenced but not in the archive")
            for ident, version in status.missing.items()
        ]
    rows += [("note", make_one_line(note)) for note in series.problems]
    return [*fact_rows(rows, columns, 9), Text(), *events]


def story_rows(events: "Sequence[StoryEvent]", columns: int) -> list[Text]:
    rows = []
    for event in events:
        sign, style = SIGNS[str(event.kind)]
        told = style if event.kind in ("sent", "problem", "later") else ""
        text = wrap_hanging(plain(event.text).plain, columns, 2)
        row = Text.assemble((f"{glyph(sign)} ", style), (text, told))
        if proof := _proof(event):
            row.append_text(
                plain(f"\n  {crop_text(make_one_line(proof), columns - 3)}", QUIET)
            )
        rows.append(row)
    return rows


def _proof(event: "StoryEvent") -> str:
    day = f"{event.when.astimezone():%Y-%m-%d %H:%M}" if event.when else ""
    proof = f"<{event.proof}>" if "@" in event.proof else event.proof
    return f" {glyph('dot')} ".join(part for part in (day, proof) if part)


def middle_rows(columns: int, lines: int, *, is_reading: bool) -> list[Text]:
    title, text, keys = ("This topic was not sent yet.", NOTHING, NOTHING_KEYS)
    if is_reading:
        title, text, keys = "Reading the tracked series …", READING, READING_KEYS
    return list(empty_text(title, text, keys, columns, lines).split("\n"))


def troubles(series: "Tracked", columns: int, most: int) -> list[Text]:
    notes = [("note", make_one_line(note)) for note in series.problems]
    return [*fact_rows(notes, columns, most), Text()] if notes else []


def fact_rows(
    rows: "Sequence[tuple[str, str]]", columns: int, most: int = 99, head: int = 9
) -> list[Text]:
    """Return named facts in this many columns, each on at most `most` lines.

    The names take `head` columns. Facts that share a name show it only once.
    """
    parts, before = [], ""
    for name, text in rows:
        told = wrap_hanging(plain(text).plain, columns, head).split("\n")
        if len(told) > most:
            # the full text is in the history view
            told[most - 1 :] = [
                crop_text(f"{told[most - 1]}{glyph('ellipsis')}", columns)
            ]
        is_next = name == "next"
        parts.append(
            Text.assemble(
                (
                    f"{name if name != before else '':<{head}}",
                    HEADING if is_next else QUIET,
                ),
                ("\n".join(told), STRONG if is_next else ""),
            )
        )
        before = name
    return parts


def comparison_rows(comparison: "RevisionComparison") -> list[Text]:
    from patchpilot.services.track.compare_revisions import format_range_diff_heading

    rows: list[Text] = []
    for patch in comparison.patches:
        rows.append(
            plain(f"{format_range_diff_heading(patch)} ({patch.difference})", STRONG)
        )
        rows += map(
            diff_line, patch.text.rstrip("\n").split("\n") if patch.text else ()
        )
    return rows
