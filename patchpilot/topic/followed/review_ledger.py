# SPDX-License-Identifier: GPL-2.0-or-later
"""The review ledger of a series: what reviewers and bots asked, and whether it is open, answered,
addressed or declined.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from patchpilot.archive.track_store import Store
from patchpilot.errors import InputError, UsageError
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_patch
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
from patchpilot.reading.thread_values import Reply, Status
from patchpilot.topic.followed.known_series import Tracked

__all__ = [
    "LedgerItem",
    "NumberedItem",
    "PointState",
    "SeriesLedger",
    "answers_to",
    "ledger_of",
    "mark_numbered",
    "mark_point",
    "series_ledger",
]


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """A review point, where in its patch it is, and what became of it: the hunk that addresses it,
    the reply that answers it.

    `marked` says that the user set the state; `of_newest` that the point is about the latest
    revision; `before` is the same request on an earlier one.
    """

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


@json_form(
    "number",
    "state=item.state",
    "marked=item.marked",
    "message_id=item.point.message_id",
    "line=item.point.line",
    "from=item.point.asker",
    "kind=item.point.kind",
    "text=item.point.text",
    "quoted=item.point.quoted",
    "version=item.point.version",
    "patch=item.point.patch",
    "place=item.place~",
    "hunk=item.hunk",
    "reply=item.reply",
    "asked_before=item.asked_before",
)
@dataclass(frozen=True, slots=True)
class NumberedItem:
    """An item and its number in the ledger of its series, from 1."""

    number: int
    item: LedgerItem


@json_form()
@dataclass(frozen=True, slots=True)
class SeriesLedger:
    """The number of a tracked series, and points of its ledger."""

    series: int
    points: tuple[NumberedItem, ...]


def ledger_of(
    status: Status,
    marks: Mapping[tuple[str, int], str] | None = None,
    upcoming: Sequence[Patch] = (),
    label: str = "",
) -> tuple[LedgerItem, ...]:
    """The points of all revisions of a series, the oldest mail first.

    `marks` are the states that the user set. `upcoming` are the patches of the version that is to
    be sent, `label` its name: points of the latest revision that they address count as addressed.
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
    """The ledger of a tracked series; empty while the archive does not have it."""
    return ledger_of(series.status, series.marks) if series.status else ()


def answers_to(status: Status) -> Callable[[ReviewPoint], str | None]:
    """A function that gives the author's reply that answers a point."""
    below: dict[str, list[Reply]] = {}
    for reply in status.replies:
        if reply.mail.mail.in_reply_to and reply.mail.by_author:
            below.setdefault(reply.mail.mail.in_reply_to, []).append(reply)
    return lambda point: answered_by(point, below.get(point.message_id, ()))


def mark_point(number: int, point: ReviewPoint, state: PointState | None) -> None:
    """Set the state of a point of a tracked series; None leaves it to what the mails say."""
    with Store() as store:
        store.mark(number, point.message_id, point.line, state)


def mark_numbered(
    number: int,
    items: Sequence[LedgerItem],
    wanted: Sequence[tuple[int, PointState | None]],
) -> None:
    """Set the states of points by their places (from 1) in the ledger.

    UsageError for a place that it does not have.
    """
    for place, _ in wanted:
        if not 1 <= place <= len(items):
            raise UsageError(
                f"the list of requests of series {number} has no request {place}",
                hint=f"it has {len(items)}",
            )
    for place, state in wanted:
        mark_point(number, items[place - 1].point, state)


def patches_of(revision: Revision) -> tuple[Patch, ...]:
    """The patches of a revision that can be read."""
    patches = []
    for post in revision.patches:
        try:
            patches.append(parse_patch(post.mail.mail.raw, post.message_id))
        except InputError:
            continue
    return tuple(patches)


def changelog_text(revision: Revision) -> str:
    """What the mails of a revision say above their diffs."""
    return "\n".join(
        post.mail.mail.body.partition("\ndiff --git ")[0] for post in revision.posts
    )
