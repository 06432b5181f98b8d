# SPDX-License-Identifier: GPL-2.0-or-later
"""List the review comments on a series.

Comments come from reviewers and bots; each is open, answered, addressed or declined.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.errors import UsageError
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch
from patchpilot.reading.posted_series import PostedSeries, Reply, Revision
from patchpilot.reading.requests import (
    BY_MACHINE,
    MAX_POINTS,
    ChangedHunk,
    NextVersion,
    PointState,
    ReviewPoint,
    find_addressing_change,
    find_answer,
    locate_request,
    points_of,
)
from patchpilot.reading.thread_values import (
    FINAL,
    TAKEN,
)
from patchpilot.threads.tracked import Tracked

Key = tuple[str, int]
"""A request: its message, and its first line."""
MAX_LATER_VERSIONS = 5
"""Maximum number of later versions compared with a comment."""
ANSWERED = "answered, not marked done"
"""Label for an answered request in the list of open ones."""


@json_form(
    "number state marked message_id=point.message_id line=point.line from=point.asker "
    "kind=point.kind text=point.text quoted=point.quoted version=point.version "
    "patch=point.patch place=position~ hunk reply"
)
class LedgerItem(NamedTuple):
    """A review comment, its number in the series' list, its position, and its outcome.

    Numbers count from 1. The outcome is the hunk that addresses it or the reply that answers it.
    `marked` is set if the user set the state, `of_newest` if the comment is on the latest revision.
    """

    number: int
    point: ReviewPoint
    state: PointState
    position: str = ""
    hunk: ChangedHunk | None = None
    reply: str | None = None
    marked: bool = False
    of_newest: bool = False

    @property
    def done(self) -> bool:
        """Return whether the request needs no further work in the next version."""
        return self.state in (PointState.ADDRESSED, PointState.DECLINED)

    @property
    def open(self) -> bool:
        return self.state is PointState.OPEN

    @property
    def waits(self) -> bool:
        """Return whether a person is waiting for the author's answer or change."""
        return self.open and self.point.kind not in BY_MACHINE


@json_form()
class SeriesLedger(NamedTuple):
    """A tracked series, given by its number, and some or all of the review comments on it."""

    series: int
    points: tuple[LedgerItem, ...]


def list_review_comments(
    posted: PostedSeries,
    marks: Mapping[Key, str],
    upcoming: Sequence[Patch] = (),
) -> tuple[LedgerItem, ...]:
    """Return the review comments on all revisions of a series, oldest message first.

    `marks` are the states that the user set. `upcoming` are the patches of the version to be sent
    next. A comment counts as addressed if that version, or one of the next few versions, changes
    its lines, or if the bot that made it reports a success later. A request for another version
    counts as addressed once it was sent.
    """
    find_reply = _find_answers(posted)
    latest = posted.latest
    revisions = [(revision, _revision_patches(revision)) for revision in posted.revisions]
    patches = {id(revision): old_patches for revision, old_patches in revisions}
    with_patches = [pair for pair in revisions if pair[1]]
    planned = [tuple(upcoming)] if upcoming else []
    later_versions = {
        id(revision): [
            NextVersion(old_patches, later)
            for later in (
                *(patches for _, patches in with_patches[index : index + MAX_LATER_VERSIONS]),
                *planned,
            )
        ]
        for index, (revision, old_patches) in enumerate(with_patches, 1)
    }
    if upcoming:
        next_version = NextVersion(patches[id(latest)], tuple(upcoming))
        later_versions |= {id(post): [next_version] for post in posted.current}
    items: list[LedgerItem] = []
    for reply in posted.replies:
        revision = reply.revision or latest
        for point in points_of(reply):
            mark = marks.get(point.key)
            next_versions = later_versions.get(id(revision), [])
            hunks = (find_addressing_change(point, version) for version in next_versions)
            hunk = next(filter(None, hunks), None)
            answer = find_reply(point)
            state = PointState.ANSWERED if answer else PointState.OPEN
            is_sent = revision not in posted.current or bool(upcoming)
            is_sent = is_sent and point.wants_only_version
            if mark or hunk or is_sent or posted.has_passed_since(reply):
                state = PointState(mark or PointState.ADDRESSED)
            items.append(
                LedgerItem(
                    len(items) + 1,
                    point,
                    state,
                    locate_request(point, patches[id(revision)]),
                    hunk,
                    answer,
                    mark is not None,
                    revision in posted.current,
                )
            )
    return tuple(items)


