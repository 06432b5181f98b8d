# SPDX-License-Identifier: GPL-2.0-or-later
"""The checklist of a series: what reviewers of its newest version ask, each point ticked or open."""

from dataclasses import dataclass

from patchpilot.services.track.follow_series import Tracked
from patchpilot.threads.review_points import ReviewPoint, review_points
from patchpilot.threads.series_state import FINAL, LANDED
from patchpilot.threads.track_store import Store


@dataclass(frozen=True, slots=True)
class CheckItem:
    """A review point, and whether the author ticked it as addressed."""

    point: ReviewPoint
    done: bool


def checklist(series: Tracked) -> tuple[CheckItem, ...]:
    """The review points of a series; none once it was taken or has come to an end."""
    if series.status is None or series.state in (*LANDED, *FINAL):
        return ()
    return tuple(CheckItem(point, point.key in series.ticked) for point in review_points(series.status))


def tick(number: int, item: CheckItem) -> CheckItem:
    """Tick an open point of a tracked series, or clear its tick; the item as it is then."""
    with Store() as store:
        store.tick(number, item.point.message_id, item.point.line, done=not item.done)
    return CheckItem(item.point, not item.done)
