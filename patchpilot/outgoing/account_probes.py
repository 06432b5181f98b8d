# SPDX-License-Identifier: GPL-2.0-or-later
"""Probe a mail account: settings, password, and the server connection up to the login.

No message is sent.
"""

import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.action import Action, UntrustedCommandsError
from patchpilot.model.hosts import LOOPBACK
from patchpilot.outgoing.credentials import Credential, credential_of
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.probes import Probe, ProbeState
from patchpilot.outgoing.providers import provider_of
from patchpilot.outgoing.smtp import Submission

_TIMEOUT = 15.0
"""Seconds for each step of a connection."""


def account_settings(account: Account) -> Iterator[Probe]:
    """Compare the account's settings with the mail provider's, and report where the password
    is read.
    """
    sender = account.sender
    known = provider_of(
        account.server,
        account.port,
        sender.email.rpartition("@")[2] if sender and not account.configured else "",
    )
    if known and not account.configured and known.server:
        settings = {
            "smtpserver": known.server,
            "smtpserverport": known.port,
            "smtpencryption": known.encryption,
        }
        settings["smtpuser"] = sender.email if sender else ""
        yield Probe(
            "provider",
            "warn",
            f"no mail server is set; {known.name}, your mail provider, requires the login"
            f" {known.login} ({known.reference})",
            "; ".join(
                f"git config --global sendemail.{name} {value}"
                for name, value in settings.items()
                if value
            ),
        )
    elif known:
        yield Probe(
            "provider", "ok", f"{known.name}: login is {known.login}", known.reference
        )
        if known.port and account.port != known.port and not account.sendmail:
            yield Probe(
                "port",
                "warn",
                f"{known.name} accepts mail on port {known.port}, but port {account.port} is set",
                f"git config --global sendemail.smtpserverport {known.port}",
            )
        if known.encryption and account.encryption != known.encryption:
            yield Probe(
                "encryption",
                "warn",
                f"{known.name} requires smtpencryption {known.encryption}",
                f"git config --global sendemail.smtpencryption {known.encryption}",
            )
    if known and known.rewrites:
        yield Probe(
            "gateway",
            "warn",
            f"{known.name} alters messages: {known.rewrites}",
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


def sendemail_settings(account: Account) -> Iterator[Probe]:
    """Report the git send-email settings that affect sending."""
    for name in ("validate", "confirm"):
        if account.value(name):
            yield Probe(name, "ok", f"sendemail.{name} is {account.value(name)}")


def mail_server(
    repository: Repository,
    account: Account,
    *,
    offline: bool,
    terminal: bool,
) -> tuple[Probe, ...]:
    """Connect to the mail server, start TLS and log in like git send-email, then disconnect."""
    if offline and account.configured:
        return (
            Probe("mail server", "skip", f"{account.label}: not checked (--offline)"),
        )
    if account.sendmail:
        return (_program(account.sendmail),)
    try:
        refuse_untrusted(repository.top, Use.MAIL)
    except UntrustedCommandsError as error:
        return (Probe("mail server", "fail", error.message, error.hint or ""),)
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
        credential = credential_of(repository, account, terminal=terminal)
    except PatchpilotError as error:
        untested = Probe(
            "login",
            "warn" if not terminal else "fail",
            f"login not tested: {error.message}",
            error.hint or "",
        )
        # without a login, only the connection can be tested
        return (*_connection(replace(account, user=""), None)[:1], untested)
    return _connection(account, credential)


def _connection(account: Account, credential: Credential | None) -> tuple[Probe, ...]:
    """Connect to the server and report the result."""
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
            return (Probe(step, "fail", message, _server_hint(account, message)),)
    probes = [Probe("mail server", "ok", f"{account.label} is reachable")]
    if account.needs_login:
        logged_in = f"logged in as {account.user}; nothing was sent"
        probes.append(Probe("login", "ok", logged_in))
    if account.encryption or account.server in LOOPBACK:
        return tuple(probes)
    encrypt = "git config --global sendemail.smtpencryption tls"
    if offers_tls:
        why = "the server offers STARTTLS, but it is not used"
        probes.append(Probe("encryption", "warn", why, encrypt))
    if account.needs_login:
        why = "the password is sent unencrypted"
        probes.append(Probe("password", "fail", why, encrypt))
    return tuple(probes)


def _server_hint(account: Account, message: str) -> str:
    if "certificate" in message:
        return "git config --global sendemail.smtpsslcertpath FILE, if you trust that server"
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


def _program(command: str) -> Probe:
    parts = shlex.split(command)
    if parts and shutil.which(parts[0]):
        return Probe(
            "mail server",
            "ok",
            f"messages are handed to {parts[0]}; its connection to a server is not checked",
        )
    return Probe(
        "mail server",
        "fail",
        f"program not found: {parts[0] if parts else command!r}",
        "set sendemail.sendmailcmd or sendemail.smtpserver with git config",
    )
