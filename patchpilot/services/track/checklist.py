# SPDX-License-Identifier: GPL-2.0-or-later
"""The checklist of a series: the review requests for its latest version, done or open."""

from dataclasses import dataclass

from patchpilot.reading.review_points import ReviewPoint, review_points
from patchpilot.reading.thread_values import FINAL, TAKEN
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.review_ledger import PointState, answers_to, mark_point


@dataclass(frozen=True, slots=True)
class CheckItem:
    """A review request for the latest version of a series, and its state."""

    point: ReviewPoint
    state: PointState = PointState.OPEN

    @property
    def done(self) -> bool:
        """Whether the review request needs no further work in the next version."""
        return self.state in (PointState.ADDRESSED, PointState.DECLINED)

    @property
    def open(self) -> bool:
        """Whether it was neither done nor answered."""
        return self.state is PointState.OPEN


ANSWERED = "answered, not marked done"
"""What an answered request is called, where it is listed with those that are open."""


def checklist(series: Tracked) -> tuple[CheckItem, ...]:
    """Returns the review requests for the latest version of a series.

    Requests for applied patches are omitted. The result is empty if all of the series is
    applied or if the series is closed.
    """
    status = series.status
    if status is None or series.proven in (*TAKEN, *FINAL):
        return ()
    answers = answers_to(status)
    version = status.topic.latest.version
    taken = {
        patch.number
        for patch in status.patches
        if patch.version == version and patch.proven in TAKEN
    }
    return tuple(
        CheckItem(point, _state(point, series, answers(point)))
        for point in review_points(status)
        if point.patch not in taken
    )


def _state(point: ReviewPoint, series: Tracked, answer: str | None) -> PointState:
    marked = series.marks.get(point.key)
    return (
        PointState(marked)
        if marked
        else PointState.ANSWERED
        if answer
        else PointState.OPEN
    )


def tick(
    number: int, item: CheckItem, state: PointState = PointState.ADDRESSED
) -> CheckItem:
    """Sets the state of a review request of a tracked series and returns the updated item.

    If the request already has this state, the state is cleared.
    """
    wanted = None if item.state is state else state
    mark_point(number, item.point, wanted)
    return CheckItem(item.point, wanted or PointState.OPEN)
