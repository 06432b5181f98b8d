# SPDX-License-Identifier: GPL-2.0-or-later
"""The history of a series, from its first version to the stable releases.

Each event has its date and its evidence.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.printable import counted
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.thread_values import IN_A_TREE, Claim
from patchpilot.topic.followed.known_series import Tracked


class StoryKind(StrEnum):
    """The kind of an event from the author's point of view."""

    SENT = "sent"
    REPLY = "reply"
    PROBLEM = "problem"
    GOOD = "good"
    LATER = "later"


class StoryEvent(NamedTuple):
    """An event: what happened, when, and the evidence, a Message-ID or a commit.

    `when` is None if the time is unknown or in the future.
    """

    kind: StoryKind
    text: str
    when: datetime | None = None
    proof: str = ""


_REPLIES = {
    MailKind.REVIEW: (StoryKind.REPLY, "review by {who}"),
    MailKind.QUESTION: (StoryKind.REPLY, "question by {who}"),
    MailKind.ACK: (StoryKind.GOOD, "agreement by {who}"),
    MailKind.NACK: (StoryKind.PROBLEM, "NACK by {who}"),
    MailKind.BUILD_FAILURE: (StoryKind.PROBLEM, "build failure: {who}"),
    MailKind.TEST_RESULT: (StoryKind.REPLY, "test result: {who}"),
    MailKind.FORM_LETTER: (StoryKind.PROBLEM, "form letter by {who}"),
    MailKind.AI_REVIEW: (StoryKind.REPLY, "AI review: {who}"),
}
_EVENTS = {
    "applied": (StoryKind.GOOD, "applied to {tree} by {who}"),
    "merged": (StoryKind.GOOD, "merged into {tree}"),
    "queued": (StoryKind.GOOD, "queued for {versions}"),
    "review": (StoryKind.REPLY, "stable review of {versions}"),
    "proposed": (StoryKind.REPLY, "AUTOSEL proposes it for {versions}"),
    "failed": (StoryKind.PROBLEM, "did not apply to {versions}"),
    "refused": (StoryKind.PROBLEM, "rejected by {who}"),
    "dropped": (StoryKind.PROBLEM, "dropped from {tree}"),
    "withdrawn": (StoryKind.PROBLEM, "withdrawn by {who}"),
    "redone": (StoryKind.REPLY, "marked for a new version by {who}"),
}


def list_events(series: Tracked) -> tuple[StoryEvent, ...]:
    """Return the events of a series, oldest first.

    Events in the repository without a date come last.
    """
    posted = series.posted
    if posted is None:
        return (
            StoryEvent(
                StoryKind.SENT,
                "sent; not in the archive yet",
                proof=series.entry.message_id,
            ),
            *_delivery(series),
        )
    return (*posted_events(posted), *_delivery(series), *_merge_events(posted))


def posted_events(posted: PostedSeries) -> list[StoryEvent]:
    """Return the events that messages report, oldest first."""
    claims = [
        StoryEvent(
            StoryKind.PROBLEM,
            report.words if report.known else f"{report.words}: nothing was changed",
            report.date,
            report.message_id,
        )
        for report in posted.claims
        if not (report.known and report.what in _EVENTS)
    ]
    events = [
        *(() if posted.only_reported else _versions(posted)),
        *_answers(posted.replies),
        *_reported_trees(posted.events),
        *claims,
    ]
    return sorted(
        events, key=lambda event: event.when.timestamp() if event.when else 0.0
    )


def _delivery(series: Tracked) -> Iterator[StoryEvent]:
    for report in series.delivery:
        yield StoryEvent(
            StoryKind.PROBLEM,
            f"{report.words}; {report.advice}",
            None,
            report.message_id,
        )


def _versions(posted: PostedSeries) -> Iterator[StoryEvent]:
    for revision in posted.revisions:
        count = len(revision.patches)
        patches = f", {counted(count, 'patch', 'patches')}" if count > 1 else ""
        yield StoryEvent(
            StoryKind.SENT,
            f"{revision.label} sent{patches}",
            revision.sent,
            revision.message_id,
        )


