# SPDX-License-Identifier: GPL-2.0-or-later
"""One SMTP session of our own: to carry mails that b4 made, each with a certain outcome, and to try a login without sending."""

import contextlib
import os
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence

from patchpilot.commits.run import environment, run
from patchpilot.errors import GitError, MissingError, NetworkError
from patchpilot.outgoing.account import Account
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.transport import MailState, Outcome

TIMEOUT = 60.0
PROGRAM = 600.0
"""Seconds a sendmail program may take over one mail."""
_TROUBLE = (OSError, smtplib.SMTPException)


class Submission:
    """A connection to the account's server (or its sendmail program). Use it as a context; it connects when first needed."""

    def __init__(self, account: Account, credential: Credential | None, timeout: float | None = None) -> None:
        self.account, self.credential, self.timeout = account, credential, timeout or TIMEOUT
        self.server: smtplib.SMTP | None = None

    def __enter__(self) -> "Submission":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye."""
        if self.server:
            with contextlib.suppress(*_TROUBLE):
                self.server.quit()
            self.server = None

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and log in as configured. NetworkError says which of the three failed."""
        if self.server:
            return self.server
        account = self.account
        name = account.domain or None
        try:
            if account.encryption == "ssl":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    account.server, account.port, local_hostname=name, timeout=self.timeout, context=tls_context(account)
                )
            else:
                server = smtplib.SMTP(account.server, account.port, local_hostname=name, timeout=self.timeout)
            server.ehlo_or_helo_if_needed()
        except _TROUBLE as error:
            raise NetworkError(
                f"{account.server}:{account.port} cannot be reached: {words(error)}", hint="see `patchpilot doctor`"
            ) from error
        try:
            if account.encryption == "tls":
                server.starttls(context=tls_context(account))
                server.ehlo()
        except _TROUBLE as error:
            raise NetworkError(
                f"STARTTLS with {account.server}:{account.port} failed: {words(error)}", hint="see `patchpilot doctor`"
            ) from error
        try:
            if account.needs_login and self.credential:
                login(server, account, self.credential)
        except _TROUBLE as error:
            raise NetworkError(
                f"{account.server} refuses the login of {account.user}: {words(error)}",
                hint="many providers want an app password here: see `patchpilot doctor`",
            ) from error
        self.server = server
        return server

    def send(self, envelope_from: str, recipients: Sequence[str], raw: bytes) -> Outcome:
        """Hand one mail over, to all recipients or to none. Never raises for what the server does: the outcome says it."""
        if self.account.sendmail:
            return _through_program(self.account, envelope_from, recipients, raw)
        try:
            server = self.open()
        except NetworkError as error:
            return Outcome(MailState.PENDING, error.message)
        data = re.sub(rb"\r\n|\n|\r(?!\n)", b"\r\n", raw)
        try:
            refusal = _envelope(server, envelope_from, recipients, data)
        except _TROUBLE as error:
            self.server = None
            return Outcome(MailState.PENDING, f"the connection was lost before the mail was handed over: {words(error)}")
        if refusal:
            with contextlib.suppress(*_TROUBLE):
                server.rset()
            return Outcome(MailState.REJECTED, refusal)
        try:
            code, text = server.data(data)
        except smtplib.SMTPDataError as error:
            return Outcome(MailState.REJECTED, words(error))
        except _TROUBLE as error:
            self.server = None
            return Outcome(
                MailState.UNKNOWN, f"the connection ended after the mail was handed over, before the server answered: {words(error)}"
            )
        answer = f"{code} {text.decode('utf-8', 'replace')}"
        return Outcome(MailState.ACCEPTED if 200 <= code < 300 else MailState.REJECTED, answer)


def _envelope(server: smtplib.SMTP, sender: str, recipients: Sequence[str], data: bytes) -> str:
    """Announce the mail; the refusal in words, "" when everything was taken."""
    options = []
    if server.has_extn("size"):
        options.append(f"size={len(data)}")
    if server.has_extn("8bitmime") and not data.isascii():
        options.append("body=8bitmime")
    code, text = server.mail(sender, options)
    if code != 250:
        return f"the sender {sender}: {code} {text.decode('utf-8', 'replace')}"
    for one in recipients:
        code, text = server.rcpt(one)
        if code not in (250, 251):
            return f"{one}: {code} {text.decode('utf-8', 'replace')}"
    return ""


def _through_program(account: Account, envelope_from: str, recipients: Sequence[str], raw: bytes) -> Outcome:
    """As git send-email does: the program with `-i`, `-f` when an envelope sender is set, options and recipients."""
    assert account.sendmail is not None
    words_ = [*account.options, *(["-f", envelope_from] if account.envelope else []), "-i", *recipients]
    argv = [account.sendmail, *words_] if account.sendmail.startswith("/") else ["sh", "-c", f'{account.sendmail} "$@"', "-", *words_]
    env = environment(parsed=False) | {"PATCHPILOT_SENDING": "1"}
    try:
        done = run(argv, stdin=raw, env=env, timeout=PROGRAM, name=account.sendmail)
    except GitError as error:
        return Outcome(MailState.UNKNOWN, error.message)
    except (OSError, MissingError) as error:
        return Outcome(MailState.REJECTED, f"{account.sendmail}: {getattr(error, 'strerror', '') or error}")
    said = done.error_text.splitlines()
    if done.code == 0:
        return Outcome(MailState.ACCEPTED, f"handed to {account.sendmail}")
    state = MailState.UNKNOWN if done.code < 0 else MailState.REJECTED
    return Outcome(state, f"{account.sendmail}: exit {done.code} {said[-1] if said else ''}".strip())


def tls_context(account: Account) -> ssl.SSLContext:
    """Certificates as git send-email takes them: a file, a folder, the system's; an empty path turns the check off."""
    if account.cert_path is None:
        return ssl.create_default_context()
    if account.cert_path == "":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    folder = os.path.isdir(account.cert_path)  # noqa: PTH112 (a value handed to OpenSSL)
    return ssl.create_default_context(capath=account.cert_path if folder else None, cafile=None if folder else account.cert_path)


def login(server: smtplib.SMTP, account: Account, credential: Credential) -> None:
    """Log in, by OAuth where the account says so."""
    wanted = account.auth.upper().split()
    if any(one in ("XOAUTH2", "OAUTH2", "OAUTH", "OAUTHBEARER") for one in wanted):
        text = f"user={credential.user}\x01auth=Bearer {credential.password}\x01\x01"
        server.auth("XOAUTH2", lambda challenge=None: text if challenge is None else "", initial_response_ok=True)
        return
    if wanted:
        known = [one for one in server.esmtp_features.get("auth", "").upper().split() if one in wanted]
        server.esmtp_features["auth"] = " ".join(known or wanted)
    server.login(credential.user, credential.password)


def words(error: BaseException) -> str:
    """What went wrong in one line, without Python's own names."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return f"{error.smtp_code} {text}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "there is no such host (or no name service)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
