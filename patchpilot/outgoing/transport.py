# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the interface of all transports, with its argument and result types.

It hides the differences between transports: no other module refers to a transport by name.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.model.action import Advice
from patchpilot.model.address import Address
from patchpilot.model.draft import Draft
from patchpilot.model.message import Message
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.recipient import Recipient, select_for_patch
from patchpilot.model.send_problem import NO_SERVER, SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing.compose_mails import SeriesText
from patchpilot.outgoing.compose_message import complete_message
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.hand_over import find_missing_program
from patchpilot.outgoing.header_guard import refuse_unsafe_headers
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.mail_state import Report, Stop, never_stops
from patchpilot.outgoing.outbox import Send

if TYPE_CHECKING:
    from patchpilot.outgoing.probes import Probe


_NO_PATCHES, _NO_TEXT = Series(()), SeriesText()


@dataclass(frozen=True, slots=True)
class SeriesToSend:
    """A series to send: its commits or patches, text, and recipients.

    `ids` are the commits; if it is empty, the patch files in `series` are sent. `send` is the
    record for the outbox, without messages until they are rendered. `remarks` are notes for the
    preview. `before` are earlier sends of the topic or its patches that may have reached
    recipients, as of planning.
    """

    request: SendRequest
    transport: "Transport"
    account: Account
    draft: Draft
    send: Send
    series: Series = _NO_PATCHES
    ids: tuple[str, ...] = ()
    text: SeriesText = _NO_TEXT
    recipients: tuple[Recipient, ...] = ()
    remarks: tuple[Advice, ...] = ()
    before: tuple[Send, ...] = ()

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
    ) -> Self:
        """Return the series with its messages and notes for the preview.

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


Rendered = TypeVar("Rendered", bound=SeriesToSend)


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
        self, repository: Repository, series: Rendered, meanwhile: Callable[[], object]
    ) -> Rendered:
        """Return the series with the messages to send.

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
