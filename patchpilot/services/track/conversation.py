# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrange a series' messages as a tree.

The roots are the series' posts and messages in other threads; replies are below their parents.
"""

from collections.abc import Mapping
from typing import NamedTuple

from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.posted_series import Reply as Reply
from patchpilot.topic.followed.known_series import Tracked


class ConversationMail(NamedTuple):
    """A message in a series' tree.

    `more` contains an entry for each level above the message, starting with the root's children:
    True if another message on that level follows. `reply` is None for the series' posts.
    """

    mail: Classified
    more: tuple[bool, ...]
    label: str
    reply: Reply | None = None

    @property
    def message_id(self) -> str:
        return self.mail.message_id


def conversation(series: Tracked) -> tuple[ConversationMail, ...]:
    """Return all messages of a series in tree order.

    The roots are sorted by date; the replies to each root come directly after it.
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
        message_id: reply.mail
        for message_id, reply in replies.items()
        if message_id not in mails
    }
    children: dict[str, list[str]] = {}
    for message_id, mail in mails.items():
        parent = "" if message_id in heads else _parent(mail, mails)
        children.setdefault(parent, []).append(message_id)
    for below in children.values():
        below.sort(key=lambda message_id: mails[message_id].when)
    shown: list[ConversationMail] = []
    seen: set[str] = set()
    # messages that form a cycle have no root, so use the oldest
    for roots in (
        children.get("", []),
        sorted(mails, key=lambda message_id: mails[message_id].when),
    ):
        stack: list[tuple[str, tuple[bool, ...]]] = [
            (root, ()) for root in reversed(roots)
        ]
        while stack:
            message_id, more = stack.pop()
            if message_id in seen:
                continue
            seen.add(message_id)
            shown.append(
                ConversationMail(
                    mails[message_id],
                    more,
                    labels.get(message_id, ""),
                    replies.get(message_id),
                )
            )
            below = children.get(message_id, [])
            stack += [(child, (*more, child != below[-1])) for child in reversed(below)]
    return tuple(shown)


def _parent(mail: Classified, mails: Mapping[str, Classified]) -> str:
    """Return the Message-ID of the known parent of a message, or ""."""
    known = (it for it in mail.above if it in mails and it != mail.message_id)
    return next(known, "")
