# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends in the outbox, with mails in the states a test wants, without a mail server."""

from collections.abc import Sequence

from patchpilot.model.address import Address
from patchpilot.model.rendered_mail import RenderedMail, captured
from patchpilot.outgoing.mail_state import MailState, Outcome
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.outgoing_mail import OutgoingMail

ADA, MAX, LIST = (
    Address("Ada Fixer", "ada@example.org"),
    Address("Max Keeper", "max@keeper.example"),
    Address("", "widgets@lists.example"),
)
CHANGE = "20261120-widget-0123456789ab"


def outgoing_mail(
    number: int,
    version: int = 1,
    *,
    change_id: str = CHANGE,
    patch_id: str | None = None,
) -> OutgoingMail:
    """Mail `number` of a series to Max, with a copy to the list."""
    mark = f"[PATCH v{version} {number}/9]" if version > 1 else f"[PATCH {number}/9]"
    return OutgoingMail(
        number=number,
        message_id=f"{change_id}-v{version}-{number}@example.org",
        subject=f"{mark} widget: change {number}",
        author=ADA,
        to=(MAX,),
        cc=(LIST,),
        body=b"Why.\n---\n",
        commit=f"{number:040x}" if number else None,
        patch_id=patch_id or (f"{number + 16 * version:040x}" if number else None),
    )


def mail_of(one: OutgoingMail) -> RenderedMail:
    """The letter as a transport would make it."""
    return captured(
        one.file(), ADA.email, tuple(who.email for who in (*one.to, *one.cc))
    )


def record(
    outbox: Outbox,
    *states: MailState,
    change_id: str = CHANGE,
    version: int = 1,
    kind: str = "real",
    outgoing_mails: Sequence[OutgoingMail] = (),
    bcc: tuple[str, ...] = (),
) -> Send:
    """Add a send with a mail in each of these states (one accepted when none is given)."""
    wanted = states or (MailState.ACCEPTED,)
    made = outgoing_mails or [
        outgoing_mail(number, version, change_id=change_id)
        for number in range(1, len(wanted) + 1)
    ]
    planned = Send(
        id=0,
        change_id=change_id,
        repository="/src/linux",
        branch="widget",
        version=version,
        transport="send-email",
        account="ada@example.org at 127.0.0.1",
        sender=ADA.email,
        kind=kind,
        base="1" * 40,
        head="2" * 40,
        force=None,
        bcc=bcc,
        begun="",
        entries=(),
    )
    send = outbox.add(planned, made, [mail_of(one) for one in made])
    for place, state in enumerate(wanted):
        outbox.mark(send.id, place, Outcome(state))
    return outbox.get(send.id)
