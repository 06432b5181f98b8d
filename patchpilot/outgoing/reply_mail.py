# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the subject, the recipients and the threading of a reply from the message that it
answers.
"""

from collections.abc import Collection, Iterator

from patchpilot.model.address import Address, split_usable_addresses
from patchpilot.model.mail import Mail
from patchpilot.outgoing.compose_message import decode_address

REFERENCES = 20
"""Maximum number of Message-IDs in References:; the first and the latest ones are kept."""


def make_reply_subject(subject: str) -> str:
    """Return the subject of a reply to a message with this subject."""
    plain = " ".join(subject.split())
    return plain if plain[:3].lower() == "re:" else f"Re: {plain}"


def find_reply_recipients(
    parent: Mail, author: Address, own_keys: Collection[str]
) -> tuple[tuple[Address, ...], tuple[Address, ...], tuple[str, ...]]:
    """Return the To: and Cc: addresses of a reply to all, and the omitted addresses with reasons.

    To: contains `author`, who is the real sender of the message if a list has rewritten From:. Cc:
    contains the other addresses in the message. A reply to a message by the user goes to the
    recipients of that message. Addresses in `own_keys`, given in lower case, and addresses that
    cannot be used are omitted.
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


def make_reply_references(parent: Mail) -> tuple[str, ...]:
    """Return the References: header of a reply.

    It contains the References: of the message that is answered, followed by its Message-ID.
    """
    ancestors = parent.references or ((parent.in_reply_to,) if parent.in_reply_to else ())
    chain = tuple(dict.fromkeys((*ancestors, parent.message_id)))
    return chain if len(chain) <= REFERENCES else (chain[0], *chain[-(REFERENCES - 1) :])
