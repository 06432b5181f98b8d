# SPDX-License-Identifier: GPL-2.0-or-later
"""What every transport takes and gives: captured mails, the state of each, and the callbacks around the act of sending."""

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from enum import IntEnum, StrEnum

from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.encoded_words import decode_words
from patchpilot.model.mail import parse_mail


class MailState(StrEnum):
    """How far a mail got. `sending` is written before the act; found later, it means that nobody knows: `unknown`."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Captured:
    """A mail as its transport made it: headers read back from `raw`, and the envelope's sender and recipients."""

    message_id: str
    subject: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    in_reply_to: str | None
    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes


class Retry(IntEnum):
    """Whether a mail that is known not to have been accepted may be accepted at another try; on a new connection, or after a while."""

    NO = 0
    NEW_CONNECTION = 1
    LATER = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail: its state, the server's or program's words, and whether another try may help."""

    state: MailState
    detail: str = ""
    retry: Retry = Retry.NO


Report = Callable[[int, Outcome], None]
"""Called with a mail's index and its outcome, before (`sending`) and after the act; what it writes is on disk when it returns."""
Stop = Callable[[], bool]
"""Asked between mails whether to stop."""


def never_stop() -> bool:
    """The Stop that nobody pulls."""
    return False


def captured(raw: bytes, envelope_from: str, recipients: tuple[str, ...]) -> Captured:
    """Read back what a transport made."""
    mail = parse_mail(raw)
    message = message_from_bytes(raw, policy=compat32)
    return Captured(
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
    """A header's addresses; split before RFC 2047 words are decoded, since a decoded name may hold a comma."""
    return tuple(Address(decode_words(one.name), one.email) for value in message.get_all(name, []) for one in parse_addresses(str(value)))


def header_recipients(mail: Captured) -> tuple[str, ...]:
    """The addresses To: and Cc: name, once each."""
    return tuple(dict.fromkeys(one.email for one in (*mail.to, *mail.cc)))
