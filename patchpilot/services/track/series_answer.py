# SPDX-License-Identifier: GPL-2.0-or-later
"""The results of the command `track`, from which its text output and its JSON are made."""

from dataclasses import dataclass
from typing import Literal

from patchpilot.archive.track_store import TrackEntry
from patchpilot.model.action import actions
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Mail
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import Revision
from patchpilot.reading.review_table import ReviewerReviews, ReviewTable
from patchpilot.reading.thread_match import Reply
from patchpilot.reading.thread_values import Claim, Credit, FollowUp, PatchState
from patchpilot.services.track.review_lines import review_of
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.home.home_topic import TURNS, Turn
from patchpilot.topic.topic_state import TopicState

TEXT_LIMIT = 4000


@json_form(
    "version=revision.version",
    "message_id=revision.message_id",
    "sent=revision.sent",
    "label=revision.label",
    "subject=revision.head.title",
    "patches=revision.patch_count",
    "rfc=revision.rfc",
    "resend=revision.resend",
    "date_damaged=mail.date_damaged",
)
@dataclass(frozen=True, slots=True)
class SentRevision:
    """A sent revision of a series."""

    revision: Revision

    @property
    def mail(self) -> Mail:
        return self.revision.first.mail.mail


@json_form()
@dataclass(frozen=True, slots=True)
class MissingRevision:
    """A revision missing from the archive, and its Message-ID.

    The Message-ID is known from a link in a later revision.
    """

    version: int
    message_id: str


@json_form(
    "message_id=mail.mail.message_id",
    "from=sender",
    "date=mail.mail.date",
    "date_damaged=mail.mail.date_damaged",
    "kind=mail.kind",
    "confidence=mail.confidence",
    "bot=mail.bot",
    "unread",
    "subject=mail.mail.subject",
    "version=reply.version",
    "patch=reply.patch",
    "unseen_address=mail.doubtful",
    "text",
)
@dataclass(frozen=True, slots=True)
class ReceivedReply:
    """A message about a series, and whether it is unread."""

    reply: Reply
    unread: bool

    @property
    def mail(self) -> Classified:
        return self.reply.mail

    @property
    def sender(self) -> str:
        return self.mail.sender.trailer()

    @property
    def text(self) -> str:
        return self.mail.body.text[:TEXT_LIMIT]


@json_form(
    "id=tracked.entry.id",
    "message_id=tracked.entry.message_id",
    "subject=tracked.subject",
    "this_topic=tracked.own",
    "state=tracked.state",
    "proven=tracked.proven",
    "turn",
    "why=tracked.why",
    "author",
    "source",
    "updated=tracked.entry.updated",
    "last_activity=tracked.last_activity",
    "as_of=tracked.as_of",
    "revisions",
    "missing_revisions",
    "trailers",
    "claims",
    "tags=tracked.tags",
    "ci",
    "replies",
    "patches",
    "review",
    "reviewers",
    "landed=tracked.landed",
    "stable=tracked.stable",
    "follow_ups",
    "unread",
    "new=tracked.new",
    "troubles=tracked.notes",
    "delivery=tracked.delivery",
    "next_step=tracked.next_step",
    "next_commands",
)
@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """All information about a tracked series.

    Information from messages is empty if no messages of the series are known.
    """

    tracked: Tracked

    @property
    def turn(self) -> Turn:
        return TURNS[self.tracked.step.need]

    @property
    def author(self) -> str | None:
        posted = self.tracked.posted
        return posted.author.trailer() if posted else None

    @property
    def source(self) -> str | None:
        return self.tracked.entry.lore or self.tracked.entry.mbox

    @property
    def revisions(self) -> tuple[SentRevision, ...]:
        posted = self.tracked.posted
        return tuple(map(SentRevision, posted.revisions)) if posted else ()

    @property
    def missing_revisions(self) -> tuple[MissingRevision, ...]:
        """The revisions that later ones link to but the archive lacks."""
        posted = self.tracked.posted
        missing = posted.missing if posted else {}
        return tuple(
            MissingRevision(version, message_id)
            for message_id, version in missing.items()
        )

    @property
    def trailers(self) -> tuple[Credit, ...]:
        return self.tracked.posted.trailers if self.tracked.posted else ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.tracked.posted.claims if self.tracked.posted else ()

    @property
    def ci(
        self,
    ) -> Literal[CiVerdict.FAILED, CiVerdict.WARNED, CiVerdict.PASSED] | None:
        """The bots' verdict on the latest version, or None if unclear."""
        verdict = CiVerdict(self.tracked.ci)
        return None if verdict is CiVerdict.UNKNOWN else verdict

    @property
    def replies(self) -> tuple[ReceivedReply, ...]:
        posted, unread = self.tracked.posted, self.tracked.unread
        return tuple(
            ReceivedReply(reply, reply.message_id in unread)
            for reply in (posted.replies if posted else ())
        )

    @property
    def patches(self) -> tuple[PatchState, ...]:
        return self.tracked.posted.patches if self.tracked.posted else ()

    @property
    def review(self) -> ReviewTable | None:
        return review_of(self.tracked)

    @property
    def reviewers(self) -> tuple[ReviewerReviews, ...]:
        return self.review.by_reviewer if self.review else ()

    @property
    def follow_ups(self) -> tuple[FollowUp, ...]:
        return self.tracked.posted.follow_ups if self.tracked.posted else ()

    @property
    def unread(self) -> int:
        return len(self.tracked.unread)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """The commands of the next step, quoted for a shell."""
        return tuple(action.command for action in actions(self.tracked.step.advice))


@json_form()
@dataclass(frozen=True, slots=True)
class TrackAnswer:
    """The tracked series, and the state of the current topic."""

    series: tuple[SeriesAnswer, ...]
    topic: TopicState | None = None


@json_form()
@dataclass(frozen=True, slots=True)
class RemovedAnswer:
    """The result of `track remove`: the remaining series and the removed one."""

    series: tuple[SeriesAnswer, ...]
    removed: TrackEntry
