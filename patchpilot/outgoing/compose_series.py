# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of a series as composed by patchpilot, for transports that do not make messages
themselves.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.rendered_mail import RenderedMail, captured, header_recipients
from patchpilot.outgoing.compose_mails import (
    PatchBody,
    bodies_of_commits,
    bodies_of_patches,
    mails_of,
)
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.outgoing_mail import OutgoingMail, to_self
from patchpilot.outgoing.transport import SeriesToRender
from patchpilot.series.cover_letter import GIT_SUBJECT
from patchpilot.series.message_ids import kept_ids, new_message_ids


def compose(repository: Repository, series: SeriesToRender) -> tuple[OutgoingMail, ...]:
    """Composes the messages of a series with their Message-IDs.

    Message-IDs from the last preview of the same messages are reused; otherwise new ones are
    generated. A message to yourself is addressed to the sender only.
    """
    sender = series.account.sender
    assert sender is not None
    bodies = (
        bodies_of_commits(repository, series.ids, series.text, sender)
        if series.ids
        else bodies_of_patches(
            repository, series.series.patches, series.series.cover, series.text
        )
    )
    mails = mails_of(
        bodies,
        series.text,
        _message_ids(series, bodies, sender),
        lambda _: (series.to, series.cc),
    )
    if mails and GIT_SUBJECT in mails[0].subject:
        raise RefusedError(
            "the cover letter still has git's placeholder for its subject",
            hint=f"write it in {series.series.cover.source}"
            if series.series.cover
            else Hint(
                (
                    "write it: ",
                    Action("draft", ("--cover-subject", "TEXT")),
                    ", or ",
                    Action("draft", ("--edit",)),
                )
            ),
        )
    return tuple(to_self(mail, sender) for mail in mails) if series.to_self else mails


def _message_ids(
    series: SeriesToRender, bodies: Sequence[PatchBody], sender: Address
) -> tuple[str, ...]:
    text = series.text
    content: list[str | bytes] = [
        sender.header(),
        text.prefix,
        str(text.version),
        text.in_reply_to or "",
    ]
    for body in bodies:
        content += [body.title, body.author.header(), body.body]
    return kept_ids(
        series.draft,
        "to-self" if series.to_self else "real",
        content,
        lambda: new_message_ids(
            series.draft.change_id,
            text.version,
            len(bodies),
            sender,
            datetime.now(UTC).date(),
        ),
    )


def as_sent(
    outgoing_mail: OutgoingMail, account: Account, bcc: Sequence[str] = ()
) -> RenderedMail:
    """Renders a composed message for a transport that has no mail program.

    The sender is in From:, and a Date: and the envelope are added. A different author is named in
    the first line of the body, where `git am` looks for it.
    """
    sender = account.sender
    assert sender is not None
    body = outgoing_mail.body
    if outgoing_mail.author != sender:
        body = (
            f"From: {outgoing_mail.author.header()}\n\n".encode(
                "utf-8", "surrogateescape"
            )
            + body
        )
    date = ("Date", format_datetime(datetime.now().astimezone()))
    raw = replace(
        outgoing_mail, author=sender, body=body, extra=(*outgoing_mail.extra, date)
    ).file()
    envelope = account.envelope or sender.email
    hidden = (address.email for text in bcc for address in parse_addresses(text))
    return captured(
        raw,
        envelope,
        tuple(
            dict.fromkeys((*header_recipients(captured(raw, envelope, ())), *hidden))
        ),
    )
