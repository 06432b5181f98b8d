# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of a mail."""

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
    """What became of one mail."""

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
    """A mail as the outbox has it."""
    mail = entry.mail
    return MailResult(
        mail.message_id, mail.subject, mail.to, mail.cc, entry.state, entry.detail
    )
