# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the interface of all transports, with its argument and result types.

It hides the differences between transports: no other module refers to a transport by name.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.model.action import Advice
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft
from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState, Message
from patchpilot.model.patch import Series
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.recipient import Recipient, select_for_patch
from patchpilot.model.send_problem import NO_SERVER, CheckLine, CheckState, SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.compose_mails import SeriesText
from patchpilot.outgoing.compose_message import complete_message
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.hand_over import find_missing_program
from patchpilot.outgoing.header_guard import refuse_unsafe_headers
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.mail_state import Outcome, Report, Stop, never_stops
from patchpilot.outgoing.outbox import Send

if TYPE_CHECKING:
    from patchpilot.outgoing.probes import Probe


_NO_PATCHES, _NO_TEXT = Series(()), SeriesText()


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of a send in the outbox.

    `report` stores the position and the state of a message on disk before each attempt (`sending`)
    and after it. `rename` stores the Message-ID and the bytes with which a message was sent. Raise
    InputError for messages that `refuse_unsafe_headers` rejects.
    """

    repository: Repository
    account: Account
    send: Send
    report: Report
    rename: Callable[[int, str, bytes], None]
    credential: Credential | None = None
    stopping: Stop = never_stops
    progress: Progress = ignore_progress

    def __post_init__(self) -> None:
        # check the messages here, because an older version or another program may have stored them
        refuse_unsafe_headers(self.send.waiting_messages)

    @property
    def is_to_self(self) -> bool:
        """Return whether this is a test send to the sender only."""
        return self.send.kind == "to-self"

    def envelope_recipients(self, message: Message) -> tuple[str, ...]:
        """Return the envelope recipients of a message, or only the sender for a test."""
        sender = self.account.sender.email if self.account.sender else ""
        return (sender,) if self.is_to_self else message.recipients


class Transport(Protocol):
    """A way to send messages.

    Transports may override the attributes and methods that have a default.
    """

    name: str
    """The name used in `--via` and `patchpilot.via`."""
    keeps_tracking_data: bool = False
    """Whether a send updates b4's tracking data of a branch enrolled by patchpilot."""
    recipient_settings: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Settings other than `sendemail.*` that add recipients to "to" and "cc"."""
    uses: tuple[Use, ...] = (Use.MAIL,)
    """Kinds of commands that may be run from the configuration, apart from a login."""
    damage_hint: str = ""
    """Advice if `git am` would not recreate a commit; "" for the default advice."""

    def recipient_values(self, repository: Repository, key: str) -> tuple[str, ...]:
        """Return the values of a setting that names recipients."""
        return repository.config(key)

    def account(self, repository: Repository, identity: str | None = None) -> Account:
        """Return the `sendemail` account, or an account with another destination."""
        return read_account(repository, identity)

    def refuse_untrusted(self, repository: Repository, account: Account) -> None:
        """Raise UntrustedCommandsError if the transport would run commands that the repository
        configures.
        """
        login = (Use.LOGIN,) if account.needs_login else ()
        refuse_untrusted(repository.top, *self.uses, *login)

    def find_blocking_problem(self, account: Account) -> SendProblem | None:
        """Return the reason why the transport cannot send with this account, or None."""
        if not (account.configured or account.destination):
            return NO_SERVER
        return find_missing_program(account)

    @abstractmethod
    def installed(
        self, repository: Repository, account: Account, *, chosen: bool
    ) -> "Probe | None":
        """Return doctor's report on the programs that the transport requires, or None.

        A missing program is a failure only if the transport is `chosen`.
        """

    @abstractmethod
    def probes(
        self, repository: Repository, account: Account, *, offline: bool, terminal: bool
    ) -> "Iterator[Probe]":
        """Yield the reports by doctor about the settings and the server of the transport.

        Nothing is sent. `terminal` allows prompts for a password.
        """

    @abstractmethod
    def render(
        self, repository: Repository, sending: "Sending", meanwhile: Callable[[], object]
    ) -> "Sending":
        """Return the send with its messages.

        Nothing is sent, and the repository is unchanged. `meanwhile` may be called repeatedly while
        another program creates the messages.
        """

    @abstractmethod
    def deliver(self, delivery: Delivery) -> str:
        """Send the pending messages until one is not accepted or a stop is requested.

        Return the result of the login: "accepted", "refused" or "".
        """

    def render_mail(
        self,
        repository: Repository,
        account: Account,
        message: Message,
        bcc: Sequence[str] = (),
        identity: str | None = None,
    ) -> Message:
        """Create a single message, such as a reply, without sending it."""
        return complete_message(message, account, bcc)

    def deliver_mail(self, delivery: Delivery) -> str:
        """Send a single message; return the same as `deliver`."""
        return self.deliver(delivery)


@json_form(
    "state messages=send.entries verdict refusals=blockers warnings recipients bcc=send.bcc "
    "transport=send.transport account=account.label sender version=send.version "
    "change_id=send.change_id base=send.base to_self=request.to_self forced=request.force "
    "remarks advice unverified"
)
@dataclass(frozen=True, slots=True)
class Sending:
    """A send of a topic: its messages, its blocking problems and, after sending, its result.

    `ids` are the commits; if it is empty, the patch files in `series` are sent. `send` is the
    record for the outbox, without messages until the transport has rendered them. If the send is
    resumed, `send` is the record from the outbox with the changes to save when sending. `remarks`
    are notes for the preview. `before` are earlier sends of the topic or its patches that may have
    reached recipients, as of planning. `settled` maps the positions of messages in an unknown state
    to their outcomes. `unverified` is what is known against the delivery of messages that a program
    or local server accepted, or None. `passed` lists the checks without findings. `effects`
    describes how the answers in the request change the recipients.
    `outcome` is "" before sending, then `sent`, `partial` or `failed`. `last` is the topic's last
    recorded send, `link` the archive URL of its first accepted message (or ""), and `now` contains
    the next steps.
    """

    request: SendRequest
    transport: Transport
    account: Account
    draft: Draft
    send: Send
    series: Series = _NO_PATCHES
    ids: tuple[str, ...] = ()
    text: SeriesText = _NO_TEXT
    recipients: tuple[Recipient, ...] = ()
    remarks: tuple[Advice, ...] = ()
    before: tuple[Send, ...] = ()
    effects: tuple[str, ...] = ()
    blockers: tuple[SendProblem, ...] = ()
    warnings: tuple[SendProblem, ...] = ()
    passed: tuple[CheckLine, ...] = ()
    settled: Mapping[int, Outcome] = field(default_factory=dict)
    outcome: str = ""
    advice: tuple[Advice, ...] = ()
    last: Send | None = None
    link: str = ""
    now: tuple[Advice, ...] = ()
    unverified: SendProblem | None = None

    @property
    def received(self) -> tuple[Send, ...]:
        """Return the topic's sends in which a message was or may have been accepted."""
        return tuple(
            send
            for send in self.before
            if send.change_id == self.draft.change_id and send.state in ("sent", "partial")
        )

    def rendered(
        self,
        messages: tuple[Message, ...],
        remarks: Iterable[Advice] = (),
        tracking_data: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> "Sending":
        """Return the send with its messages and notes for the preview.

        `tracking_data` is what the transport needs to send these messages later.
        """
        send = replace(self.send, entries=messages, tracking_data=tracking_data)
        return replace(self, send=send, remarks=(*self.remarks, *remarks))

    def headers(self, number: int = 0) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
        """Return the To: and Cc: addresses of a patch, or of the cover letter if the number is 0.

        If there are no recipients, To: is the sender.
        """
        recipients = select_for_patch(self.recipients, number)
        if not recipients and self.account.sender:
            return (self.account.sender,), ()
        to, cc = (
            tuple(recipient.address for recipient in recipients if recipient.header == header)
            for header in ("to", "cc")
        )
        return to, cc

    @property
    def blocking_problem(self) -> SendProblem | None:
        """Return the reason why the transport cannot send with this account, or None."""
        return self.transport.find_blocking_problem(self.account)

    @property
    def is_unfinished(self) -> bool:
        """Return whether messages of the last send are unsent or have an unknown outcome."""
        return self.last is not None and self.last.state != "sent"

    @property
    def is_sent(self) -> bool:
        """Return whether this version of the topic was sent."""
        last_send = None if self.is_unfinished else self.last
        names = {problem.name for problem in self.blockers}
        return bool(last_send and last_send.version >= self.send.version) or (
            bool(names) and names <= sent_problem_names(names)
        )

    @property
    def upstream_problem(self) -> SendProblem | None:
        """Return the problem that mainline or another tree has the fix already, or None."""
        return next((problem for problem in self.blockers if problem.name == ALREADY_FIXED), None)

    @property
    def headline(self) -> str:
        """Describe the last send: its version and number of accepted messages."""
        assert self.last is not None
        entries = self.last.entries
        count = sum(entry.state is MailState.ACCEPTED for entry in entries)
        counts = f"v{self.last.version}: {count} of {format_count(len(entries), 'message')}"
        return f"{counts} {'handed over, not verified' if self.unverified else 'accepted'}"

    @property
    def refused(self) -> bool:
        """Return whether the send is blocked by problems that are not overridden."""
        return bool(self.blockers) and not self.request.force

    @property
    def state(self) -> str:
        """Return `planned`, `refused`, `sent`, `partial` or `failed`."""
        return self.outcome or ("refused" if self.refused else "planned")

    @property
    def outcome_line(self) -> str:
        """State the outcome, the version and the transport."""
        note = ", not verified" if self.unverified else ""
        route = f"{self.send.transport}, {self.account.label}"
        return f"{self.state}{note}: v{self.send.version} via {route}"

    @property
    def server_reply(self) -> str:
        """Return why the first message that was not accepted was not, or ""."""
        return next(
            (
                entry.detail
                for entry in self.send.entries
                if entry.detail and entry.state is not MailState.ACCEPTED
            ),
            "",
        )

    @property
    def sender(self) -> str | None:
        """Return the sender's name and address, or None if the account has no address."""
        return str(self.account.sender) if self.account.sender else None

    @property
    def checks(self) -> tuple[CheckLine, ...]:
        """Return the lines of the pre-flight card: first problems, then notes, then passed checks.

        If several patches have the same problem, it is shown on one line.
        """
        blocker_state = CheckState.OVERRIDDEN if self.request.force else CheckState.PROBLEM
        titles = tuple(f"{patch.subject.title}: " for patch in self.series.patches)
        rows: dict[tuple[str, str], list[CheckLine]] = {}
        for state, problems in (
            (blocker_state, self.blockers),
            (CheckState.NOTE, self.warnings),
        ):
            for problem in problems:
                title = next(
                    (prefix for prefix in titles if problem.message.startswith(prefix)),
                    "",
                )
                rows.setdefault((problem.name, problem.message.removeprefix(title)), []).append(
                    CheckLine(state, problem.name, problem.message, problem.hint)
                )
        return (
            *(
                lines[0]._replace(message=f"{result} ({len(lines)} patches)")
                if len(lines) > 1
                else lines[0]
                for (_, result), lines in rows.items()
            ),
            *self.passed,
        )

    @property
    def verdict(self) -> str:
        """Summarize in one line whether the messages can be sent, or the result of sending them.

        The line contains the number of blocking problems or, if there are none, the numbers of open
        questions, messages and recipients, and the reason if the transport cannot send.
        """
        transport_problem = (
            self.blocking_problem if self.send.waiting_messages and not self.outcome else None
        )
        if self.refused:
            count = sum(line.state is CheckState.PROBLEM for line in self.checks)
            return (
                f"not ready: {format_count(count, 'problem')}"
                f" {'blocks' if count == 1 else 'block'} sending"
            )
        override_note = (
            f"; {format_count(len(self.blockers), 'problem')} overridden:"
            f" {make_one_line(self.request.force or '')}"
            if self.blockers
            else ""
        )
        count = 0 if self.outcome or self.request.to_self else len(self.open_questions)
        question_note = f", {format_count(count, 'question')} open" if count else ""
        transport_note = f", but {transport_problem.message}" if transport_problem else ""
        notes = f"{question_note}{transport_note}"
        return f"{self.outcome or 'ready'}{notes}: {self.counts_text}{override_note}"

    @property
    def open_questions(self) -> tuple[CheckLine, ...]:
        """Return the lines of the pre-send questions that are not answered."""
        return tuple(check for check in self.checks if check.name.startswith("unanswered-"))

    @property
    def readiness(self) -> str:
        """Return the verdict before sending; "not ready" if questions must be answered first."""
        count = len(self.open_questions)
        if self.blocking_problem and not self.refused:
            return f"not ready: {self.blocking_problem.message}"
        if self.refused or not count:
            return self.verdict
        return f"not ready: {format_count(count, 'question')} {'is' if count == 1 else 'are'} open"

    @property
    def explained_readiness(self) -> str:
        """Return the verdict before sending, with the problems that block it."""
        return "; ".join((self.readiness, *(problem.message for problem in self.blockers)))

    @property
    def counts_text(self) -> str:
        """Return the number of messages (to send or accepted) and of recipients as text."""
        entries = self.send.entries
        count = (
            sum(entry.state is MailState.ACCEPTED for entry in entries)
            if self.outcome
            else len(self.send.waiting_messages)
        )
        total_note = f" of {len(entries)}" if count != len(entries) else ""
        recipients = len(self.recipients) + len(self.send.bcc)
        recipient_text = (
            "yourself only" if self.request.to_self else format_count(recipients, "recipient")
        )
        return f"{count}{total_note} mail{'s' if len(entries) > 1 else ''} to {recipient_text}"


ALREADY_FIXED = "already-fixed"
"""The problem with a fix that is in a tree already."""
SENT_PROBLEMS = frozenset({"already-sent", "version-sent"})
"""Problems that only report an earlier send."""


def sent_problem_names(names: set[str]) -> set[str]:
    """Return the problems that only mean that the version was already sent.

    They include the next version's missing changelog, because b4 starts that version right after a
    send.
    """
    return set(
        SENT_PROBLEMS | {"no-changelog", "unfinished"} if "already-sent" in names else SENT_PROBLEMS
    )
