# SPDX-License-Identifier: GPL-2.0-or-later
"""Probe a mail account: settings, password, and the server connection up to the login.

No message is sent.
"""

from collections.abc import Iterator
from dataclasses import replace

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action, UntrustedCommandsError
from patchpilot.model.hosts import LOOPBACK
from patchpilot.outgoing.credentials import Credential, find_credential
from patchpilot.outgoing.hand_over import FAILING, find_hand_over, find_missing_program
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.probes import Probe, ProbeState
from patchpilot.outgoing.providers import find_provider
from patchpilot.outgoing.smtp import TOKEN_HINT, Submission

_TIMEOUT = 15.0
"""Seconds for each step of a connection."""


def probe_account_settings(account: Account) -> Iterator[Probe]:
    """Check the account's settings against the settings of the mail provider, and report where the
    password comes from.
    """
    sender = account.sender
    provider = find_provider(
        account.server,
        account.port,
        sender.email.rpartition("@")[2] if sender and not account.configured else "",
    )
    if provider and not account.configured and provider.server:
        settings = {
            "smtpserver": provider.server,
            "smtpserverport": provider.port,
            "smtpencryption": provider.encryption,
        }
        settings["smtpuser"] = sender.email if sender else ""
        yield Probe(
            "provider",
            "warn",
            f"no mail server is set; {provider.name}, your mail provider, requires the login"
            f" {provider.login} ({provider.reference})",
            "; ".join(
                f"git config --global sendemail.{name} {value}"
                for name, value in settings.items()
                if value
            ),
        )
    elif provider:
        yield Probe(
            "provider",
            "ok",
            f"{provider.name}: login is {provider.login}",
            provider.reference,
        )
        if provider.port and account.port != provider.port and not account.sendmail:
            yield Probe(
                "port",
                "warn",
                f"{provider.name} accepts mail on port {provider.port}, but port"
                f" {account.port} is set",
                f"git config --global sendemail.smtpserverport {provider.port}",
            )
        if provider.encryption and account.encryption != provider.encryption:
            yield Probe(
                "encryption",
                "warn",
                f"{provider.name} requires smtpencryption {provider.encryption}",
                f"git config --global sendemail.smtpencryption {provider.encryption}",
            )
    if provider and provider.rewrites:
        yield Probe(
            "gateway",
            "warn",
            f"{provider.name} alters messages: {provider.rewrites}",
            Action("send", ("--to-self",), "send a mail to yourself first: {}"),
        )
    if account.needs_login:
        state: ProbeState = "warn" if "smtpPass" in account.password_from else "ok"
        hint = (
            "git config --global --unset sendemail.smtppass; git config --global credential.helper"
            " libsecret"
            if state == "warn"
            else ""
        )
        yield Probe("password", state, f"read from {account.password_from}", hint)


def probe_sendemail_settings(account: Account) -> Iterator[Probe]:
    """Report the git send-email settings that affect sending."""
    for name in ("validate", "confirm"):
        if account.value(name):
            yield Probe(name, "ok", f"sendemail.{name} is {account.value(name)}")


def probe_mail_server(
    repository: Repository,
    account: Account,
    *,
    offline: bool,
    terminal: bool,
) -> tuple[Probe, ...]:
    """Connect to the mail server, start TLS and log in like git send-email, then disconnect."""
    if missing := find_missing_program(account):
        return (Probe("mail server", "fail", missing.message, missing.hint),)
    if offline and account.configured and not account.sendmail:
        return (Probe("mail server", "skip", f"{account.label}: not checked (--offline)"),)
    try:
        refuse_untrusted(repository.top, Use.MAIL)
    except UntrustedCommandsError as error:
        return (Probe("mail server", "fail", error.message, error.hint or ""),)
    hand_over = _probe_hand_over(account)
    if account.sendmail:
        return hand_over
    if not account.configured:
        return (
            Probe(
                "mail server",
                "fail",
                "no mail server is set",
                Action("setup", ("mail",), "run `{}` to set it up"),
            ),
        )
    try:
        credential = find_credential(repository, account, terminal=terminal)
    except PatchpilotError as error:
        login_probe = Probe(
            "login",
            "warn" if not terminal else "fail",
            f"login not tested: {error.message}",
            error.hint or "",
        )
        # if no login is needed, only the connection can be tested
        return (*_probe_connection(replace(account, user=""), None)[:1], login_probe)
    return (*_probe_connection(account, credential), *hand_over)


def _probe_connection(account: Account, credential: Credential | None) -> tuple[Probe, ...]:
    with Submission(account, credential, _TIMEOUT) as submission:
        try:
            offers_tls = submission.open().has_extn("starttls")
        except PatchpilotError as error:
            message = error.message
            step = (
                "login"
                if "login" in message
                else "encryption"
                if "STARTTLS" in message
                else "mail server"
            )
            return (Probe(step, "fail", message, _format_server_hint(account, message)),)
    probes = [Probe("mail server", "ok", f"{account.label} is reachable")]
    if account.needs_login:
        message_ = f"logged in as {account.user}; nothing was sent"
        probes.append(Probe("login", "ok", message_))
    if account.encryption or account.server in LOOPBACK:
        return tuple(probes)
    command = "git config --global sendemail.smtpencryption tls"
    if offers_tls:
        reason = "the server offers STARTTLS, but it is not used"
        probes.append(Probe("encryption", "warn", reason, command))
    if account.needs_login:
        reason = "the password is sent unencrypted"
        probes.append(Probe("password", "fail", reason, command))
    return tuple(probes)


def _format_server_hint(account: Account, message: str) -> str:
    if "certificate" in message:
        return "git config --global sendemail.smtpsslcertpath FILE, if you trust that server"
    if "OAUTH" in message and "PLAIN" not in message:
        return TOKEN_HINT
    if "login" in message:
        return "many providers require an app password or OAuth instead of the account's password"
    if account.port == 25:
        return (
            "most internet providers block port 25: git config --global sendemail.smtpserverport"
            " 587, with smtpencryption tls"
        )
    return (
        "check sendemail.smtpserver, sendemail.smtpserverport and sendemail.smtpencryption in your"
        " git configuration"
    )


def _probe_hand_over(account: Account) -> tuple[Probe, ...]:
    """Report what is known about a program or local server that takes the messages."""
    name = "mail server" if account.sendmail else "delivery"
    hand_over = find_hand_over(account)
    if hand_over is None:
        return ()
    if hand_over.problem is None:
        return (Probe(name, "ok", hand_over.text),)
    state: ProbeState = "fail" if hand_over.problem.name == FAILING else "warn"
    return (Probe(name, state, hand_over.problem.message, hand_over.problem.hint),)
