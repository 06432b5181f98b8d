# SPDX-License-Identifier: GPL-2.0-or-later
"""Derive a reply's subject, recipients and threading from its parent."""

from collections.abc import Collection, Iterator

from patchpilot.model.address import Address, split_usable_addresses
from patchpilot.model.mail import Mail
from patchpilot.outgoing.compose_message import decode_address

REFERENCES = 20
"""Maximum number of Message-IDs in References:; the first and the latest ones are kept."""


def reply_subject(subject: str) -> str:
    """Return the subject of a reply to a message with this subject."""
    plain = " ".join(subject.split())
    return plain if plain[:3].lower() == "re:" else f"Re: {plain}"


def reply_recipients(
    parent: Mail, author: Address, own_keys: Collection[str]
) -> tuple[tuple[Address, ...], tuple[Address, ...], tuple[str, ...]]:
    """Return the To: and Cc: addresses of a reply to all, and the omitted addresses with reasons.

    To: is `author`, the real sender of the message if a list rewrote From:; Cc: are its other
    addressees. A reply to the user's own message goes to its recipients. Addresses in `own_keys`
    (in lower case) and unusable addresses are omitted.
    """
    to = parent.to if author.key in own_keys else (author,)
    used_keys = set(own_keys)

    def usable(addresses: tuple[Address, ...]) -> Iterator[Address]:
        for address in map(decode_address, addresses):
            if address.key not in used_keys:
                used_keys.add(address.key)
                yield address

    to_addresses, omitted = split_usable_addresses(usable(to))
    cc_addresses, omitted_cc = split_usable_addresses(usable((*parent.to, *parent.cc)))
    return (
        *((to_addresses, cc_addresses) if to_addresses else (cc_addresses, ())),
        (*omitted, *omitted_cc),
    )


def reply_references(parent: Mail) -> tuple[str, ...]:
    """Return the References: of a reply: the parent's References:, followed by its Message-ID."""
    ancestors = parent.references or (
        (parent.in_reply_to,) if parent.in_reply_to else ()
    )
    chain = tuple(dict.fromkeys((*ancestors, parent.message_id)))
    return (
        chain if len(chain) <= REFERENCES else (chain[0], *chain[-(REFERENCES - 1) :])
    )
