# SPDX-License-Identifier: GPL-2.0-or-later
"""Removes a recipient from the headers and the envelope of a rendered message.

Everything else is unchanged.
"""

import re
from collections.abc import Collection
from email import message_from_bytes
from email.policy import compat32

from patchpilot.model.address import parse_addresses
from patchpilot.model.rendered_mail import RenderedMail, captured
from patchpilot.outgoing.outgoing_mail import address_header, decoded

HEADERS = ("To", "Cc")


def without(raw: bytes, keys: Collection[str]) -> bytes:
    """Returns a message's bytes with these mailboxes (in lower case) removed from To: and Cc:.

    A header that loses its last address is removed.
    """
    head, gap, body = raw.partition(b"\n\n")
    message = message_from_bytes(head + gap, policy=compat32)
    head += b"\n"
    for name in HEADERS:
        addresses = [
            address
            for value in message.get_all(name, [])
            for address in parse_addresses(str(value))
        ]
        remaining = [address for address in addresses if address.key not in keys]
        if len(remaining) == len(addresses):
            continue
        line = (
            f"{name}: "
            + ",\n\t".join(address_header(decoded(address)) for address in remaining)
            + "\n"
            if remaining
            else ""
        )
        head = re.sub(
            rb"(?im)^%s:[^\n]*\n(?:[ \t][^\n]*\n)*" % name.encode(), b"", head
        ) + line.encode("ascii")
    return head + gap[1:] + body


def mail_without(mail: RenderedMail, keys: Collection[str]) -> RenderedMail:
    """Returns a captured message with these mailboxes removed from its headers and envelope."""
    return captured(
        without(mail.raw, keys),
        mail.envelope_from,
        tuple(
            recipient for recipient in mail.recipients if recipient.lower() not in keys
        ),
    )
