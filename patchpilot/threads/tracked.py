# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the record of a tracked series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from patchpilot.archive.track_store import MOST_READ, TrackEntry
from patchpilot.model.action import Action, actions_in_advice
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count
from patchpilot.reading.delivery import DeliveryReport
from patchpilot.reading.series_summary import SeriesSummary

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import PostedSeries, Reply
    from patchpilot.reading.review_table import ReviewerReviews, ReviewTable

_MAX_QUOTED = 3
UNREAD_PATCH = "only a report about the patch was read: versions and reviews are unknown"


@json_form(
    "id=entry.id message_id=entry.message_id subject this_topic=own state proven "
    "turn=step.need why source updated=entry.updated last_activity as_of *about tags ci "
    "replies review reviewers unread=unread_count new troubles=notes delivery next_step "
    "next_commands"
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked(SeriesSummary):
    """A tracked series for display: its summary, facts from the repository if available, and data
    from the store.

    `posted` contains the series if its messages were read (`is_read`); it is also None while the
    series is in no archive. `cached` is set if the archive was not queried because its cached
    responses were still valid; the threads are then as of `entry.updated`. `own` is set if the
    series belongs to the current topic, `is_next_begun` if its next version was started, and
    `is_topic_merged` if mainline has all the topic's patches. `undisclosed` is set if it is a
    security fix that is not public yet, so no server is queried about it. `as_of` is the time to
    which ages refer, or None for the current time. `marks` contains the states that the user set
    for review comments, `delivery` the messages known not to have been delivered, and
    `damaged_ids` the ids of messages that could not be read. `left_out` is the number of messages
    that were not read, and `unplaced` the subjects of messages that belong to no series, if
    messages were read. `update_notes` lists what the user should know about the last update, such
    as an unreachable archive.
    """

    entry: TrackEntry
    unread: frozenset[str]
    posted: "PostedSeries | None" = field(default=None, repr=False, compare=False)
    is_read: bool = False
    undisclosed: bool = False
    as_of: datetime | None = None
    damaged_ids: tuple[str, ...] = ()
    left_out: int = 0
    unplaced: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    update_notes: tuple[str, ...] = ()
    unreachable: bool = False
    cached: bool = False
    own: bool = False
    is_next_begun: bool = False
    is_topic_merged: bool = False
    marks: Mapping[tuple[str, int], str] = field(default_factory=dict)
    delivery: tuple[DeliveryReport, ...] = ()

    @property
    def amend_commands(self) -> str:
        """Return the git commands that add edited code to the right commit of the topic."""
        if len(self.about.patches) < 2:
            return "git commit -a --amend"
        return "git commit -a --fixup=ID, then git rebase -i --autosquash ID~"

    @property
    def about(self) -> "PostedSeries":
        """Return the series with what is known from messages and from the repository.

        The result is empty if nothing is known.
        """
        from patchpilot.reading.posted_series import PostedSeries

        return self.posted or PostedSeries(())

    @property
    def without_update(self) -> Self:
        """Return the series without the time and the new messages of its last update."""
        return replace(self, entry=self.entry._replace(updated=None), new=())

    @property
    def facts(self) -> tuple[object, ...]:
        """Return the messages, the state and the next step, to compare two updates."""
        messages = self.posted and self.posted.message_ids
        return self.entry.id, messages, self.unread, self.state, self.step

    @property
    def shown_unread(self) -> frozenset[str]:
        """Return the unread messages that a view of the whole series shows."""
        if self.posted:
            return self.unread & self.posted.message_ids
        return self.unread & {report.message_id for report in self.delivery}

    @property
    def source(self) -> str | None:
        return self.entry.lore or self.entry.mbox

    @property
    def replies(self) -> "tuple[Reply, ...]":
        replies = self.about.replies
        return tuple(reply._replace(unread=reply.message_id in self.unread) for reply in replies)

    @property
    def review(self) -> "ReviewTable | None":
        """Return each reviewer's verdict on each patch of the latest version."""
        from patchpilot.reading.review_table import review_table

        return review_table(self.posted) if self.posted else None

    @property
    def reviewers(self) -> "tuple[ReviewerReviews, ...]":
        return table.by_reviewer if (table := self.review) else ()

    @property
    def unread_count(self) -> int:
        return len(self.unread)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """Return the commands that perform the next step, quoted for a shell."""
        return tuple(action.command for action in actions_in_advice(self.step.advice))

    @property
    def damaged(self) -> tuple[str, ...]:
        """Return the damaged messages found so far, each with the command that fetches it again."""
        entry = self.entry
        hint = Action("track", ("update", str(entry.id)), "`{}` fetches it again")
        return tuple(
            f"the mail <{message_id}> is damaged; {hint}" for message_id in self.damaged_ids
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Return the delivery problems and unreadable messages, one line each."""
        reports = (f"{report.words}; {report.advice}" for report in self.delivery)
        return (*reports, *self.update_notes, *self.damaged)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return notes on missing and ignored messages, one line each."""
        lines = []
        if self.left_out:
            hint = Action(
                "track",
                ("show", str(self.entry.id), "--all"),
                "`{}` reads every message",
            )
            total = format_count(self.left_out + MOST_READ, "message")
            order = "patches, tags and decisions first, then the latest messages"
            lines = [f"{self.left_out} of {total} not read ({order} are read); {hint}"]
        if self.unplaced:
            lines.append(describe_unplaced(self.unplaced))
        if self.posted and self.posted.only_reported:
            lines.append(UNREAD_PATCH)
        return (*self.update_notes, *self.damaged, *lines)

    @property
    def next_step(self) -> str:
        return str(self.step.advice)


def describe_unplaced(subjects: Sequence[str]) -> str:
    """Describe messages that belong to no series by their number and the first subjects."""
    count = format_count(len(subjects), "message")
    return f"{count} could not be assigned to a patch: {quote_subjects(subjects)}"


def quote_subjects(subjects: Sequence[str]) -> str:
    """Quote the first subjects, and add the number of the others."""
    quoted = "; ".join(f"“{subject}”" for subject in subjects[:_MAX_QUOTED])
    more = len(subjects) - _MAX_QUOTED
    return f"{quoted}; and {more} more" if more > 0 else quoted