def reply_words(mail: Classified) -> tuple[StoryKind, str] | None:
    """Return the kind and a description of a reply, or None for mere discussion."""
    who = mail.sender_name
    if mail.kind is MailKind.TRAILERS:
        return (
            StoryKind.GOOD,
            f"{', '.join(dict.fromkeys(trailer.name for trailer in mail.credited))} {who}",
        )
    if mail.kind not in _REPLIES:
        return None
    kind, words = (
        (StoryKind.REPLY, "build warnings: {who}")
        if mail.only_warns
        else _REPLIES[mail.kind]
    )
    return kind, words.format(who=who)


def event_words(events: Sequence[Claim]) -> tuple[StoryKind, str]:
    """Return the kind and a description of events that messages report about a tree.

    For several events of one kind, the description names all their versions.
    """
    first = events[0]
    versions = (
        ", ".join(
            dict.fromkeys(
                event.version.removesuffix(".y") for event in events if event.version
            )
        )
        or "stable"
    )
    kind, words = _EVENTS[first.what]
    if first.what == "applied" and not first.tree:
        words = "applied by {who}"
    text = words.format(
        versions=versions, tree=first.tree or "a tree", who=first.by.partition(" <")[0]
    )
    text += "" if first.proven or first.what not in IN_A_TREE else " (claimed)"
    return (
        (StoryKind.PROBLEM, f"{text}; withdrawn: {first.withdrawn}")
        if first.withdrawn
        else (kind, text)
    )


def _answers(replies: Sequence[Reply]) -> Iterator[StoryEvent]:
    """Yield the important replies by others.

    If a sender sent several replies of one kind to a version, yield only the first.
    """
    seen: set[tuple[object, ...]] = set()
    for reply in replies:
        mail = reply.mail
        if mail.by_author or (words := reply_words(mail)) is None:
            continue
        kind, text = words
        if (reply.version, text) not in seen:
            seen.add((reply.version, text))
            about = (
                f" (patch {reply.patch})"
                if reply.patch and mail.subject.total and mail.subject.total > 1
                else ""
            )
            yield StoryEvent(
                kind, f"{text}{about}", mail.mail.date, mail.mail.message_id
            )


def _reported_trees(events: Sequence[Claim]) -> Iterator[StoryEvent]:
    """Yield the trees reported in messages.

    Branches that messages of one kind name on the same day are merged.
    """
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for event in events:
        # a reviewer's rejection is already listed as a reply
        if event.what in _EVENTS and event.what != "refused":
            day = event.date.date() if event.date else None
            groups.setdefault(
                (event.what, day, event.tree, event.commit, bool(event.withdrawn)), []
            ).append(event)
    for group in groups.values():
        first = group[0]
        yield StoryEvent(
            *event_words(group),
            first.date,
            first.commit[:12] if first.commit else first.message_id,
        )


def _merge_events(posted: PostedSeries) -> Iterator[StoryEvent]:
    """Yield the events in the repository and those after them."""
    several = len(posted.latest.patches) > 1
    for landed in posted.landed:
        if landed.message_id is None and not landed.stable_version:
            about = f" (patch {landed.patch})" if several and landed.patch else ""
            release = (
                f", first in {landed.release}"
                if landed.release
                else ", in no release yet"
                if landed.in_mainline
                else ""
            )
            where = "mainline" if landed.in_mainline else landed.tree
            yield StoryEvent(
                StoryKind.GOOD,
                f"in {where}{release}{about}",
                None,
                (landed.commit or "")[:12],
            )
    for branch in posted.stable:
        if branch.state in ("merged", "released"):
            yield StoryEvent(
                StoryKind.GOOD,
                f"{branch.version}: {branch.words}",
                None,
                (branch.commit or "")[:12],
            )
    for later in posted.follow_ups:
        yield StoryEvent(
            StoryKind.PROBLEM,
            f"“{later.subject}” {later.relation} it ({later.state})",
            None,
            later.message_id,
        )
