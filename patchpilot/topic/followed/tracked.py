# SPDX-License-Identifier: GPL-2.0-or-later
"""The record of a tracked series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from patchpilot.archive.track_store import MOST_READ, TrackEntry
from patchpilot.model.action import Action
from patchpilot.model.counted import counted
from patchpilot.reading.delivery import DeliveryReport
from patchpilot.reading.series_summary import SeriesSummary
from patchpilot.reading.thread_values import LandedCommit, StableBranch

if TYPE_CHECKING:
    from patchpilot.reading.posted_series import PostedSeries

UNREAD_PATCH = (
    "only a report about the patch was read: versions and reviews are unknown"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked(SeriesSummary):
    """A displayed tracked series as plain values: its summary, repository facts if available, and
    what the store and the call add.

    `posted` has everything about the series if its messages were read (`is_read`); it is None
    as well while no archive has them. `cached`: the threads are as of `entry.updated`, because
    the cached responses of the archive were still valid. `own`: the series belongs to the
    current topic. `undisclosed`: it is a security fix that is not public yet, about which no
    server is asked. `as_of` is the time until which its days count, if that is not the time of
    the call. `marks` are the states that the user set for review comments, `delivery` are the
    messages known not to have been delivered, `damaged_ids` the messages that could not be
    read, and `left_out` counts those that were not read.
    """

    entry: TrackEntry
    unread: frozenset[str]
    posted: "PostedSeries | None" = field(default=None, repr=False, compare=False)
    is_read: bool = False
    undisclosed: bool = False
    as_of: datetime | None = None
    damaged_ids: tuple[str, ...] = ()
    left_out: int = 0
    new: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    unreachable: bool = False
    cached: bool = False
    own: bool = False
    marks: Mapping[tuple[str, int], str] = field(default_factory=dict)
    delivery: tuple[DeliveryReport, ...] = ()

    @property
    def landed(self) -> tuple[LandedCommit, ...]:
        return self.posted.landed if self.posted else ()

    @property
    def stable(self) -> tuple[StableBranch, ...]:
        return self.posted.stable if self.posted else ()

    @property
    def damaged(self) -> tuple[str, ...]:
        """The series' damaged mails read so far, each with the command that fetches it again."""
        entry = self.entry
        again = Action("track", ("update", str(entry.id)), "`{}` fetches it again")
        return tuple(
            f"the mail <{message_id}> is damaged; {again}"
            for message_id in self.damaged_ids
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What was not delivered and what could not be read, one line each."""
        reports = (f"{it.words}; {it.advice}" for it in self.delivery)
        return (*reports, *self.troubles, *self.damaged)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing or does not count, one line each."""
        left_out = []
        if self.left_out:
            every = Action(
                "track",
                ("show", str(self.entry.id), "--all"),
                "`{}` reads every message",
            )
            total = counted(self.left_out + MOST_READ, "message")
            what = "patches, tags and decisions first, then the latest messages"
            left_out = [
                f"{self.left_out} of {total} not read ({what} are read); {every}"
            ]
        if self.posted and self.posted.only_reported:
            left_out.append(UNREAD_PATCH)
        return (*self.troubles, *self.damaged, *left_out)

    @property
    def next_step(self) -> str:
        return str(self.step.advice)
