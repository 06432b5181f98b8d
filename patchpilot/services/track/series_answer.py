# SPDX-License-Identifier: GPL-2.0-or-later
"""What `track` answers about tracked series: the rows that its text and its JSON are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from patchpilot.archive.track_store import TrackEntry
from patchpilot.history.release_cycle import MergeWindow
from patchpilot.model.action import actions
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Mail
from patchpilot.reading.ci_verdict import CiVerdict
from patchpilot.reading.identities import Claim
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import Revision
from patchpilot.reading.promises import Promise, awaited, promises
from patchpilot.reading.review_table import ReviewerReviews, ReviewTable
from patchpilot.reading.substate import PATCHWORK
from patchpilot.reading.thread_values import Credit, FollowUp, PatchState, Reply
from patchpilot.services.track.machine_reviews import (
    MachineReview,
    known_machine_reviews,
)
from patchpilot.services.track.patchwork_state import (
    PatchInPatchwork,
    ci_of,
    known_patchwork,
)
from patchpilot.services.track.review_lines import review_of
from patchpilot.services.track.series_turns import turn_of
from patchpilot.services.track.transfer_series import Imported
from patchpilot.topic.followed.forecast import Forecast, known_forecast
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.home.home_topic import Turn
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
    """A revision of a series as it was sent."""

    revision: Revision

    @property
    def mail(self) -> Mail:
        """Its first mail."""
        return self.revision.first.mail.mail


@json_form()
@dataclass(frozen=True, slots=True)
class MissingRevision:
    """A revision that is not in the archive, and the Message-ID that a later one links to."""

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
    """A mail about a series, and whether it is unread."""

    reply: Reply
    unread: bool

    @property
    def mail(self) -> Classified:
        """The mail and its kind."""
        return self.reply.mail

    @property
    def sender(self) -> str:
        """Its sender as a trailer names them."""
        return self.mail.sender.trailer()

    @property
    def text(self) -> str:
        """The beginning of its text, at most `TEXT_LIMIT` characters."""
        return self.mail.body.text[:TEXT_LIMIT]


@json_form(
    "id=tracked.entry.id",
    "message_id=tracked.entry.message_id",
    "subject=tracked.subject",
    "this_topic=tracked.own",
    "state=tracked.state",
    "substate=tracked.substate",
    "patchwork_state",
    "turn",
    "why",
    "author",
    "source",
    "updated=tracked.entry.updated",
    "last_activity",
    "as_of=tracked.as_of",
    "revisions",
    "missing_revisions",
    "trailers",
    "claims",
    "tags",
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
    "awaited",
    "promises",
    "forecast",
    "merge_window",
    "patchwork",
    "machine_reviews",
)
@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """Everything about a tracked series; what its mails say is empty while none is known."""

    tracked: Tracked

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        return turn_of(self.tracked)

    @property
    def patchwork_state(self) -> str:
        """Patchwork's word for its state, or for what it waits for."""
        return PATCHWORK[self.tracked.word]

    @property
    def why(self) -> str:
        """Why it is in its state, in words."""
        if self.tracked.status:
            return self.tracked.status.why
        return "undisclosed" if self.tracked.undisclosed else "no archive has it yet"

    @property
    def author(self) -> str | None:
        """Its author as a trailer names them."""
        status = self.tracked.status
        return status.topic.author.trailer() if status else None

    @property
    def source(self) -> str | None:
        """Where it is read: an archive's URL or path, or an mbox."""
        return self.tracked.entry.lore or self.tracked.entry.mbox

    @property
    def last_activity(self) -> datetime | None:
        """When its latest mail was sent."""
        return self.tracked.status.last_activity if self.tracked.status else None

    @property
    def revisions(self) -> tuple[SentRevision, ...]:
        """Its revisions, the oldest first."""
        status = self.tracked.status
        return tuple(map(SentRevision, status.topic.revisions)) if status else ()

    @property
    def missing_revisions(self) -> tuple[MissingRevision, ...]:
        """The revisions that later ones link to and that are not in the archive."""
        status = self.tracked.status
        missing = status.topic.missing if status else {}
        return tuple(
            MissingRevision(version, message_id)
            for message_id, version in missing.items()
        )

    @property
    def trailers(self) -> tuple[Credit, ...]:
        """The tags that were given to it."""
        return self.tracked.status.trailers if self.tracked.status else ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What was reported from addresses not seen before."""
        return self.tracked.status.claims if self.tracked.status else ()

    @property
    def tags(self) -> Mapping[str, int]:
        """How many of each review tag it has."""
        return self.tracked.summary.tags if self.tracked.summary else {}

    @property
    def ci(
        self,
    ) -> Literal[CiVerdict.FAILED, CiVerdict.WARNED, CiVerdict.PASSED] | None:
        """What bots report of the latest version; None where nothing decides."""
        verdict = ci_of(self.tracked)
        return None if verdict is CiVerdict.UNKNOWN else verdict

    @property
    def replies(self) -> tuple[ReceivedReply, ...]:
        """The mails about it, the oldest first."""
        status, unread = self.tracked.status, self.tracked.unread
        return tuple(
            ReceivedReply(reply, reply.mail.mail.message_id in unread)
            for reply in (status.replies if status else ())
        )

    @property
    def patches(self) -> tuple[PatchState, ...]:
        """The state of each patch."""
        return self.tracked.status.patches if self.tracked.status else ()

    @property
    def review(self) -> ReviewTable | None:
        """What each reviewer has done with each patch of the latest version."""
        return review_of(self.tracked)

    @property
    def reviewers(self) -> tuple[ReviewerReviews, ...]:
        """The reviewers of the latest version, and what each has done with each patch."""
        return self.review.by_reviewer if self.review else ()

    @property
    def follow_ups(self) -> tuple[FollowUp, ...]:
        """Later series and commits about it."""
        return self.tracked.status.follow_ups if self.tracked.status else ()

    @property
    def unread(self) -> int:
        """How many of its mails are unread."""
        return len(self.tracked.unread)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """The commands of the next step, quoted for a shell."""
        return tuple(action.command for action in actions(self.tracked.step.advice))

    @property
    def awaited(self) -> tuple[str, ...]:
        """The people whose answer is awaited, as far as messages name or ask them."""
        return awaited(self.tracked.status) if self.tracked.status else ()

    @property
    def promises(self) -> tuple[Promise, ...]:
        """What was announced for a day and not done since."""
        return promises(self.tracked.status) if self.tracked.status else ()

    @property
    def forecast(self) -> Forecast | None:
        """How long it usually takes on its list, as far as that is known here."""
        return known_forecast(self.tracked)

    @property
    def merge_window(self) -> MergeWindow | None:
        """The merge window that is open or comes next."""
        return self.tracked.window

    @property
    def patchwork(self) -> tuple[PatchInPatchwork, ...]:
        """What patchwork had for the latest version when it was asked."""
        return known_patchwork(self.tracked)

    @property
    def machine_reviews(self) -> tuple[MachineReview, ...]:
        """What machines published about the latest version when they were asked."""
        return known_machine_reviews(self.tracked)


@json_form("series", "topic", "imported?")
@dataclass(frozen=True, slots=True)
class TrackAnswer:
    """Followed series, the state of the current topic, and what `track import` did."""

    series: tuple[SeriesAnswer, ...]
    topic: TopicState | None = None
    imported: Imported | None = None


@json_form()
@dataclass(frozen=True, slots=True)
class RemovedAnswer:
    """What `track remove` did."""

    series: tuple[SeriesAnswer, ...]
    removed: TrackEntry
