# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the addresses that the messages of a series vouch for.

These are the addresses that its author sent the series to or named in it, and those that known
senders copied.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from patchpilot.model.address import Address, parse_address
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mbox import arrived
from patchpilot.reading.posted_series import Post, PostedTopic, Revision
from patchpilot.reading.thread_match import Reply

_NAMED = re.compile(
    r"^(?:[A-Za-z-]{1,40}-by|cc|from): {0,12}(\S.{0,200}@.{1,200})$",
    re.MULTILINE | re.IGNORECASE,
)
_MESSAGE = 40_000
"""Characters of a patch in which its tags are searched."""


def named_in(post: Post) -> list[Address]:
    """Returns the addresses in a patch or cover letter: its sender, recipients and tags."""
    mail = post.mail.mail
    tags = (parse_address(text) for text in _NAMED.findall(mail.body[:_MESSAGE]))
    return [
        post.mail.sender,
        mail.sender,
        *mail.to,
        *mail.cc,
        *(address for address in tags if address),
    ]


def without_strangers(
    revisions: Sequence[Revision], known: Sequence[Address], anchor: str = ""
) -> tuple[tuple[Revision, ...], tuple[Revision, ...], Identities]:
    """Separates later revisions by unknown senders from the other revisions.

    Returns the accepted revisions, the revisions by unknown senders, and the identities for which
    known senders vouch. The other revisions are judged from the one that contains the message
    `anchor`, otherwise from the first one by a `known` address, otherwise from the first one.
    Earlier revisions by unknown senders are kept as history but vouch for nobody.
    """
    given = Identities().with_addresses(known)
    named = next(
        (
            revision
            for revision in revisions
            if anchor in (post.message_id for post in revision.posts)
        ),
        None,
    )
    mine = (one for one in revisions if given.sender(one.head.mail).key in given.names)
    first = named or next(mine, revisions[0])
    found = given.with_addresses(_named_in(first))
    kept, others = [], []
    is_later = False
    for revision in revisions:
        is_later = is_later or revision is first
        if revision is not first and found.knows(found.sender(revision.head.mail)):
            found = found.with_addresses([], _named_in(revision))
        elif revision is not first and is_later:
            others.append(revision)
            continue
        kept.append(revision)
    return tuple(kept), tuple(others), found


def _named_in(revision: Revision) -> list[Address]:
    return [address for post in revision.posts for address in named_in(post)]


class _Copies:
    """A mail of a thread: who is known if its sender is, and what comes before it."""

    __slots__ = ("above", "arrived", "by", "copied", "mail")

    def __init__(self, mail: Classified) -> None:
        self.mail = mail.mail
        # a header that was rewritten is its sender's if the list that did it is known
        self.by = frozenset((mail.sender.key, mail.mail.sender.key))
        self.copied = dict.fromkeys(
            address.key for address in (*mail.mail.to, *mail.mail.cc)
        )
        self.above = frozenset((mail.mail.in_reply_to or "", *mail.mail.references))
        self.arrived = arrived(mail.mail)

    def is_before(self, other: "_Copies") -> bool:
        """Whether the other mail's sender may have had this one: it is above it, or came first."""
        if self.mail.message_id in other.above:
            return True
        if other.mail.message_id in self.above:
            return False
        mine, theirs = self.arrived, other.arrived
        return mine is None or theirs is None or mine <= theirs


def with_replies(topic: PostedTopic, attached: Sequence[Reply]) -> Identities:
    """Returns a series' identities, extended by the addresses that known senders copied.

    An address is not added if it wrote, or was copied by an unknown sender, earlier in the
    thread: a reply to all is sent to such addresses automatically.
    """
    found = dict(topic.identities.names)
    posts = (post.mail for revision in topic.strangers for post in revision.posts)
    mails = [_Copies(mail) for mail in (*posts, *(reply.mail for reply in attached))]
    sent: dict[str, list[_Copies]] = defaultdict(list)
    named: dict[str, list[_Copies]] = defaultdict(list)
    for mail in mails:
        for key in mail.by:
            sent[key].append(mail)
        # a bot copies whom it is told to
        if not any(is_bot_address(Address("", key)) for key in mail.by):
            for key in mail.by | mail.copied.keys():
                named[key].append(mail)
    waiting = [
        (mail, key) for mail in mails if mail.by <= found.keys() for key in mail.copied
    ]
    held: dict[str, list[tuple[_Copies, str]]] = defaultdict(list)
    while waiting:
        mail, key = waiting.pop()
        if key in found:
            continue
        strangers = (other for other in named[key] if not other.by <= found.keys())
        before = next((other for other in strangers if other.is_before(mail)), None)
        if before is not None:
            held[next(iter(before.by - found.keys()))].append((mail, key))
            continue
        found[key] = frozenset()
        waiting += held.pop(key, ())
        waiting += (
            (one, copied)
            for one in sent[key]
            if one.by <= found.keys()
            for copied in one.copied
        )
    return Identities(found)
