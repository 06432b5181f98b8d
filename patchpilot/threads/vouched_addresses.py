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
    revisions: Sequence[Revision], known: Sequence[Address]
) -> tuple[tuple[Revision, ...], tuple[Revision, ...], Identities]:
    """The revisions of known senders, those of strangers, and the identities that the former vouch for.

    The first revision by a `known` address, else the first at all, vouches for the others.
    """
    given = Identities().with_addresses(known)
    anchor = next((revision for revision in revisions if revision.author.key in given.names), revisions[0])
    found = given.with_addresses(_named_in(anchor))
    mine, others = [], []
    for revision in revisions:
        if revision is anchor:
            mine.append(revision)
        elif found.knows(revision.author):
            mine.append(revision)
            found = found.with_addresses([], _named_in(revision))
        else:
            others.append(revision)
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
