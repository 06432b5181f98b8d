# SPDX-License-Identifier: GPL-2.0-or-later
"""git send-email as transport.

It makes the messages from files that patchpilot composes, and is held at its confirmation prompt
before it sends each of them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git, run
from patchpilot.errors import PatchpilotError
from patchpilot.model.message import Message
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.probes import Probe, ProbeState
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
        from patchpilot.outgoing.send_email.git_send_email import INSTALL

        lack: ProbeState = "fail" if chosen else "warn"
        path = git(repository.top, "--exec-path").text.strip()
        if not (Path(path) / "git-send-email").exists():
            return Probe(
                "git-send-email", lack, "git send-email is not installed", INSTALL
            )
        modules = ["Net::SMTP", "Mail::Address"]
        if account.encryption:
            modules.append("IO::Socket::SSL")
        if account.needs_login:
            modules += ["Authen::SASL", "MIME::Base64"]
        missing = [module for module in modules if not _perl_has(module, path)]
        if missing:
            return Probe(
                "git-send-email",
                lack,
                f"git send-email needs Perl modules that are not installed: {', '.join(missing)}",
                INSTALL,
            )
        return Probe("git-send-email", "ok", "git send-email is installed")

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


def _perl_has(module: str, exec_path: str) -> bool:
    try:
        done = run(["perl", f"-M{module}", "-e", "1"], timeout=20.0)
    except (OSError, PatchpilotError):
        return False
    # git brings its own Mail::Address where the system has none, unless the distribution took it
    # out
    bundled = module == "Mail::Address" and any(
        (Path(folder) / "Git/FromCPAN/Mail/Address.pm").exists()
        for folder in (
            f"{exec_path}/../../share/perl5",
            "/usr/share/perl5",
            "/usr/local/share/perl5",
        )
    )
    return done.code == 0 or bundled
