# SPDX-License-Identifier: GPL-2.0-or-later
"""A message to send and its bytes.

Only the headers pass through the email package; the body is never changed.
"""

import re
from dataclasses import dataclass, replace
from email.header import Header
from email.utils import formataddr

from patchpilot.errors import InputError
from patchpilot.model.address import Address, AddressState, is_header_safe, judge
from patchpilot.model.encoded_words import decode_words
from patchpilot.model.message_id import bracketed

_BREAK = re.compile(r"[\r\n\0]")
_PLAIN = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One message of a series as it is passed to a transport.

    `number` is 0 for the cover letter. Message-IDs are without angle brackets. `body` ends with a
    newline. `author` is the address in From: until the transport replaces it with the sender.
    `commit` and `patch_id` are None for a cover letter.
    """

    number: int
    message_id: str
    subject: str
    author: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    body: bytes
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    commit: str | None = None
    patch_id: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def file(self) -> bytes:
        """The mail as a file for `git send-email`, or for an outbox.

        InputError when something in it cannot be in a header.
        """
        lines = [
            ("From", address_header(self.author)),
            ("Subject", text_header("Subject", self.subject)),
            ("To", ",\n\t".join(address_header(address) for address in self.to)),
            ("Cc", ",\n\t".join(address_header(address) for address in self.cc)),
            ("Message-ID", bracketed(self.message_id)),
            ("In-Reply-To", bracketed(self.in_reply_to) if self.in_reply_to else ""),
            (
                "References",
                "\n ".join(bracketed(reference) for reference in self.references),
            ),
            *self.extra,
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]
        head = "".join(f"{name}: {value}\n" for name, value in lines if value)
        return head.encode("ascii") + b"\n" + self.body


def text_header(name: str, text: str) -> str:
    """Encodes free text as a header value: folded, with RFC 2047 encoded words unless it is plain
    ASCII.

    Raises InputError if the text contains a line break.
    """
    if _BREAK.search(text):
        raise InputError(
            f"{name}: line break in a header", hint="remove the line break"
        )
    clean = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    words = clean.split(" ")
    plain = next(
        (
            at
            for at, word in enumerate(words)
            if not _PLAIN.fullmatch(word) or "=?" in word
        ),
        len(words),
    )
    if plain == len(words):
        return clean
    # the words in brackets stay readable to filters that do not decode; the space before the first
    # encoded word separates, and is no text
    head, tail = " ".join(words[:plain]), " ".join(words[plain:])
    coded = Header(
        tail, "utf-8", header_name=f"{name}: {head}", continuation_ws=" "
    ).encode(maxlinelen=75)
    return f"{head} {coded}" if head else coded


def address_header(address: Address) -> str:
    """Encodes an address as `Name <email>` for a header, with the domain in ASCII.

    Raises InputError if no message can be sent to the address.
    """
    verdict = judge(address.email)
    if (
        verdict.state is AddressState.BAD
        or verdict.wire is None
        or not is_header_safe(address)
    ):
        reason = (
            verdict.reason
            if verdict.state is AddressState.BAD
            else "it cannot be written in a header"
        )
        raise InputError(
            f"{address.email}: invalid address: {reason}",
            hint="correct or drop this recipient",
        )
    if address.name.isascii():
        return formataddr((address.name, verdict.wire))
    return f"{text_header('To', address.name)} <{verdict.wire}>"


def decoded(address: Address) -> Address:
    """Returns an address from a header with its name decoded."""
    return Address(decode_words(address.name), address.email)


def to_self(outgoing_mail: OutgoingMail, sender: Address) -> OutgoingMail:
    """Returns the message addressed to its sender only.

    The original recipients are in X-Original-To and X-Original-Cc.
    """
    extra = tuple(
        (
            f"X-Original-{name}",
            ",\n\t".join(address_header(address) for address in addresses),
        )
        for name, addresses in (("To", outgoing_mail.to), ("Cc", outgoing_mail.cc))
        if addresses
    )
    return replace(outgoing_mail, to=(sender,), cc=(), extra=extra)
