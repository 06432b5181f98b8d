# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of the review comments on a series.

They come from reviewers and bots; each is open, answered, addressed or declined.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from patchpilot.archive.track_store import Store
from patchpilot.errors import UsageError
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.reading.ledger import (
    ChangedHunk,
    NextVersion,
    PointState,
    addressed_by,
    answered_by,
    asked_before,
    place_of,
)
from patchpilot.reading.posted_series import Revision
from patchpilot.reading.review_points import MAX_POINTS, ReviewPoint, points_of
from patchpilot.reading.thread_match import Reply
from patchpilot.reading.thread_values import Status
from patchpilot.topic.followed.known_series import Tracked

__all__ = [
    "LedgerItem",
    "PointState",
    "SeriesLedger",
    "answers_to",
    "ledger_of",
    "mark_numbered",
    "mark_point",
    "series_ledger",
]


@json_form(
    "number",
    "state",
    "marked",
    "message_id=point.message_id",
    "line=point.line",
    "from=point.asker",
    "kind=point.kind",
    "text=point.text",
    "quoted=point.quoted",
    "version=point.version",
    "patch=point.patch",
    "place~",
    "hunk",
    "reply",
    "asked_before",
)
@dataclass(frozen=True, slots=True)
class LedgerItem:
    """A review comment, its number in the list of its series, its place, and its outcome.

    Numbers count from 1.
    The outcome is the hunk that addresses it or the reply that answers it. `marked`: the user set
    the state. `of_newest`: the comment is about the latest revision. `before` is the same request
    on an earlier revision.
    """

    number: int
    point: ReviewPoint
    state: PointState
    place: str = ""
    hunk: ChangedHunk | None = None
    reply: str | None = None
    marked: bool = False
    of_newest: bool = False
    before: ReviewPoint | None = None

    @property
    def asked_before(self) -> str | None:
        """The Message-ID of the mail that asked the same of an earlier version."""
        return self.before.message_id if self.before else None


@json_form()
@dataclass(frozen=True, slots=True)
class SeriesLedger:
    """The number of a tracked series, and review comments from its list."""

    series: int
    points: tuple[LedgerItem, ...]


def ledger_of(
    status: Status,
    marks: Mapping[tuple[str, int], str] | None = None,
    upcoming: Sequence[Patch] = (),
    label: str = "",
) -> tuple[LedgerItem, ...]:
    """Return the review comments on all revisions of a series, oldest message first.

    `marks` are the states that the user set. `upcoming` are the patches of the version to be sent
    next, and `label` is its name: comments on the latest revision that these patches address
    count as addressed.
    """
    answers = answers_to(status)
    revisions = status.topic.revisions
    patches = {id(revision): patches_of(revision) for revision in revisions}
    following = {
        id(old): NextVersion(
            new.label, patches[id(old)], patches[id(new)], changelog_text(new)
        )
        for old, new in pairwise(
            revision for revision in revisions if patches[id(revision)]
        )
    }
    latest = status.topic.latest
    if upcoming:
        following[id(latest)] = NextVersion(
            label, patches[id(latest)], tuple(upcoming), ""
        )
    items: list[LedgerItem] = []
    earlier: dict[str, deque[ReviewPoint]] = defaultdict(
        lambda: deque(maxlen=MAX_POINTS)
    )
    for reply in status.replies:
        if reply.mail.by_author:
            continue
        revision = reply.revision or latest
        for point in points_of(reply):
            mark = (marks or {}).get(point.key)
            hunk = (
                addressed_by(point, following[id(revision)])
                if id(revision) in following
                else None
            )
            answer = answers(point)
            state = (
                PointState(mark)
                if mark
                else PointState.ADDRESSED
                if hunk
                else PointState.ANSWERED
                if answer
                else PointState.OPEN
            )
            place = place_of(point, patches[id(revision)])
            items.append(
                LedgerItem(
                    len(items) + 1,
                    point,
                    state,
                    place,
                    hunk,
                    answer,
                    mark is not None,
                    revision is latest,
                    asked_before(point, earlier[point.asker]),
                )
            )
            earlier[point.asker].append(point)
    return tuple(items)


def series_ledger(series: Tracked) -> tuple[LedgerItem, ...]:
    """Return the review comments on a tracked series; empty until it is in the archive."""
    return ledger_of(series.status, series.marks) if series.status else ()


def answers_to(status: Status) -> Callable[[ReviewPoint], str | None]:
    """Return a function that finds the author's reply to a review comment."""
    below: dict[str, list[Reply]] = {}
    for reply in status.replies:
        if reply.mail.mail.in_reply_to and reply.mail.by_author:
            below.setdefault(reply.mail.mail.in_reply_to, []).append(reply)
    return lambda point: answered_by(point, below.get(point.message_id, ()))


def mark_point(number: int, point: ReviewPoint, state: PointState | None) -> None:
    """Set the state of a review comment on a tracked series.

    With None, the state is derived from the messages again.
    """
    with Store() as store:
        store.mark(number, point.message_id, point.line, state)


def mark_numbered(
    number: int,
    items: Sequence[LedgerItem],
    wanted: Sequence[tuple[int, PointState | None]],
) -> None:
    """Set the states of review comments by their numbers in the list, counted from 1.

    Raises UsageError for a number that is not in the list.
    """
    for place, _ in wanted:
        if not 1 <= place <= len(items):
            raise UsageError(
                f"series {number} has no request {place}",
                hint=f"valid numbers: 1 to {len(items)}"
                if items
                else "the list of requests is empty",
            )
    for place, state in wanted:
        mark_point(number, items[place - 1].point, state)


def patches_of(revision: Revision) -> tuple[Patch, ...]:
    """Return the patches of a revision that can be parsed."""
    return tuple(post.patch for post in revision.patches if post.patch)


def changelog_text(revision: Revision) -> str:
    """Return the text above the diffs in the messages of a revision."""
    return "\n".join(post.body.partition("\ndiff --git ")[0] for post in revision.posts)
