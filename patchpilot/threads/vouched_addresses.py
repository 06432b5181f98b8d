# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom the mails of a series vouch for: whom its author addressed or named, and whom known senders copied."""

import re
from collections import defaultdict
from collections.abc import Sequence

from patchpilot.model.address import Address, parse_address
from patchpilot.threads.identities import Identities
from patchpilot.threads.posted_series import Post, PostedTopic, Revision
from patchpilot.threads.thread_match import Attached

_NAMED = re.compile(r"^(?:[A-Za-z-]{1,40}-by|cc|from): {0,12}(\S.{0,200}@.{1,200})$", re.MULTILINE | re.IGNORECASE)
_MESSAGE = 40_000
"""Characters of a patch in which its tags are searched."""


def named_in(post: Post) -> list[Address]:
    """The addresses of a patch or cover letter: its sender, recipients and tags."""
    mail = post.mail.mail
    tags = (parse_address(text) for text in _NAMED.findall(mail.body[:_MESSAGE]))
    return [post.mail.sender, mail.sender, *mail.to, *mail.cc, *(address for address in tags if address)]


def without_strangers(
    revisions: Sequence[Revision], known: Sequence[Address], anchor: str = ""
) -> tuple[tuple[Revision, ...], tuple[Revision, ...], Identities]:
    """The revisions but later ones of strangers, those, and the identities that known senders vouch for.

    The revision with the mail `anchor`, else the first by a `known` address, else the first at all, vouches for the others. Earlier ones of
    strangers are history: they vouch for nobody.
    """
    given = Identities().with_addresses(known)
    named = next((revision for revision in revisions if anchor in (post.message_id for post in revision.posts)), None)
    first = named or next((revision for revision in revisions if revision.author.key in given.names), revisions[0])
    found = given.with_addresses(_named_in(first))
    mine, others = [], []
    is_later = False
    for revision in revisions:
        is_later = is_later or revision is first
        if revision is not first and found.knows(revision.author):
            found = found.with_addresses([], _named_in(revision))
        elif revision is not first and is_later:
            others.append(revision)
            continue
        mine.append(revision)
    return tuple(mine), tuple(others), found


def _named_in(revision: Revision) -> list[Address]:
    return [address for post in revision.posts for address in named_in(post)]


def with_replies(topic: PostedTopic, attached: Sequence[Attached]) -> Identities:
    """A series' identities, with whom known senders copied; not with those whose messages they answered thereby."""
    found = dict(topic.identities.names)
    by_sender: dict[str, list[Attached]] = defaultdict(list)
    senders: dict[str, str] = {}
    for reply in attached:
        by_sender[reply.mail.sender.key].append(reply)
        senders[reply.mail.mail.message_id] = reply.mail.sender.key
    # a bot copies whom it is told to
    waiting = [key for key in by_sender if key in found]
    while waiting:
        for reply in by_sender.pop(waiting.pop(), ()):
            mail = reply.mail.mail
            answered = {senders.get(reference) for reference in (mail.in_reply_to or "", *mail.references)}
            for address in (*mail.to, *mail.cc):
                if address.key not in found and address.key not in answered:
                    found[address.key] = frozenset()
                    waiting.append(address.key)
    return Identities(found)
