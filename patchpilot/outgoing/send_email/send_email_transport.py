# SPDX-License-Identifier: GPL-2.0-or-later
"""Send with git send-email.

It renders messages from files composed by patchpilot, and patchpilot sends the rendered bytes.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import run
from patchpilot.extras import system_install_command
from patchpilot.model.message import Message
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.send_email import NAME
from patchpilot.outgoing.transport import (
    Delivery,
    Sending,
    Transport,
)

if TYPE_CHECKING:
    from patchpilot.outgoing.probes import Probe


class SendEmailTransport(Transport):
    """The `git send-email` transport."""

    name = NAME

    def installed(self, repository: Repository, account: Account, *, chosen: bool) -> "Probe":
        """Report whether git send-email and its Perl modules are installed."""
        from patchpilot.outgoing.probes import Probe, ProbeState

        result = run(["git", "send-email", "--dump-aliases"], cwd=repository.top)
        if result.code and re.search("is not a git command|Can't locate", result.error_text):
            state: ProbeState = "fail" if chosen else "warn"
            message = "git send-email is not installed, or lacks a Perl module"
            return Probe(NAME, state, message, system_install_command("git-email"))
        return Probe(NAME, "ok", "git send-email is installed")

    def probes(
        self, repository: Repository, account: Account, *, offline: bool, terminal: bool
    ) -> "Iterator[Probe]":
        from patchpilot.outgoing.account_probes import (
            probe_account_settings,
            probe_mail_server,
            probe_sendemail_settings,
        )

        yield from probe_account_settings(account)
        yield from probe_sendemail_settings(account)
        yield from probe_mail_server(repository, account, offline=offline, terminal=terminal)

    def render(
        self, repository: Repository, series: Sending, meanwhile: Callable[[], object]
    ) -> Sending:
        """Compose the messages, and pass them through git send-email."""
        from patchpilot.outgoing.compose_series import compose_series_messages
        from patchpilot.outgoing.git_settings import check_git_settings
        from patchpilot.outgoing.omit_trailers import describe_omitted_trailers
        from patchpilot.outgoing.send_email.git_send_email import capture_send_email

        remarks = (
            *check_git_settings(repository, series.account),
            *describe_omitted_trailers(series.series.patches, series.text.omitted),
        )
        messages = capture_send_email(
            repository,
            series.account,
            compose_series_messages(repository, series),
            series.send.bcc,
            series.request.identity,
            meanwhile,
        )
        return series.rendered(messages, remarks)

    def deliver(self, delivery: Delivery) -> str:
        from patchpilot.outgoing.deliver_each import deliver_previewed_messages

        return deliver_previewed_messages(delivery)

    def render_mail(
        self,
        repository: Repository,
        account: Account,
        message: Message,
        bcc: Sequence[str] = (),
        identity: str | None = None,
    ) -> Message:
        """Pass a single message through git send-email, without sending it."""
        from patchpilot.outgoing.send_email.git_send_email import capture_send_email

        return capture_send_email(repository, account, [message], bcc, identity)[0]
