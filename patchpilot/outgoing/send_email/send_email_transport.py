# SPDX-License-Identifier: GPL-2.0-or-later
"""git send-email as transport.

It makes the messages from files that patchpilot composes, and is held at its confirmation prompt
before it sends each of them.
"""

from collections.abc import Iterator, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.model.message import Message
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.probes import Probe
from patchpilot.outgoing.send_email import NAME
from patchpilot.outgoing.transport import (
    Delivery,
    RenderedSeries,
    SeriesToSend,
    Transport,
)


class SendEmailTransport(Transport):
    """The `git send-email` transport."""

    name = NAME
    exact_bytes = False

    def installed(
        self, repository: Repository, account: Account, *, chosen: bool
    ) -> Probe:
        """Whether git send-email and the Perl modules that the account needs are there."""
        from patchpilot.outgoing.send_email.perl_modules import git_send_email

        return git_send_email(repository, account, chosen)

    def probes(
        self, repository: Repository, account: Account, *, offline: bool, terminal: bool
    ) -> Iterator[Probe]:
        """The mail account."""
        from patchpilot.outgoing.account_probes import (
            account_settings,
            mail_server,
            sendemail_settings,
        )

        yield from account_settings(account)
        yield from sendemail_settings(account)
        yield from mail_server(repository, account, offline=offline, terminal=terminal)

    def render(self, repository: Repository, series: SeriesToSend) -> RenderedSeries:
        """The mails git send-email makes of what we compose."""
        from patchpilot.outgoing.compose_series import compose
        from patchpilot.outgoing.send_email.git_send_email import capture

        remarks = (
            ("sendemail.headerCmd is not run: every message has the headers shown",)
            if series.account.value("headercmd")
            else ()
        )
        messages = capture(
            repository,
            series.account,
            compose(repository, series),
            series.send.bcc,
            series.request.identity,
        )
        return RenderedSeries(messages, remarks)

    def deliver(self, delivery: Delivery) -> str:
        """git send-email runs until a mail is not accepted."""
        from patchpilot.outgoing.send_email.git_send_email import deliver

        return deliver(delivery).login

    def render_mail(
        self,
        repository: Repository,
        account: Account,
        message: Message,
        bcc: Sequence[str] = (),
        identity: str | None = None,
    ) -> Message:
        """The mail as git send-email makes it."""
        from patchpilot.outgoing.send_email.git_send_email import capture

        return capture(repository, account, [message], bcc, identity)[0]
