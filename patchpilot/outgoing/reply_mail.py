# SPDX-License-Identifier: GPL-2.0-or-later
"""A reply as a mail: threading and recipients from the mail that it answers, and its bytes where
the transport does not make them itself.
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
    """The subject of an answer to a mail."""
    plain = " ".join(subject.split())
    return plain if plain[:3].lower() == "re:" else f"Re: {plain}"


def reply_recipients(
    answered: Mail, author: Address, own: Collection[str]
) -> tuple[tuple[Address, ...], tuple[Address, ...], tuple[str, ...]]:
    """To: and Cc: of a reply to all, and what was left out: the mail's author (`author`, without a
    list's rewriting), and everybody else that it names.

    Addresses that are our `own` (in lower case) are left out, and so are those that no mail can be
    sent to, each named with the reason. For a mail of our own, whom it was sent to.
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
    """The Message-IDs of a reply's References: those of the mail that it answers, and that mail's
    own.
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
    """A mail with the account's sender in From: (the patch's author goes into its body) and a
    Date:; `bcc` are more recipients, as headers.
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
