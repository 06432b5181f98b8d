# SPDX-License-Identifier: GPL-2.0-or-later
"""Identifies the tracked series of a topic by Message-IDs or change-id, otherwise by title and
author.
"""

from collections.abc import Iterable, Sequence

from patchpilot.archive.track_store import Store, TrackEntry
from patchpilot.commits.repository import Repository
from patchpilot.model.commit import Commit
from patchpilot.model.draft import Draft
from patchpilot.model.progress import silent
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.reading.thread_values import Status
from patchpilot.series.draft import Drafts
from patchpilot.series.patch_pairing import title_key
from patchpilot.topic.followed.known_series import Tracked, shown_series, with_mails


def series_of(
    repository: Repository,
    draft: Draft,
    ids: Sequence[str],
    store: Store,
    outbox: Outbox,
    sent: Sequence[Send],
    known: Sequence[Tracked] = (),
) -> Tracked | None:
    """Return the tracked series of a topic, the latest if there are several, or None.

    `sent` are the topic's sends, `known` are series that have already been read. A series that
    the outbox assigns to another topic is skipped, even if it has the same subject.
    """
    # of another store, which may be closed or of another thread, nothing can be read any more
    read = {
        series.entry.id: series for series in known if series.is_readable_with(store)
    }

    def whole(entry: TrackEntry) -> Tracked:
        found = read.get(entry.id)
        found = found or shown_series(entry, store, repository, silent)
        return with_mails((found,))[0]

    own = {mail.message_id for send in sent for mail in send.entries}
    entries = tuple(reversed(store.entries()))
    members = {
        entry.id: store.message_ids(entry.id) | {entry.message_id} for entry in entries
    }
    for entry in entries:
        if own & members[entry.id]:
            return whole(entry)
    commits = tuple(repository.commits(ids))
    titles = {title_key(commit.subject) for commit in commits}
    for entry in entries:
        if _is_of_another(draft, outbox.holding(members[entry.id])):
            continue
        # without the repository, since a summary with it is kept for the refs of the moment
        candidate = read.get(entry.id) or shown_series(entry, store, None, silent)
        if not candidate.summary or not (
            titles & set(candidate.summary.titles)
            or candidate.summary.change_id == draft.change_id
        ):
            continue
        if candidate.status and _fits(candidate.status, draft, commits):
            return whole(entry)
    return None


def _is_of_another(draft: Draft, sends: Iterable[Send]) -> bool:
    """Whether the outbox has these sends as another topic's: in another repository, or one whose
    draft is still kept.
    """
    here = {patch.patch_id for patch in draft.patches} - {""}
    known = [send for send in sends if send.change_id != draft.change_id]
    if not known or any(
        mail.patch_id in here
        for send in known
        for mail in send.entries
        if mail.patch_id
    ):
        return False
    with Drafts() as drafts:
        return any(
            send.repository != draft.repository
            or drafts.get(send.change_id) is not None
            for send in known
        )


def _fits(status: Status, draft: Draft, commits: Sequence[Commit]) -> bool:
    return status.topic.change_id == draft.change_id or any(
        title_key(commit.subject) == post.key and _is_author(status, post.body, commit)
        for revision in status.topic.revisions
        for post in revision.patches
        for commit in commits
    )


def _is_author(status: Status, body: str, commit: Commit) -> bool:
    # only where a mail was read, which the list of `track` does without
    from patchpilot.archive.landed_series import authors_of

    return status.topic.is_author(commit.author) or commit.author.key in authors_of(
        status, body
    )
