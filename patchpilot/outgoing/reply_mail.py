# SPDX-License-Identifier: GPL-2.0-or-later
"""A reply as an outgoing message.

Its threading and recipients come from the message it answers. Its bytes are rendered here for
transports that do not render messages themselves.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

from patchpilot.model.address import Address, parse_addresses, sort_out
from patchpilot.model.mail import Mail
from patchpilot.model.rendered_mail import RenderedMail, captured, header_recipients
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.outgoing_mail import OutgoingMail, decoded

REFERENCES = 20
"""At most so many Message-IDs in References: the first, and the last ones."""


def reply_subject(subject: str) -> str:
    """Returns the subject of a reply to a message with this subject."""
    plain = " ".join(subject.split())
    return plain if plain[:3].lower() == "re:" else f"Re: {plain}"


def reply_recipients(
    answered: Mail, author: Address, own: Collection[str]
) -> tuple[tuple[Address, ...], tuple[Address, ...], tuple[str, ...]]:
    """Returns the To: and Cc: addresses of a reply to all, and the omitted addresses.

    To: is the message's author (`author`, the real sender if a list rewrote From:), Cc:
    everybody else it was addressed to. A reply to one's own message goes to that message's
    recipients. Addresses in `own` (in lower case) are dropped, and so are addresses to which
    nothing can be sent; the latter are returned with the reason.
    """
    to = answered.to if author.key in own else (author,)
    seen = set(own)

    def others(addresses: tuple[Address, ...]) -> Iterator[Address]:
        for address in map(decoded, addresses):
            if address.key not in seen:
                seen.add(address.key)
                yield address

    first, omitted = sort_out(others(to))
    rest, more = sort_out(others((*answered.to, *answered.cc)))
    return (*((first, rest) if first else (rest, ())), (*omitted, *more))


def reply_references(answered: Mail) -> tuple[str, ...]:
    """Returns the Message-IDs for a reply's References: header.

    These are the References: of the answered message and its Message-ID.
    """
    before = answered.references or (
        (answered.in_reply_to,) if answered.in_reply_to else ()
    )
    chain = tuple(dict.fromkeys((*before, answered.message_id)))
    return (
        chain if len(chain) <= REFERENCES else (chain[0], *chain[-(REFERENCES - 1) :])
    )


def render_reply(
    account: Account, mail: OutgoingMail, bcc: Sequence[str]
) -> RenderedMail:
    """Renders a message with the account's sender in From: and a Date: header.

    A different patch author is named in the body. `bcc` are additional recipients, as header
    values.
    """
    assert account.sender
    if mail.author.key != account.sender.key:
        mail = replace(
            mail,
            author=account.sender,
            body=f"From: {mail.author}\n\n".encode("utf-8", "surrogateescape")
            + mail.body,
        )
    raw = b"Date: " + format_datetime(datetime.now(UTC)).encode() + b"\n" + mail.file()
    made = captured(raw, account.envelope or account.sender.email, ())
    blind = (address.email for value in bcc for address in parse_addresses(value))
    return replace(
        made, recipients=tuple(dict.fromkeys((*header_recipients(made), *blind)))
    )
