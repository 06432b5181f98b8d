# SPDX-License-Identifier: GPL-2.0-or-later
"""The plan of a send and its result: the values the services and both front ends share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.model.action import Advice
from patchpilot.model.draft import Draft
from patchpilot.model.recipient import Recipient
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.model.send_problem import PassedCheck, SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import WAITING, MailState, Outcome
from patchpilot.outgoing.outgoing_mail import OutgoingMail
from patchpilot.outgoing.transport import Transport
from patchpilot.topic.mail_result import MailResult


@dataclass(frozen=True, slots=True)
class SendPlan:
    """What would be sent: every mail as its transport makes it, to whom and why, by which account,
    and what blocks it.

    `send_id` names the send in the outbox that a plan resumes, `states` are its mails' there;
    `judged` are the sends of the topic or of its patches that were known when the plan was made;
    `settled` what is said of its mails in doubt, by place, and `left_out` whom it is to be resumed
    without (mailboxes in lower case): both are written when it is sent; `passed` are the checks
    that found nothing; `tracking_data` is what the transport needs of its own records to send these
    mails.
    """

    request: SendRequest
    transport: Transport
    draft: Draft
    account: Account
    outgoing_mails: tuple[OutgoingMail, ...]
    mails: tuple[RenderedMail, ...]
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
    states: tuple[MailState, ...] = ()

    @property
    def waiting(self) -> tuple[int, ...]:
        """The indices of the mails that are to be sent: all, or of a resumed send what is missing."""  # noqa: E501
        return tuple(
            at
            for at in range(len(self.mails))
            if not self.states or self.states[at] in WAITING
        )

    @property
    def blocked(self) -> SendProblem | None:
        """What keeps the transport from sending anything with this account; None for nothing."""
        return self.transport.blocked(self.account)

    @property
    def refused(self) -> bool:
        """Whether it will not be sent as it is."""
        return bool(self.blockers) and not self.request.force


@dataclass(frozen=True, slots=True)
class SendResult:
    """The state of a send: `planned|sent|partial|failed|refused`, and each mail."""

    state: str
    messages: tuple[MailResult, ...]
    blockers: tuple[SendProblem, ...] = ()
    warnings: tuple[SendProblem, ...] = ()
    version: int = 1
    transport: str = ""
    account: str = ""
    change_id: str = ""
    advice: tuple[Advice, ...] = ()
