# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of sending a message."""

from dataclasses import dataclass

from patchpilot.model.address import Address
from patchpilot.model.json_form import json_form
from patchpilot.outgoing.mail_state import MailState
from patchpilot.outgoing.outbox import OutboxEntry


@json_form(
    "message_id",
    "subject",
    "to",
    "cc",
    "state=known_state",
    "detail",
)
@dataclass(frozen=True, slots=True)
class MailResult:
    """The result of sending one message."""

    message_id: str
    subject: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    state: MailState
    detail: str

    @property
    def known_state(self) -> MailState:
        """Its state; unknown while a server has it and did not answer."""
        return MailState.UNKNOWN if self.state is MailState.SENDING else self.state


def mail_result(entry: OutboxEntry) -> MailResult:
    """Return the result of a message from its outbox entry."""
    mail = entry.mail
    return MailResult(
        mail.message_id, mail.subject, mail.to, mail.cc, entry.state, entry.detail
    )
