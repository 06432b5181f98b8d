# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a message to send, with its headers, content, recipients and delivery state."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from patchpilot.model.address import Address, decode_words, parse_addresses
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Field, parse_mail_header, parse_raw_headers


class MailState(StrEnum):
    """The delivery state of a message.

    `sending` is stored before an attempt. If the state is still `sending` after a crash, the
    outcome is `unknown`.
    """

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


WAITING = (MailState.PENDING, MailState.REJECTED)
"""States of messages that are sent when a send is resumed."""


@json_form("message_id subject to cc state=known_state detail")
@dataclass(frozen=True, slots=True)
class Message:
    """A message of a series, or a reply, from its composition to its delivery.

    Its headers are parsed from `raw`, which contains the bytes to send; a mail program creates
    these bytes from `file`. Message-IDs have no angle brackets. `number` is 0 for the cover letter,
    which has no commit and no patch-id. `position` is the 0-based index of the message in the send.
    """

    message_id: str
    subject: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    in_reply_to: str | None
    references: tuple[str, ...]
    raw: bytes
    file: bytes
    envelope_from: str = ""
    recipients: tuple[str, ...] = ()
    number: int = 1
    commit: str | None = None
    patch_id: str | None = None
    position: int = 0
    state: MailState = MailState.PENDING
    detail: str = ""

    @property
    def known_state(self) -> MailState:
        """Return the state; it is unknown if the server received the message but did not reply."""
        return MailState.UNKNOWN if self.state is MailState.SENDING else self.state

    @property
    def is_waiting(self) -> bool:
        """Return whether the message is sent when its send is resumed."""
        return self.state in WAITING

    @property
    def to_and_cc(self) -> tuple[str, ...]:
        """Return the addresses in To: and Cc:, without duplicates."""
        return tuple(dict.fromkeys(address.email for address in (*self.to, *self.cc)))

    def replace_raw(self, raw: bytes, **changes: Any) -> "Message":
        """Return a copy of the message with these bytes, and with other fields changed."""
        return replace(self, raw=raw, **_parse_headers(raw), **changes)


def parse_message(raw: bytes, envelope_from: str = "", recipients: tuple[str, ...] = ()) -> Message:
    """Create a message from its bytes."""
    return Message(
        raw=raw,
        file=raw,
        envelope_from=envelope_from,
        recipients=recipients,
        **_parse_headers(raw),
    )


def _parse_headers(raw: bytes) -> dict[str, Any]:
    mail = parse_mail_header(raw)
    fields = parse_raw_headers(raw.decode("utf-8", "surrogateescape").split("\n"))[0]
    return {
        "message_id": mail.message_id,
        "subject": mail.subject,
        "sender": mail.sender,
        "to": _header_addresses(fields, "to"),
        "cc": _header_addresses(fields, "cc"),
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
    }


def _header_addresses(fields: Iterable[Field], name: str) -> tuple[Address, ...]:
    """Return the addresses in all headers with this name.

    Encoded words (RFC 2047) are decoded only after the addresses are separated, because a decoded
    name may contain a comma.
    """
    return tuple(
        Address(decode_words(address.name), address.email)
        for field, _, value in fields
        if field.lower() == name
        for address in parse_addresses(value)
    )
