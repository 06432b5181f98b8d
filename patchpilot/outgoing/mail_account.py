# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the mail account used by git and b4: `sendemail.*` with the active identity.

The password is not included.
"""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchpilot.commits.private_config import Use, refuse_untrusted
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, unknown_word_error
from patchpilot.model.address import Address, parse_address
from patchpilot.urls import hide_url_credentials

_SECRET = ("smtppass",)
LOCAL_PROGRAMS = ("/usr/sbin/sendmail", "/usr/lib/sendmail")
"""Paths of sendmail tried by git send-email by default."""


@dataclass(frozen=True, slots=True)
class Account:
    """The server or program that sends mail, and the sender.

    `encryption` is "", "tls" (STARTTLS) or "ssl". `sendmail` is a program or command, or None for
    SMTP. A shell runs it. `destination` is a web endpoint or a folder that is used in place of a
    server or program. `password_from` describes where the password comes from, or is "" if none is
    needed.
    """

    identity: str
    sender: Address | None
    envelope: str | None
    server: str
    port: int
    encryption: str
    user: str
    auth: str
    password_from: str
    domain: str
    cert_path: str | None
    sendmail: str | None
    options: tuple[str, ...]
    configured: bool
    destination: str = ""
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Describe the account in one line."""
        if self.destination:
            return hide_url_credentials(self.destination)
        if self.sendmail:
            return f"program {self.program}"
        if not self.configured:
            return "no mail server set"
        security = {"tls": "STARTTLS", "ssl": "TLS"}.get(self.encryption, "no encryption")
        login = f", as {self.user}" if self.user else ""
        return hide_url_credentials(f"{self.server}:{self.port} ({security}{login})")

    @property
    def program(self) -> str:
        """Return the sendmail program, or "" for SMTP.

        Its arguments are omitted, because they may contain a password.
        """
        try:
            return next(iter(shlex.split(self.sendmail or "")), "")
        except ValueError:
            return (self.sendmail or "").partition(" ")[0]

    @property
    def needs_login(self) -> bool:
        return (
            bool(self.user)
            and self.auth.lower() != "none"
            and not self.sendmail
            and not self.destination
        )

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of `sendemail.NAME`."""
        return self.settings.get(name.lower(), ())

    def value(self, name: str) -> str:
        """Return the last value of `sendemail.NAME`, or ""."""
        values = self.values(name)
        return values[-1] if values else ""

    def number(self, name: str) -> int:
        """Return the last value of `sendemail.NAME` as a number, or 0 if it is missing or
        invalid.
        """
        value = self.value(name)
        return int(value) if value.isdecimal() else 0

    def flag(self, name: str) -> bool:
        """Return whether `sendemail.NAME` is true; the accepted values are the same as in git."""
        return self.value(name).lower() in ("true", "yes", "on", "1")


def describe_missing_sender(account: Account) -> MissingError:
    """Return the error for an account without a sender."""
    value = account.value("from")
    reason = (
        f"sendemail.from has no address: {value!r}"
        if value
        else "git user.name and user.email are not set"
    )
    return MissingError(reason, hint=make_sender_hint(account))


def make_sender_hint(account: Account) -> str:
    """Return the hint that sets the sender where the account takes it from."""
    if account.value("from"):
        return "run `git config --global sendemail.from 'Your Name <you@example.org>'`"
    return (
        "run `git config --global user.name 'Your Name'; git config --global user.email"
        " you@example.org`"
    )


def require_sender(account: Account) -> Address:
    """Return the sender of an account; raise MissingError if there is none."""
    if account.sender is None:
        raise describe_missing_sender(account)
    return account.sender


def read_account(repository: Repository, identity: str | None = None) -> Account:
    """Read the mail account from git's configuration.

    Like in git send-email, keys of the selected identity override plain keys. Raise `UsageError`
    for an identity without settings.
    """
    config = repository.config_regexp(r"^sendemail\.")
    plain: dict[str, tuple[str, ...]] = {}
    identities: dict[str, dict[str, tuple[str, ...]]] = {}
    for key, values in config.items():
        parts = key.split(".")
        name = parts[-1].lower()
        safe_values = tuple("" for _ in values) if name in _SECRET else values
        if len(parts) == 2:
            plain[name] = safe_values
        else:
            identities.setdefault(".".join(parts[1:-1]), {})[name] = safe_values
    if identity and identity not in identities:
        # the identity may be defined by untrusted settings of the repository
        refuse_untrusted(repository.top, Use.MAIL, Use.B4)
        raise unknown_word_error("sendemail identity", identity, identities)
    selected = identity or (plain.get("identity") or ("",))[-1]
    settings = plain | identities.get(selected, {})

    def last_value(name: str) -> str:
        values = settings.get(name, ())
        return values[-1] if values else ""

    server, sendmail = last_value("smtpserver"), last_value("sendmailcmd") or None
    if not sendmail and server.startswith(("/", "~")):
        # git runs the path in smtpServer directly, and a command in sendmailCmd with a shell
        sendmail = shlex.quote(os.path.expanduser(server))  # noqa: PTH111 (not opened here)
    if not sendmail and not server:
        sendmail = next(
            (program for program in LOCAL_PROGRAMS if os.access(program, os.X_OK)), None
        )
    encryption = {"tls": "tls", "starttls": "tls", "ssl": "ssl", "smtps": "ssl"}.get(
        last_value("smtpencryption").lower(), ""
    )
    port = (
        int(last_value("smtpserverport"))
        if last_value("smtpserverport").isdigit()
        else (465 if encryption == "ssl" else 25)
    )
    sender = parse_address(last_value("from")) if last_value("from") else repository.identity
    envelope = last_value("envelopesender") or None
    if envelope == "auto":
        envelope = sender.email if sender else None
    elif envelope:
        parsed = parse_address(envelope)
        envelope = parsed.email if parsed else envelope
    user = last_value("smtpuser")
    return Account(
        identity=selected,
        sender=sender,
        envelope=envelope,
        server=server or "localhost",
        port=port,
        encryption=encryption,
        user=user,
        auth=last_value("smtpauth"),
        password_from=_find_password_origin(repository, user, "smtppass" in settings, server),
        domain=last_value("smtpdomain"),
        cert_path=settings["smtpsslcertpath"][-1] if "smtpsslcertpath" in settings else None,
        sendmail=sendmail,
        options=settings.get("smtpserveroption", ()),
        configured=bool(server or sendmail),
        settings=settings,
    )


def _find_password_origin(repository: Repository, user: str, is_stored: bool, server: str) -> str:
    if not user:
        return ""
    if is_stored:
        return "sendemail.smtpPass in git's configuration (stored there in plain text)"
    helpers: Sequence[str] = ()
    for key, values in repository.config_regexp(r"^credential\..*helper$").items():
        if key.lower() == "credential.helper" or server in key:
            helpers = (*helpers, *(value for value in values if value))
    if helpers:
        return "git's credential helper " + ", ".join(
            re.split(r"\s", helper.lstrip("!"))[0] for helper in helpers
        )
    return "a prompt on the terminal"
