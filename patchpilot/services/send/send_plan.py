# SPDX-License-Identifier: GPL-2.0-or-later
"""The plan and the result of a send, shared by the services, the CLI and the TUI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.model.action import Advice
from patchpilot.model.draft import Draft
from patchpilot.model.message import Message
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_problem import PassedCheck, SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.transport import Transport


@dataclass(frozen=True, slots=True)
class SendPlan:
    """The plan of a send.

    Contains every message as its transport renders it, the recipients with reasons, the mail
    account, and the problems that block sending.

    `send_id` is the outbox send that the plan resumes. `judged` lists the sends of the topic or
    its patches that were known when the plan was made. `settled` maps the indices of messages in
    an unknown state to their outcomes, and `left_out` lists the removed recipients (mailboxes in
    lower case); both are saved when the plan is sent. `passed` lists the checks without findings.
    `tracking_data` is the data that the transport needs from its own records to send the messages.
    """

    request: SendRequest
    transport: Transport
    draft: Draft
    account: Account
    mails: tuple[Message, ...]
    recipients: tuple[Recipient, ...]
    bcc: tuple[str, ...]
    blockers: tuple[SendProblem, ...]
    warnings: tuple[SendProblem, ...]
    version: int
    base: str | None
    head: str | None
    remarks: tuple[Advice, ...] = ()
    passed: tuple[PassedCheck, ...] = ()
    send_id: int | None = None
    judged: tuple[int, ...] = ()
    settled: Mapping[int, Outcome] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    tracking_data: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def waiting(self) -> tuple[int, ...]:
        """The indices of the messages to send.

        For a resumed send, these are the messages that have not been accepted.
        """
        return tuple(at for at in range(len(self.mails)) if self.mails[at].is_waiting)

    @property
    def blocked(self) -> SendProblem | None:
        """The problem that prevents the transport from sending with this account, or None."""
        return self.transport.blocked(self.account)

    @property
    def refused(self) -> bool:
        """Whether sending is blocked by problems that are not overridden."""
        return bool(self.blockers) and not self.request.force


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of a send, with the result of each message.

    `state` is `planned`, `sent`, `partial`, `failed` or `refused`.
    """

    state: str
    messages: tuple[Message, ...]
    blockers: tuple[SendProblem, ...] = ()
    warnings: tuple[SendProblem, ...] = ()
    version: int = 1
    transport: str = ""
    account: str = ""
    change_id: str = ""
    advice: tuple[Advice, ...] = ()
