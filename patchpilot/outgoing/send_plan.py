# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of a send, what would leave, and what became of it: the values the services and both front ends share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.model.address import Address
from patchpilot.model.recipient import Recipient
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import MailState, Outcome
from patchpilot.outgoing.outgoing_mail import OutgoingMail
from patchpilot.series.draft import Draft

TRANSPORTS = ("git-send-email", "b4")
WAITING = (MailState.PENDING, MailState.REJECTED)
"""The states of mails that leave when a send is taken up."""


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What the person asked of `send`, as given; `answers` are (question, answer) to the questions before a send."""

    target: str | None = None
    via: str = "git-send-email"
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    auto: bool = True
    prefix: str | None = None
    version: int | None = None
    cover: bool = False
    in_reply_to: str | None = None
    answers: tuple[tuple[str, str], ...] = ()
    base: str | None = None
    reroll: bool = False
    resend: bool = False
    range_diff: bool = False
    to_self: bool = False
    force: str | None = None
    identity: str | None = None
    profile: str = ""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class SendProblem:
    """Something that stands against sending: a stable name, what it is, and the way out."""

    name: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A version that was sent as others than the outbox know it: `where` they keep it, whether its patches are the `same`, and of this topic."""

    version: int
    date: str
    where: str
    same: bool
    same_topic: bool


NO_SERVER = SendProblem(
    "no-server",
    "no mail server is configured: nothing can be sent",
    "git config --global sendemail.smtpserver HOST (`patchpilot doctor` knows your provider's settings)",
)


@dataclass(frozen=True, slots=True)
class SendPlan:
    """What would leave: every mail as its transport makes it, to whom and why, by which account, and what stands against it.

    `send_id` names the send in the outbox that a plan resumes, `states` are its mails' there; `judged` are the sends of the
    topic or of its patches that were known when the plan was made; `settled` what is said of its mails in doubt, by place, and
    `left_out` whom it is to be resumed without (mailboxes in lower case): both are written when it is sent;
    `books` is the branch's section in b4's books when b4 made the mails.
    """

    request: SendRequest
    draft: Draft
    account: Account
    letters: tuple[OutgoingMail, ...]
    mails: tuple[RenderedMail, ...]
    recipients: tuple[Recipient, ...]
    bcc: tuple[str, ...]
    refusals: tuple[SendProblem, ...]
    warnings: tuple[SendProblem, ...]
    version: int
    base: str | None
    head: str | None
    remarks: tuple[str, ...] = ()
    send_id: int | None = None
    judged: tuple[int, ...] = ()
    settled: Mapping[int, Outcome] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    books: Mapping[str, Sequence[str]] = field(default_factory=dict)
    states: tuple[MailState, ...] = ()

    @property
    def waiting(self) -> tuple[int, ...]:
        """The indices of the mails that are to leave: all, or of a resumed send what is missing."""
        return tuple(at for at in range(len(self.mails)) if not self.states or self.states[at] in WAITING)

    @property
    def lacks_server(self) -> bool:
        """Whether there is no way to send: no server, no program, and no web endpoint that b4 was told to use."""
        return not self.account.configured and not (self.request.via == "b4" and bool(self.account.endpoint))

    @property
    def refused(self) -> bool:
        """Whether it will not be sent as it is."""
        return bool(self.refusals) and not self.request.force


@dataclass(frozen=True, slots=True)
class MailResult:
    """What became of one mail."""

    message_id: str
    subject: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    state: MailState
    detail: str


@dataclass(frozen=True, slots=True)
class SendResult:
    """How a send stands: `planned|sent|partial|failed|refused`, and each mail."""

    state: str
    messages: tuple[MailResult, ...]
    refusals: tuple[SendProblem, ...] = ()
    warnings: tuple[SendProblem, ...] = ()
    version: int = 1
    transport: str = ""
    account: str = ""
    change_id: str = ""
    advice: tuple[str, ...] = ()
