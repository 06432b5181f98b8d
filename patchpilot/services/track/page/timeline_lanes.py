# SPDX-License-Identifier: GPL-2.0-or-later
"""The lanes of a series' timeline: revisions, reviews, bots, trees and stable branches.

Each mark on a lane is linked to its evidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

from patchpilot.model.bounded_number import number
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.reading.status import Reply, Status
from patchpilot.services.track.page.sources import Sources
from patchpilot.topic.followed.story import StoryKind, event_words, reply_words


class Tone(StrEnum):
    """The meaning of a timeline mark for the author, which determines the mark's color."""

    SENT = "sent"
    NOTE = "note"
    ASKS = "asks"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on a lane of the timeline: its time, tone, description and URL.

    A mark with a `label` is drawn as this label.
    """

    when: datetime
    tone: Tone
    text: str
    address: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of the timeline: its title and its marks, oldest first."""

    title: str
    marks: tuple[Mark, ...]


_TONES = {
    MailKind.ACK: Tone.GOOD,
    MailKind.TRAILERS: Tone.GOOD,
    MailKind.NACK: Tone.BAD,
    MailKind.BUILD_FAILURE: Tone.BAD,
}
TONES = {
    StoryKind.SENT: Tone.SENT,
    StoryKind.PROBLEM: Tone.BAD,
    StoryKind.GOOD: Tone.GOOD,
}
"""The tone of an event of the story; of any other kind it is a note."""
_STABLE = ("proposed", "review", "queued", "failed")
_STATEMENTS = (
    "applied",
    "merged",
    "dropped",
    "refused",
    "withdrawn",
    "superseded",
    "redone",
)
_MAILS_OF_TREES = frozenset(
    (
        MailKind.APPLIED,
        MailKind.PULL_MERGED,
        MailKind.MM_COMMIT,
        MailKind.TIP_COMMIT,
        MailKind.LINUX_NEXT,
    )
)
_MAILS_OF_STABLE = frozenset(
    (
        MailKind.STABLE_ADDED,
        MailKind.STABLE_FAILED,
        MailKind.STABLE_REVIEW,
        MailKind.AUTOSEL,
    )
)


def lanes(status: Status, sources: Sources) -> tuple[Lane, ...]:
    """Returns the non-empty lanes: revisions, reviews, bots, then each tree and stable branch."""
    sent = [
        Mark(
            it.sent,
            Tone.SENT,
            f"{it.label} sent",
            sources.mail(it.message_id),
            it.label,
        )
        for it in status.topic.revisions
        if it.sent
    ]
    others = [
        reply
        for reply in status.replies
        if not reply.mail.by_author
        and reply.mail.kind not in _MAILS_OF_TREES | _MAILS_OF_STABLE
    ]
    people = [
        mark
        for reply in others
        if not reply.mail.bot and (mark := _answer(reply, sources))
    ]
    bots = [
        mark for reply in others if reply.mail.bot and (mark := _answer(reply, sources))
    ]
    every = [
        ("Revisions", sent),
        ("Reviews", people),
        ("Bots", bots),
        *_by_tree(status, sources).items(),
    ]
    return tuple(
        Lane(title, tuple(sorted(marks, key=lambda mark: mark.when)))
        for title, marks in every
        if marks
    )


def tone_of(mail: Classified) -> Tone:
    """Returns the tone of a reply, which shows its meaning for the author."""
    return _TONES.get(mail.kind, Tone.ASKS if mail.kind in WANTS_ANSWER else Tone.NOTE)


def _answer(reply: Reply, sources: Sources) -> Mark | None:
    mail = reply.mail
    if mail.mail.date is None:
        return None
    said = reply_words(mail)
    text = said[1] if said else f"reply by {mail.who}"
    return Mark(mail.mail.date, tone_of(mail), text, sources.mail(mail.mail.message_id))


def _by_tree(status: Status, sources: Sources) -> dict[str, list[Mark]]:
    """The marks of each tree and then of each stable branch, from the lowest version to the
    highest.
    """
    trees: dict[str, list[Mark]] = {}
    branches: dict[str, list[Mark]] = {}
    for lane, mark in chain(_statements(status, sources), _in_git(status, sources)):
        (branches if lane.startswith("stable") else trees).setdefault(lane, []).append(
            mark
        )
    ordered = sorted(
        branches,
        key=lambda lane: [number(part) for part in lane.split()[-1].split(".")],
    )
    return trees | {lane: branches[lane] for lane in ordered}


def tree_label(tree: str) -> str:
    """Returns the name of a tree for the HTML page, such as `stable 6.1` for a stable branch.

    The maintainer's address is removed from the name.
    """
    version = tree.removeprefix("stable/linux-")
    return (
        tree.partition(" <")[0]
        if version == tree
        else f"stable {version.removesuffix('.y')}"
    )


def _in_git(status: Status, sources: Sources) -> Iterator[tuple[str, Mark]]:
    """What the commits of a repository prove, and no mail."""
    for patch in status.patches:
        for place in patch.trees:
            commit, date = place.proof.commit, place.proof.date
            if commit and date and place.proof.message_id is None:
                tone = Tone.BAD if place.state == "reverted" else Tone.GOOD
                release = f", first in {place.release}" if place.release else ""
                yield (
                    tree_label(place.tree),
                    Mark(
                        date,
                        tone,
                        f"{commit[:12]} {place.state}{release}",
                        sources.commit(commit, place.tree),
                    ),
                )


def _statements(status: Status, sources: Sources) -> Iterator[tuple[str, Mark]]:
    for event in status.events:
        of_branch = event.what in _STABLE and event.version
        if event.date is None or not (of_branch or event.what in _STATEMENTS):
            continue
        kind, text = event_words([event])
        about = (
            f" (patch {event.patch})"
            if event.patch and not of_branch and len(status.topic.latest.patches) > 1
            else ""
        )
        lane = (
            f"stable {event.version.removesuffix('.y')}"
            if of_branch and event.version
            else event.tree or "Trees"
        )
        yield (
            lane,
            Mark(
                event.date,
                TONES.get(kind, Tone.NOTE),
                text + about,
                sources.mail(event.message_id),
            ),
        )
