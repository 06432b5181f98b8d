# SPDX-License-Identifier: GPL-2.0-or-later
"""List the history of a series, from its first version to the stable releases.

Each event has its date and its evidence.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.printable import format_count
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.thread_values import IN_A_TREE, Claim
from patchpilot.threads.tracked import Tracked


class StoryKind(StrEnum):
    """The kind of an event from the author's point of view."""

    SENT = "sent"
    REPLY = "reply"
    PROBLEM = "problem"
    GOOD = "good"
    LATER = "later"


class StoryEvent(NamedTuple):
    """An event, with its description, its time and its evidence.

    The evidence is a Message-ID or a commit. `when` is None if the time is unknown or in the
    future.
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

    Events that were found in the repository and have no date come last.
    """
    posted = series.posted
    if posted is None:
        return (
            StoryEvent(
                StoryKind.SENT,
                "sent; not in the archive yet",
                proof=series.entry.message_id,
            ),
            *_delivery_events(series),
        )
    return (
        *list_posted_events(posted),
        *_delivery_events(series),
        *_merge_events(posted),
    )


def list_posted_events(posted: PostedSeries) -> list[StoryEvent]:
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
        *(() if posted.only_reported else _version_events(posted)),
        *_reply_events(posted.replies),
        *_tree_events(posted.events),
        *claims,
    ]
    return sorted(events, key=lambda event: event.when.timestamp() if event.when else 0.0)


def _delivery_events(series: Tracked) -> Iterator[StoryEvent]:
    for report in series.delivery:
        yield StoryEvent(
            StoryKind.PROBLEM,
            f"{report.words}; {report.advice}",
            None,
            report.message_id,
        )


def _version_events(posted: PostedSeries) -> Iterator[StoryEvent]:
    for revision in posted.revisions:
        count = len(revision.patches)
        patches = f", {format_count(count, 'patch', 'patches')}" if count > 1 else ""
        yield StoryEvent(
            StoryKind.SENT,
            f"{revision.label} sent{patches}",
            revision.sent,
            revision.message_id,
        )


def describe_reply(mail: Classified) -> tuple[StoryKind, str] | None:
    """Return the kind and a description of a reply.

    Return None if the reply is only part of a discussion.
    """
    sender = mail.sender_name
    if mail.kind is MailKind.TRAILERS:
        return (
            StoryKind.GOOD,
            f"{', '.join(dict.fromkeys(trailer.name for trailer in mail.credited))} {sender}",
        )
    if mail.kind not in _REPLIES:
        return None
    kind, template = (
        (StoryKind.REPLY, "build warnings: {who}") if mail.only_warns else _REPLIES[mail.kind]
    )
    return kind, template.format(who=sender)


def describe_claims(events: Sequence[Claim]) -> tuple[StoryKind, str]:
    """Return the kind and a description of what messages report about a tree.

    The claims are all of the same kind, and the description names the stable versions of all of
    them.
    """
    first = events[0]
    versions = (
        ", ".join(
            dict.fromkeys(event.version.removesuffix(".y") for event in events if event.version)
        )
        or "stable"
    )
    kind, template = _EVENTS[first.what]
    if first.what == "applied" and not first.tree:
        template = "applied by {who}"
    text = template.format(
        versions=versions, tree=first.tree or "a tree", who=first.by.partition(" <")[0]
    )
    text += "" if first.proven or first.what not in IN_A_TREE else " (claimed)"
    return (
        (StoryKind.PROBLEM, f"{text}; withdrawn: {first.withdrawn}")
        if first.withdrawn
        else (kind, text)
    )


def _reply_events(replies: Sequence[Reply]) -> Iterator[StoryEvent]:
    """Yield an event for each important reply by others.

    If several replies to a version have the same kind and sender, yield only the first.
    """
    seen: set[tuple[object, ...]] = set()
    for reply in replies:
        mail = reply.mail
        if mail.by_author or (description := describe_reply(mail)) is None:
            continue
        kind, text = description
        if (reply.version, text) not in seen:
            seen.add((reply.version, text))
            suffix = (
                f" (patch {reply.patch})"
                if reply.patch and mail.subject.total and mail.subject.total > 1
                else ""
            )
            yield StoryEvent(kind, f"{text}{suffix}", mail.mail.date, mail.mail.message_id)


def _tree_events(events: Sequence[Claim]) -> Iterator[StoryEvent]:
    """Yield the events that messages report about trees.

    Reports of the same kind on the same day become one event.
    """
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for event in events:
        # rejections by reviewers are already reported as replies
        if event.what in _EVENTS and event.what != "refused":
            day = event.date.date() if event.date else None
            is_open = bool(event.withdrawn), event.proven
            key = (event.what, day, event.tree, event.commit, is_open)
            groups.setdefault(key, []).append(event)
    for group in groups.values():
        first = group[0]
        yield StoryEvent(
            *describe_claims(group),
            first.date,
            first.commit[:12] if first.commit else first.message_id,
        )


def _merge_events(posted: PostedSeries) -> Iterator[StoryEvent]:
    is_series = len(posted.latest.patches) > 1
    for landed in posted.landed:
        if landed.message_id is None and not landed.stable_version:
            suffix = f" (patch {landed.patch})" if is_series and landed.patch else ""
            release = (
                f", first in {landed.release}"
                if landed.release
                else ", in no release yet"
                if landed.in_mainline
                else ""
            )
            tree = "mainline" if landed.in_mainline else landed.tree
            yield StoryEvent(
                StoryKind.GOOD,
                f"in {tree}{release}{suffix}",
                None,
                (landed.commit or "")[:12],
            )
    for branch in posted.stable:
        if branch.has_commit:
            yield StoryEvent(
                StoryKind.GOOD,
                f"{branch.version}: {branch.words}",
                None,
                (branch.commit or "")[:12],
            )
    for follow_up in posted.follow_ups:
        yield StoryEvent(
            StoryKind.PROBLEM,
            f"“{follow_up.subject}” {follow_up.words} ({follow_up.state})",
            None,
            follow_up.message_id,
        )
