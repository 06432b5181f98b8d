# SPDX-License-Identifier: GPL-2.0-or-later
"""Send with b4, which creates the messages from the checked-out branch, updates its tracking data,
and can use a web endpoint.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from patchpilot.commits.b4_prep import read_b4_values
from patchpilot.commits.private_config import Use
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.extras import install_command
from patchpilot.model.action import Action
from patchpilot.outgoing.b4 import NAME, b4_command
from patchpilot.outgoing.b4.b4_command import KNOWN_VERSION
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.probes import Probe
from patchpilot.outgoing.transport import (
    Delivery,
    Sending,
    Transport,
)


class B4Transport(Transport):
    """The transport `b4 send`.

    Its messages are sent by patchpilot or through b4's web endpoint.
    """

    name = NAME
    keeps_tracking_data = True
    recipient_settings: Mapping[str, tuple[str, ...]] = MappingProxyType(
        {"to": ("b4.send-series-to",), "cc": ("b4.send-series-cc",)}
    )
    uses = (Use.MAIL, Use.B4)
    damage_hint = "use --via git-send-email, which encodes it"

    def recipient_values(self, repository: Repository, key: str) -> tuple[str, ...]:
        """Return the setting's values as read by b4, including values from a trusted
        `.b4-config`.
        """
        return read_b4_values(repository, key)

    def account(self, repository: Repository, identity: str | None = None) -> Account:
        """Return the `sendemail` account.

        If there is none, return the web endpoint that is set by the user or in a trusted
        `.b4-config`. b4's default endpoint for kernel trees is used only if the user requests it.
        """
        account = read_account(repository, identity)
        url = (read_b4_values(repository, "b4.send-endpoint-web") or ("",))[-1]
        if account.configured or not url.startswith(("https://", "http://")):
            return account
        return replace(account, destination=f"b4's web endpoint {url}")

    def installed(self, repository: Repository, account: Account, *, chosen: bool) -> Probe:
        """Report whether a tested version of b4 is installed.

        A missing or untested b4 is a failure only if b4 is `chosen`.
        """
        program, user_b4 = b4_command.choose_b4(), b4_command.find_user_b4()
        if program is None:
            return (
                Probe("b4", "fail", "b4 is not installed", install_command("send"))
                if chosen
                else Probe("b4", "skip", "b4 is not installed (needed only for --via b4)")
            )
        if not program.is_tested:
            message = f"{program.name} is untested, {KNOWN_VERSION} is tested"
            return Probe("b4", "warn", message, install_command("send"))
        note = f"; {user_b4.name} is untested" if user_b4 and user_b4 != program else ""
        return Probe("b4", "ok", f"{program.name}{note}")

    def probes(
        self, repository: Repository, account: Account, *, offline: bool, terminal: bool
    ) -> Iterator[Probe]:
        """Yield checks of the mail account or, if there is none, of b4's web endpoint."""
        from patchpilot.outgoing.account_probes import (
            probe_account_settings,
            probe_mail_server,
            probe_sendemail_settings,
        )

        yield from probe_account_settings(account)
        if not account.configured and (repository.top / "Kconfig").exists():
            yield Probe(
                "b4 endpoint",
                "warn",
                "no mail server is set: plain `b4 send` would use kernel.org's web endpoint;"
                " patchpilot does so only when it is configured",
                "to use it: b4 send --web-auth-new; git config --global b4.send-endpoint-web"
                " https://lkml.kernel.org/_b4_submit",
            )
        yield from probe_sendemail_settings(account)
        yield from probe_mail_server(repository, account, offline=offline, terminal=terminal)

    def render(
        self, repository: Repository, series: Sending, meanwhile: Callable[[], object]
    ) -> Sending:
        """Create the messages with b4 from the checked-out branch."""
        from patchpilot.outgoing.b4.b4_series import render_with_b4

        return render_with_b4(repository, series)

    def deliver(self, delivery: Delivery) -> str:
        """Send the pending messages as previewed, or let b4 post the series."""
        from patchpilot.outgoing.b4.b4_series import deliver_with_b4

        return deliver_with_b4(delivery)

    def deliver_mail(self, delivery: Delivery) -> str:
        """Send one message through the mail server.

        The web endpoint of b4 accepts only whole series.
        """
        from patchpilot.outgoing.deliver_each import deliver_previewed_messages

        if delivery.account.destination:
            raise RefusedError(
                "b4's web endpoint only accepts a patch series, not a reply",
                hint=Action(
                    "doctor",
                    (),
                    "set a mail server (`{}` knows your provider's settings), or send the reply"
                    " from your mail program",
                ),
            )
        return deliver_previewed_messages(delivery)
