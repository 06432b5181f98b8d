# SPDX-License-Identifier: GPL-2.0-or-later
"""What is drawn of a series over time: lanes of revisions, reviews, bots, trees and stable branches, each mark with its proof."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain

from patchpilot.services.track.page.sources import Sources
from patchpilot.threads.mail_classifier import Classified
from patchpilot.threads.mail_kinds import WANTS_ANSWER, MailKind
from patchpilot.threads.status import Reply, Status


class Tone(StrEnum):
    """What a mark means for the author, as the page's colors name it."""

    SENT = "sent"
    NOTE = "note"
    ASKS = "asks"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """An event on a lane: when, what, and the address of its proof; a mark with a `label` is drawn as that."""

    when: datetime
    tone: Tone
    text: str
    address: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of marks, the oldest first."""

    title: str
    marks: tuple[Mark, ...]


_TONES = {
    MailKind.ACK: Tone.GOOD,
    MailKind.TRAILERS: Tone.GOOD,
    MailKind.NACK: Tone.BAD,
    MailKind.BUILD_FAILURE: Tone.BAD,
}
_STABLE = {
    "proposed": (Tone.NOTE, "proposed by AUTOSEL for {}"),
    "review": (Tone.NOTE, "in the stable review of {}"),
    "queued": (Tone.GOOD, "queued for {}"),
    "failed": (Tone.BAD, "did not apply to {}"),
}
_STATEMENTS = {
    "applied": (Tone.GOOD, "applied to {}"),
    "merged": (Tone.GOOD, "merged into {}"),
    "dropped": (Tone.BAD, "dropped from {}"),
    "refused": (Tone.BAD, "rejected"),
    "withdrawn": (Tone.BAD, "withdrawn"),
    "superseded": (Tone.BAD, "another version was applied"),
    "redone": (Tone.ASKS, "marked for a new version"),
}
_MAILS_OF_TREES = frozenset((MailKind.APPLIED, MailKind.PULL_MERGED, MailKind.MM_COMMIT, MailKind.TIP_COMMIT, MailKind.LINUX_NEXT))
_MAILS_OF_STABLE = frozenset((MailKind.STABLE_ADDED, MailKind.STABLE_FAILED, MailKind.STABLE_REVIEW, MailKind.AUTOSEL))


def lanes(status: Status, sources: Sources) -> tuple[Lane, ...]:
    """The lanes that have marks: revisions, reviews, bots, then each tree and each stable branch."""
    sent = [
        Mark(it.sent, Tone.SENT, f"{it.label} sent", sources.mail(it.head.message_id), it.label) for it in status.topic.revisions if it.sent
    ]
    others = [reply for reply in status.replies if not reply.mail.by_author and reply.mail.kind not in _MAILS_OF_TREES | _MAILS_OF_STABLE]
    people = [mark for reply in others if not reply.mail.bot and (mark := _answer(reply, sources))]
    bots = [mark for reply in others if reply.mail.bot and (mark := _answer(reply, sources))]
    every = [("Revisions", sent), ("Reviews", people), ("Bots", bots), *_by_tree(status, sources).items()]
    return tuple(Lane(title, tuple(sorted(marks, key=lambda mark: mark.when))) for title, marks in every if marks)


def tone_of(mail: Classified) -> Tone:
    """What a reply means for the author."""
    return _TONES.get(mail.kind, Tone.ASKS if mail.kind in WANTS_ANSWER else Tone.NOTE)


def _answer(reply: Reply, sources: Sources) -> Mark | None:
    mail = reply.mail
    if mail.mail.date is None:
        return None
    tags = ", ".join(dict.fromkeys(tag.name for tag in mail.credited))
    what = f"{tags} by" if tags else "reply by" if mail.kind is MailKind.OTHER else f"{str(mail.kind).replace('-', ' ')} by"
    return Mark(mail.mail.date, tone_of(mail), f"{what} {mail.sender.name or mail.sender.email}", sources.mail(mail.mail.message_id))


def _by_tree(status: Status, sources: Sources) -> dict[str, list[Mark]]:
    """The marks of each tree and then of each stable branch, from the lowest version to the highest."""
    trees: dict[str, list[Mark]] = {}
    branches: dict[str, list[Mark]] = {}
    for lane, mark in chain(_statements(status, sources), _in_git(status, sources)):
        (branches if lane.startswith("stable") else trees).setdefault(lane, []).append(mark)
    ordered = sorted(branches, key=lambda lane: [int(part) for part in lane.split()[-1].split(".") if part.isdigit()])
    return trees | {lane: branches[lane] for lane in ordered}


def tree_label(tree: str) -> str:
    """The name of a tree on the page: `stable 6.1` for a stable branch; without the address of the maintainer after whom it is named."""
    version = tree.removeprefix("stable/linux-")
    return tree.partition(" <")[0] if version == tree else f"stable {version.removesuffix('.y')}"


def _in_git(status: Status, sources: Sources) -> Iterator[tuple[str, Mark]]:
    """What the commits of a repository prove, and no mail."""
    for patch in status.patches:
        for place in patch.trees:
            commit, date = place.proof.commit, place.proof.date
            if commit and date and place.proof.message_id is None:
                tone = Tone.BAD if place.state == "reverted" else Tone.GOOD
                release = f", first in {place.release}" if place.release else ""
                yield tree_label(place.tree), Mark(date, tone, f"{commit[:12]} {place.state}{release}", sources.commit(commit, place.tree))


def _statements(status: Status, sources: Sources) -> Iterator[tuple[str, Mark]]:
    for event in status.events:
        if event.date is None:
            continue
        taken_back = f"; withdrawn: {event.withdrawn}" if event.withdrawn else ""
        address = sources.mail(event.message_id)
        if event.what in _STABLE and event.version:
            tone, words = _STABLE[event.what]
            version = event.version.removesuffix(".y")
            yield f"stable {version}", Mark(event.date, Tone.BAD if taken_back else tone, words.format(version) + taken_back, address)
        elif event.what in _STATEMENTS:
            tone, words = _STATEMENTS[event.what]
            tree = event.tree or "a tree"
            about = f" (patch {event.patch})" if event.patch and len(status.topic.latest.patches) > 1 else ""
            said = words.format(tree) + about + f" by {event.by.partition(' <')[0]}" + taken_back
            yield event.tree or "Trees", Mark(event.date, Tone.BAD if taken_back else tone, said, address)
