# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as rendered by a transport, with the headers parsed from their bytes."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.encoded_words import decode_words
from patchpilot.model.mail import parse_mail_header


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A message as its transport rendered it.

    Its headers are parsed from `raw`; the envelope has the sender and the recipients.
    """

    message_id: str
    subject: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    in_reply_to: str | None
    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes


def captured(
    raw: bytes, envelope_from: str, recipients: tuple[str, ...]
) -> RenderedMail:
    """Parses the headers of a message that a transport rendered."""
    mail = parse_mail_header(raw)
    message = BytesHeaderParser(policy=compat32).parsebytes(raw)
    return RenderedMail(
        message_id=mail.message_id,
        subject=mail.subject,
        sender=mail.sender,
        to=_addresses(message, "To"),
        cc=_addresses(message, "Cc"),
        in_reply_to=mail.in_reply_to,
        envelope_from=envelope_from,
        recipients=recipients,
        raw=raw,
    )


def _addresses(message: "Message[str, str]", name: str) -> tuple[Address, ...]:
    """A header's addresses.

    Split before RFC 2047 words are decoded, since a decoded name may hold a comma.
    """
    return tuple(
        Address(decode_words(parse_address.name), parse_address.email)
        for value in message.get_all(name, [])
        for parse_address in parse_addresses(str(value))
    )


def header_recipients(mail: RenderedMail) -> tuple[str, ...]:
    """Returns the addresses in To: and Cc:, without duplicates."""
    return tuple(dict.fromkeys(one.email for one in (*mail.to, *mail.cc)))