def list_latest_requests(series: Tracked, upcoming: Sequence[Patch] = ()) -> tuple[LedgerItem, ...]:
    """Return the requests for a series' latest version, and reviewers' open requests for earlier
    versions.

    `upcoming` are the patches of the version to be sent next. Requests for applied patches are
    omitted. If the series was applied, only persons' questions are left until it is in mainline.
    The result is empty if the series is known to be closed.
    """
    return list_open_requests(series.posted, series.marks, upcoming) if series.posted else ()


def list_open_requests(
    posted: PostedSeries, marks: Mapping[Key, str], upcoming: Sequence[Patch] = ()
) -> tuple[LedgerItem, ...]:
    """Return the open requests among those that `list_latest_requests` returns.

    If a reviewer gave a tag to a patch of the latest version, this reviewer's earlier requests
    about the patch are no longer open. If the tag is for the series, this applies to all patches.
    A person's question is open until it is answered or the series is in mainline.
    """
    if posted.proven in FINAL:
        return ()
    if posted.proven in TAKEN:
        items = list_review_comments(posted, marks, upcoming)
        questions = (it for it in items if it.of_newest and it.waits and "?" in it.point.text)
        return tuple(questions)[-MAX_POINTS:]
    senders = {reply.message_id: reply.mail.sender for reply in posted.replies}
    approved = {
        (reply.mail.sender.key, reply.patch_of(tag) or None)
        for reply in posted.replies
        for tag in reply.mail.credited
        if not tag.conditional
        if reply.revision in posted.current
        if posted.identities.knows(reply.mail.sender)
    }
    return tuple(
        item
        for item in list_review_comments(posted, marks, upcoming)
        if item.point.patch not in posted.taken
        if item.of_newest
        or (
            item.waits
            and approved.isdisjoint(
                (senders[item.point.message_id].key, patch) for patch in (None, item.point.patch)
            )
        )
    )[-MAX_POINTS:]


def group_requests(series: Tracked) -> dict[str, list[LedgerItem]]:
    """Map each message to the open review requests that reviewers, and not bots, made in it."""
    groups: dict[str, list[LedgerItem]] = {}
    for item in list_latest_requests(series):
        if item.waits:
            groups.setdefault(item.point.message_id, []).append(item)
    return groups


def make_series_ledger(series: Tracked) -> tuple[LedgerItem, ...]:
    return list_review_comments(series.posted, series.marks) if series.posted else ()


def _find_answers(posted: PostedSeries) -> Callable[[ReviewPoint], str | None]:
    replies_by_parent: dict[str, list[Reply]] = {}
    for reply in posted.replies:
        if reply.mail.mail.in_reply_to and reply.mail.by_author:
            replies_by_parent.setdefault(reply.mail.mail.in_reply_to, []).append(reply)
    return lambda point: find_answer(point, replies_by_parent.get(point.message_id, ()))


def toggle_state(
    number: int, item: LedgerItem, state: PointState = PointState.ADDRESSED
) -> LedgerItem:
    """Set the state of a review request and return the updated item.

    If the request already has this state, the state is cleared.
    """
    new_state = None if item.state is state else state
    with Store() as store:
        store.mark(number, item.point.message_id, item.point.line, new_state)
    return item._replace(state=new_state or PointState.OPEN)


def set_numbered_states(
    number: int,
    items: Sequence[LedgerItem],
    states: Sequence[tuple[int, PointState | None]],
) -> None:
    """Set the states of review comments by their numbers, which count from 1.

    If a state is None, restore the state that follows from the messages. Raise UsageError for a
    number that is not in the list.
    """
    for position, _ in states:
        if not 1 <= position <= len(items):
            raise UsageError(
                f"series {number} has no request {position}",
                hint=f"valid numbers: 1 to {len(items)}"
                if items
                else "the list of requests is empty",
            )
    with Store() as store:
        for position, state in states:
            point = items[position - 1].point
            store.mark(number, point.message_id, point.line, state)


def _revision_patches(revision: Revision) -> tuple[Patch, ...]:
    return tuple(post.patch for post in revision.patches if post.patch)
