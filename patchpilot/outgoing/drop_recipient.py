# SPDX-License-Identifier: GPL-2.0-or-later
"""Removes a recipient from the headers and the envelope of a message.

Everything else is unchanged.
"""

from collections.abc import Collection
from email import message_from_bytes
from email.policy import compat32

from patchpilot.model.address import parse_addresses
from patchpilot.model.message import Message
from patchpilot.outgoing.compose_message import address_list, decoded, with_fields


def without(raw: bytes, keys: Collection[str]) -> bytes:
    """Returns a message's bytes with these mailboxes (in lower case) removed from To: and Cc:.

    A header that loses its last address is removed.
    """
    message = message_from_bytes(raw.partition(b"\n\n")[0] + b"\n\n", policy=compat32)
    fields = {}
    for name in ("To", "Cc"):
        addresses = [
            address
            for value in message.get_all(name, [])
            for address in parse_addresses(str(value))
        ]
        left = [decoded(address) for address in addresses if address.key not in keys]
        if len(left) < len(addresses):
            fields[name] = address_list(left)
    return with_fields(raw, fields)


def message_without(message: Message, keys: Collection[str]) -> Message:
    """Returns a message with these mailboxes removed from its headers and envelope."""
    return message.with_raw(
        without(message.raw, keys),
        file=without(message.file, keys),
        recipients=tuple(
            recipient
            for recipient in message.recipients
            if recipient.lower() not in keys
        ),
    )
