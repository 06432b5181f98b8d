# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrange the messages of a series as a tree.

The roots are the series' posts and messages in other threads.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import Reply
from patchpilot.threads.review_ledger import LedgerItem
from patchpilot.threads.tracked import Tracked


class ConversationMail(NamedTuple):
    """A message in the tree of a series.

    `more` has an entry for each level of the tree above this message; it is True if another message
    follows on that level. `reply` is None for the posts of the series.
    """

    mail: Classified
    more: tuple[bool, ...]
    label: str
    reply: Reply | None = None

    @property
    def message_id(self) -> str:
        return self.mail.message_id


def list_conversation(series: Tracked) -> tuple[ConversationMail, ...]:
    """Return all messages of a series in tree order.

    Roots are sorted by date, and each is followed by its replies.
    """
    if series.posted is None:
        return ()
    revisions = series.posted.revisions
    heads = {revision.message_id for revision in revisions}
    labels = {
        post.message_id: revision.label
        for revision in revisions
        for post in revision.posts
        if post.message_id not in revision.carried
    }
    replies = {reply.message_id: reply for reply in series.posted.replies}
    mails = {post.message_id: post for revision in revisions for post in revision.posts}
    mails |= {
        message_id: reply.mail for message_id, reply in replies.items() if message_id not in mails
    }
    children: dict[str, list[str]] = {}
    for message_id, mail in mails.items():
        parent = "" if message_id in heads else _find_parent(mail, mails)
        children.setdefault(parent, []).append(message_id)
    for siblings in children.values():
        siblings.sort(key=lambda message_id: mails[message_id].when)
    tree_mails: list[ConversationMail] = []
    added_ids: set[str] = set()
    # if messages reply to each other in a circle, they have no root, so add the oldest of them as a
    # root
    for roots in (
        children.get("", []),
        sorted(mails, key=lambda message_id: mails[message_id].when),
    ):
        pending: list[tuple[str, tuple[bool, ...]]] = [(root, ()) for root in reversed(roots)]
        while pending:
            message_id, has_sibling = pending.pop()
            if message_id in added_ids:
                continue
            added_ids.add(message_id)
            tree_mails.append(
                ConversationMail(
                    mails[message_id],
                    has_sibling,
                    labels.get(message_id, ""),
                    replies.get(message_id),
                )
            )
            siblings = children.get(message_id, [])
            pending += [
                (child, (*has_sibling, child != siblings[-1])) for child in reversed(siblings)
            ]
    return tuple(tree_mails)


def _find_parent(mail: Classified, mails: Mapping[str, Classified]) -> str:
    """Return the Message-ID of a message's parent among these messages, or ""."""
    parents = (id_ for id_ in mail.above if id_ in mails and id_ != mail.message_id)
    return next(parents, "")


def find_first_message(
    series: Tracked,
    items: Sequence[LedgerItem],
    mails: Sequence[ConversationMail],
) -> str:
    """Return the Message-ID of the message to show first.

    This is a message with an open request; if there is none, an unread reply to the latest version;
    otherwise the latest message.
    """
    open_items = sorted(
        (item for item in items if item.open),
        key=lambda open_item: not open_item.of_newest,
    )
    unread = (
        node.message_id
        for node in mails
        if node.message_id in series.unread and node.reply and node.reply.version == series.version
    )
    newest_mail = max(mails, key=lambda node: node.mail.when)
    return (
        *(item.point.message_id for item in open_items),
        *unread,
        newest_mail.message_id,
    )[0]
