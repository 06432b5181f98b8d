# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `setup mail` command: configure git send-email for an email account.

The settings are tested before they are written.
"""

import shlex
import shutil
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from patchpilot.commits.git_command import git
from patchpilot.commits.git_config import normalize_key, read_all_entries
from patchpilot.commits.repository import Repository
from patchpilot.errors import NetworkError, UsageError, unknown_word_error
from patchpilot.model.action import Action
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    parse_address,
)
from patchpilot.model.hosts import LOOPBACK
from patchpilot.model.message import MailState
from patchpilot.model.printable import UNSAFE
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.keep_password import (
    PasswordStore,
    find_password_stores,
    store_password,
)
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.providers import Provider, find_provider, load_providers
from patchpilot.outgoing.smtp import NO_LOGIN, Submission, is_login_refused

OWN, MSMTP, WEB = "own", "msmtp", "b4"
ENDPOINT = "https://lkml.kernel.org/_b4_submit"
"""The web endpoint of kernel.org (b4's documentation, "contributor overview")."""
TEST_SUBJECT = "patchpilot: the mail account works"
TEST_CHECK = "its tab and the line below it must arrive unchanged"
"""What to look at in the test message."""
_WAIT = 15.0
PORTS = {"ssl": 465, "tls": 587, "none": 25}
"""Default port for each kind of encryption."""
_ENCRYPTION = {465: "ssl", 25: "none"}


@dataclass(frozen=True, slots=True)
class MailRequest:
    """The properties of an email account that the user specified.

    The address and the name of a provider are enough; the other fields override the settings of the
    provider. `server` may end in `:PORT`. `keep` is the name of a `PasswordStore`. `has_password`
    is set if the user gave a password, so the account has a login.
    """

    address: str
    provider: str = ""
    server: str = ""
    port: int = 0
    encryption: str | None = None
    user: str = ""
    certificate: str = ""
    keep: str = ""
    has_password: bool = False

    def propose_user(self, encryption: str) -> str:
        """Return the user name, by default the address, or "none" for no login.

        Servers without encryption usually have no login, and would get the password in plain text.
        """
        is_open = encryption == "none" and not self.has_password
        return self.user or ("none" if is_open else self.address)


@dataclass(frozen=True, slots=True)
class Setting:
    """A git configuration key, its new value, and its previous value, which is "" if it was not
    set.
    """

    key: str
    value: str
    before: str = ""

    @property
    def command(self) -> str:
        """Return the `git config` command that writes the setting."""
        return shlex.join(("git", "config", "--global", self.key, self.value))


@dataclass(frozen=True, slots=True)
class MailPlan:
    """The planned settings for an email account.

    `settings` contains the values to write, and `account` is the resulting account. `login` is the
    kind of password that is required, and `keeper` is where the password is stored.
    """

    settings: tuple[Setting, ...]
    account: Account
    login: str
    notes: tuple[str, ...]
    keeper: PasswordStore

    @property
    def needs_password(self) -> bool:
        """Return whether the mail server requires a password."""
        return self.account.needs_login

    @property
    def plain_password_warning(self) -> str:
        """Return the warning that the network can read the password, or ""."""
        account = self.account
        if not account.server or not account.needs_login or account.encryption:
            return ""
        if account.server in LOOPBACK:
            return ""
        return (
            f"the password is sent to {self.host} in plain text; use --encryption tls or ssl, or"
            " --user none if the server needs no login"
        )

    @property
    def host(self) -> str:
        """Return the mail server as `HOST:PORT`, the format that git's credential helpers use."""
        return f"{self.account.server}:{self.account.port}"


def list_providers() -> tuple[tuple[str, str], ...]:
    """Return the name and description of each supported email provider."""
    return (
        *(
            (_short_provider_name(provider), provider.name)
            for provider in load_providers()
            if provider.server
        ),
        (OWN, "another mail server, such as your employer's or your own"),
        (MSMTP, "the program msmtp, with its own ~/.msmtprc"),
        (WEB, "b4's web endpoint at kernel.org, without a mail server"),
    )


def _short_provider_name(provider: Provider) -> str:
    return provider.name.split()[0].lower().removesuffix(".com")


def guess_provider(address: str) -> str:
    """Return the email provider of an address, based on its domain.

    For an unknown domain, return the name for any other server.
    """
    provider = find_provider("", 0, address.rpartition("@")[2])
    return _short_provider_name(provider) if provider and provider.server else OWN


def validate_sender_address(text: str) -> str:
    """Return an address that can be used as the sender, or raise UsageError."""
    verdict = check_email_address(text.strip())
    if verdict.state is AddressState.BAD:
        raise UsageError(
            f"{text}: {verdict.reason.rstrip('.')}", hint="use an address such as ada@example.org"
        )
    return text.strip()


def plan_mail_settings(request: MailRequest) -> MailPlan:
    """Plan the settings for an email account without writing them.

    Raise `UsageError` if the address, provider, server or password store is invalid.
    """
    validate_sender_address(request.address)
    name = (request.provider or guess_provider(request.address)).lower()
    valid_names = [valid_name for valid_name, _ in list_providers()]
    if name not in valid_names:
        raise unknown_word_error("provider", request.provider, valid_names)
    provider = next(
        (provider for provider in load_providers() if _short_provider_name(provider) == name),
        None,
    )
    password_store = _find_password_store(request.keep)
    if name == MSMTP:
        settings_to_write = {
            "sendemail.sendmailcmd": "msmtp",
            "sendemail.envelopesender": "auto",
        }
    elif name == WEB:
        settings_to_write = {"b4.send-endpoint-web": ENDPOINT, "patchpilot.via": "b4"}
    else:
        settings_to_write = _make_server_settings(request, provider, password_store)
    notes = [f"{provider.name}: {provider.rewrites}"] if provider and provider.rewrites else []
    if name == WEB:
        notes.append(
            "then register your key with `b4 send --web-auth-new` and `b4 send --web-auth-verify`"
        )
    else:
        settings_to_write |= _make_sender_setting(request.address)
        notes += _note_other_author(request.address)
    for key, value in settings_to_write.items():
        if value.startswith("-") or UNSAFE.search(value):
            raise UsageError(f"{value!r} is not a valid value for {key}")
    settings = tuple(
        Setting(key, value, _read_previous_value(key)) for key, value in settings_to_write.items()
    )
    return MailPlan(
        settings,
        _make_account(request.address, settings_to_write),
        provider.login if provider else "the account's password",
        tuple(notes),
        password_store,
    )


def _make_sender_setting(address: str) -> dict[str, str]:
    """Return the setting by which patches are sent from an address, or {} if they already are."""
    name, email, sender = map(_read_previous_value, ("user.name", "user.email", "sendemail.from"))
    current = parse_address(sender) or Address(name, email)
    is_same = current.email.lower() == address.lower()
    return {} if is_same else {"sendemail.from": Address(name, address).trailer()}


def _note_other_author(address: str) -> list[str]:
    author = _read_previous_value("user.email")
    if not author or author.lower() == address.lower():
        return []
    return [
        f"patches are sent from {address}; as your commits have {author}, git send-email adds a"
        " From: line with the author"
    ]


def _make_server_settings(
    request: MailRequest, provider: Provider | None, password_store: PasswordStore
) -> dict[str, str]:
    host, _, port_text = request.server.partition(":")
    server = host or (provider.server if provider else "")
    if not server or any(character.isspace() for character in server):
        raise UsageError(
            f"{server!r} is not a server" if server else "the mail server is missing",
            hint="use --server HOST",
        )
    given_port = request.port or (int(port_text) if port_text.isdigit() else 0)
    encryption = request.encryption
    if encryption is None:
        default_encryption = "none" if server in LOOPBACK else _ENCRYPTION.get(given_port, "tls")
        encryption = provider.encryption if provider else default_encryption
    port = given_port or (provider.port if provider else 0) or PORTS[encryption]
    user = request.propose_user(encryption)
    values = {
        "smtpserver": server,
        "smtpserverport": str(port),
        "smtpencryption": encryption,
        "smtpuser": user,
        "smtpauth": provider.auth if provider else "",
        "smtpsslcertpath": request.certificate,
    }
    if user == "none":
        values["smtpuser"], values["smtpauth"] = "", "none"
    settings = {f"sendemail.{name}": value for name, value in values.items() if value}
    if password_store.helper and "sendemail.smtpuser" in settings:
        settings[f"credential.smtp://{server}:{port}.helper"] = password_store.helper
    return settings


def _find_password_store(name: str) -> PasswordStore:
    stores = find_password_stores()
    if not name:
        return next((store for store in stores if not store.plain), stores[0])
    for store in stores:
        if store.name == name:
            return store
    raise unknown_word_error("place for the password", name, [store.name for store in stores])


def _read_previous_value(key: str) -> str:
    return git(None, "config", "--global", "--get", key, ok=(0, 1)).text.strip()


def _make_account(address: str, settings: dict[str, str]) -> Account:
    def value(name: str) -> str:
        return settings.get(f"sendemail.{name}", "")

    encryption = value("smtpencryption")
    return Account(
        identity="",
        sender=Address("", address),
        envelope=address,
        server=value("smtpserver") or "localhost",
        port=int(value("smtpserverport") or 25),
        encryption=encryption if encryption in ("tls", "ssl") else "",
        user=value("smtpuser"),
        auth=value("smtpauth"),
        password_from="",
        domain="",
        cert_path=value("smtpsslcertpath") or None,
        sendmail=value("sendmailcmd") or None,
        options=(),
        configured=bool(value("smtpserver") or value("sendmailcmd")),
        destination=settings.get("b4.send-endpoint-web", ""),
    )


def try_mail_login(plan: MailPlan, password: str) -> str:
    """Log in to a plan's mail server, and describe the result.

    No message is sent. Raise `NetworkError` if the server cannot be reached or rejects the login.
    """
    account = plan.account
    if account.destination:
        return f"{account.destination}: not tested"
    if account.sendmail:
        if not shutil.which(account.sendmail):
            raise NetworkError(
                f"{account.sendmail} is not installed",
                hint=f"install {account.sendmail}, then try again",
            )
        return f"{account.sendmail} is installed; its own settings are not tested"
    with _open_smtp_session(plan, password) as submission:
        submission.open()
    return f"logged in to {plan.host} as {account.user}" if account.user else f"reached {plan.host}"


def check_server_connection(plan: MailPlan) -> None:
    """Connect to a plan's mail server with encryption, but do not log in.

    Raise the same `NetworkError` as `try_mail_login`.
    """
    with Submission(plan.account, None, _WAIT) as submission:
        submission.open()


def is_wrong_encryption(error: NetworkError) -> bool:
    """Return whether the server rejects the chosen encryption, but might support another one."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return False
    return "STARTTLS" in error.message or isinstance(cause, ssl.SSLError)


def is_login_missing(error: NetworkError) -> bool:
    """Return whether the account has a user name, but the server has no login."""
    return f"({NO_LOGIN})" in error.message


def is_wrong_password(error: NetworkError) -> bool:
    """Return whether `try_mail_login` failed because of a wrong user name or password."""
    return is_login_refused(error)


def _open_smtp_session(plan: MailPlan, password: str) -> Submission:
    credential = Credential(plan.account.user, password) if plan.needs_password else None
    return Submission(plan.account, credential, _WAIT)


def write_mail_settings(plan: MailPlan, password: str = "") -> None:
    """Store the password, and write the planned settings to the user's git configuration."""
    if plan.needs_password and password:
        store_password(plan.keeper, plan.host, plan.account.user, password)
    for setting in plan.settings:
        if setting.value != setting.before:
            git(None, "config", "--global", setting.key, setting.value)


def find_overridden_settings(plan: MailPlan, repository: Repository | None) -> tuple[str, ...]:
    """Return the planned settings that the repository's configuration overrides."""
    if repository is None:
        return ()
    repository_values = {entry.key: entry.value for entry in read_all_entries(repository.top)}
    return tuple(
        setting.key
        for setting in plan.settings
        if repository_values.get(normalize_key(setting.key), setting.value) != setting.value
    )


def send_test_message(plan: MailPlan, password: str) -> str:
    """Send a test message to the account's own address, and describe the result.

    Raise `NetworkError` if the server does not accept the message.
    """
    address = plan.account.envelope or ""
    with _open_smtp_session(plan, password) as submission:
        outcome = submission.send(address, [address], _make_test_message(address))
    if outcome.state is not MailState.ACCEPTED:
        raise NetworkError(
            f"the mail to {address} was not accepted: {outcome.detail}",
            hint=Action("doctor", (), "see `{}`"),
        )
    return f"a mail to {address} was accepted; {TEST_CHECK}"


def _make_test_message(address: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = mail["To"] = address
    mail["Subject"] = TEST_SUBJECT
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    mail.set_content("A tab follows:\t|\nThis line must arrive unchanged, with the tab.\n")
    return mail.as_bytes()


def list_password_stores() -> tuple[PasswordStore, ...]:
    """Return the password stores on this machine, the safest first."""
    return find_password_stores()
