# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the reviewers' latest requests for the next changelog.

The result is empty if the series is not tracked.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.outgoing.outbox import Send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from patchpilot.archive.track_store import Store
    from patchpilot.commits.repository import Repository
    from patchpilot.model.patch import Patch
    from patchpilot.threads.review_ledger import LedgerItem
    from patchpilot.threads.tracked import Tracked


def list_unsettled_requests(
    followed: "Sequence[Tracked]", upcoming: "Sequence[Patch]"
) -> "tuple[tuple[int, LedgerItem], ...]":
    """Return the open review requests of series, each with the number of its series.

    `upcoming` are the patches of the next version.
    """
    from patchpilot.threads.review_ledger import list_latest_requests

    return tuple(
        (series.entry.id, item)
        for series in followed
        for item in list_latest_requests(series, upcoming)
    )


def select_changelog_requests(last_send: Send, upcoming: "Sequence[Patch]") -> tuple[str, ...]:
    """Return the requests that the next version addresses or should address, each with its sender's
    name.

    Omit answered and declined requests, and those for another version only. Include a question only
    if the user ticked it, because answering a question changes nothing.
    """
    items = [
        item
        for _, item in list_unsettled_requests(find_series_of_send(last_send), upcoming)
        if item.state in ("addressed", "open")
        and not item.point.wants_only_version
        and (item.marked or not item.point.text.endswith("?"))
    ]
    return tuple(dict.fromkeys(f"{item.point.changes} ({item.point.asker})" for item in items))


def find_unfetched_merge(repository: "Repository", commit: str) -> str:
    """Return the mainline commit that messages name for a commit that the user sent, or "".

    Return "" if the repository has the mainline commit.
    """
    from patchpilot.history.patch_similarity import patch_ids
    from patchpilot.outgoing.outbox import Outbox
    from patchpilot.resources import TOPIC_DATABASE, state_path

    if not (state_path() / TOPIC_DATABASE).exists():
        return ""
    with Outbox() as outbox:
        sends = outbox.find_related("", patch_ids(repository, [commit]).values(), "")
    followed = find_series_of_send(sends[-1], repository) if sends else ()
    unfetched = (it.about.commit for it in followed if it.about.is_unfetched)
    return next(unfetched, None) or ""


def _find_in_threads(
    candidates: "Sequence[Tracked]", sent_ids: set[str], store: "Store"
) -> "Iterator[Tracked]":
    """Yield the tracked series with what was sent in the thread of another series."""
    from patchpilot.reading.read_thread import read_thread

    for series in candidates if sent_ids else ():
        mails = store.readable_mails(series.entry.id)[0]
        for posted in read_thread(mails, reader=store.reader, anchors=dict.fromkeys(sent_ids, ())):
            if not sent_ids.isdisjoint(post.message_id for post in posted.posts):
                yield replace(series, posted=posted)


def find_series_of_send(
    last_send: Send, repository: "Repository | None" = None
) -> "tuple[Tracked, ...]":
    """Return the tracked series that contain a message of a send as a patch.

    A series that the send follows, such as the fix of which it is a backport, is another one. With
    a repository, their state takes its commits into account, as in `track`.
    """
    from patchpilot.threads.known_series import (
        find_sent_ids,
        find_unarchived_ids,
        open_store,
        read_tracked_series,
    )

    ids = {entry.message_id for entry in last_send.entries}
    try:
        with open_store() as store:
            numbers = [
                entry.id
                for entry in store.entries()
                if ids
                & (
                    store.message_ids(entry.id)
                    | find_unarchived_ids(entry, store)
                    | {entry.message_id}
                )
            ]
            sent_ids = ids | find_sent_ids(ids, store)
            candidates = [
                read_tracked_series(number, store=store, repository=repository)
                for number in numbers
            ]
            found = tuple(
                series
                for series in candidates
                if not series.posted
                or not sent_ids.isdisjoint(post.message_id for post in series.posted.posts)
            )
            if any(series.posted for series in found):
                return found
            # a backport that answers a message is first stored with the series of its fix
            return (*found, *_find_in_threads(candidates, sent_ids, store))
    except PatchpilotError:
        return ()
