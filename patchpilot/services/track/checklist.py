# SPDX-License-Identifier: GPL-2.0-or-later
"""The checklist of a series: the review requests on its latest version, each done or open."""

from dataclasses import dataclass

from patchpilot.reading.review_points import ReviewPoint, review_points
from patchpilot.reading.thread_values import FINAL, TAKEN
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.review_ledger import PointState, answers_to, mark_point


@dataclass(frozen=True, slots=True)
class CheckItem:
    """A review point of the latest version, and its state."""

    point: ReviewPoint
    state: PointState = PointState.OPEN

    @property
    def done(self) -> bool:
        """Whether nothing is left to do about it for the next version."""
        return self.state in (PointState.ADDRESSED, PointState.DECLINED)


def checklist(series: Tracked) -> tuple[CheckItem, ...]:
    """The review points of a series; none of patches that were taken, nor once all of it was or
    has come to an end.
    """
    status = series.status
    if status is None or series.state in (*TAKEN, *FINAL):
        return ()
    answers = answers_to(status)
    version = status.topic.latest.version
    taken = {
        patch.number
        for patch in status.patches
        if patch.version == version and patch.state in TAKEN
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
    """Set the state of a point of a tracked series, or clear it where it has that state.

    The item as it is then.
    """
    wanted = None if item.state is state else state
    mark_point(number, item.point, wanted)
    return CheckItem(item.point, wanted or PointState.OPEN)
