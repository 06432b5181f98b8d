# SPDX-License-Identifier: GPL-2.0-or-later
"""Take the latest version of a tracked series for a send, if another program sent it."""

from typing import TYPE_CHECKING

from patchpilot.commits.git_command import git
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft
from patchpilot.model.message import MailState, Message
from patchpilot.model.progress import ignore_progress
from patchpilot.outgoing.outbox import Send
from patchpilot.series.patch_pairing import title_key
from patchpilot.threads.known_series import map_sent_topics, open_store, read_stored_series
from patchpilot.threads.own_addresses import find_own_addresses

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified
    from patchpilot.reading.posted_series import PostedSeries

ELSEWHERE = "elsewhere"
"""The transport of such a send."""


def find_tracked_send(draft: Draft) -> Send | None:
    """Return the latest version of a topic's tracked series, in the form of a send, or None.

    The series has the topic's change-id, or one of its titles and one of the user's addresses as
    the author. A series that was sent from this machine belongs to another topic.
    """
    titles = {title_key(patch.subject) for patch in draft.patches}
    if draft.is_undisclosed or not titles:
        return None
    with open_store() as store:
        entries = tuple(reversed(store.entries()))
        if not entries:
            return None
        own_keys = {Address("", email).key for email in find_own_addresses()}
        for entry in entries:
            series = read_stored_series(entry, store, None, ignore_progress)
            is_own = not (titles.isdisjoint(series.titles) or own_keys.isdisjoint(series.authors))
            if not series.version or not (is_own or series.change_id == draft.change_id):
                continue
            if not store.message_ids(entry.id).isdisjoint(map_sent_topics(store)):
                continue
            complete = read_stored_series(entry, store, None, ignore_progress, whole=True)
            if complete.posted:
                return _make_send(complete.posted, draft)
    return None


def _make_send(posted: "PostedSeries", draft: Draft) -> Send:
    latest = posted.latest
    return Send(
        id=0,
        change_id=draft.change_id,
        repository=draft.repository,
        branch=draft.branch,
        version=latest.version,
        transport=ELSEWHERE,
        account="",
        sender=latest.first.sender.header(),
        kind="real",
        base=None,
        head=None,
        force=None,
        bcc=(),
        begun=latest.first.when.isoformat(timespec="seconds"),
        entries=tuple(_make_message(post, position) for position, post in enumerate(latest.posts)),
    )


def _make_message(post: "Classified", position: int) -> Message:
    mail = post.mail
    fields = [] if post.is_cover else git(None, "patch-id", "--stable", stdin=mail.raw).text.split()
    return Message(
        message_id=post.message_id,
        subject=mail.subject,
        sender=post.sender,
        to=mail.to,
        cc=mail.cc,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        raw=mail.raw,
        file=b"",
        number=0 if post.is_cover else post.number or 1,
        patch_id=fields[0] if fields else None,
        position=position,
        state=MailState.ACCEPTED,
    )
