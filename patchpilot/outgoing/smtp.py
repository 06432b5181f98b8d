# SPDX-License-Identifier: GPL-2.0-or-later
"""Send previewed messages over SMTP, each with a definite outcome, or test a login."""

import contextlib
import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from patchpilot.commits.run import base_environment, run
from patchpilot.errors import GitError, InputError, MissingError, NetworkError
from patchpilot.model.action import Action, Advice
from patchpilot.model.message import MailState
from patchpilot.model.printable import join_words
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import Outcome, Retry
from patchpilot.outgoing.reply_codes import (
    NO_ANSWER,
    is_accepting_reply,
    make_lost_connection_outcome,
    parse_early_reply,
    parse_final_reply,
)

_REPLY = re.compile(rb"^([2-5]\d\d)(?:([ -])([^\n]*?))?\r?\n$")
_MAX_REPLY = 1 << 16
"""Maximum length of a reply in bytes, including all its lines."""
_MAX_TIMEOUTS = 5
"""Maximum time for a complete reply, in multiples of the timeout. It protects against servers that
send single bytes slowly.
"""


class BadReplyError(smtplib.SMTPException):
    """Raised for data from the server that is not a reply to the last command."""


class StrictSMTP(smtplib.SMTP):
    """An SMTP client that accepts only complete replies."""

    _unread = b""

    def __init__(
        self,
        *address: Any,
        masked: Callable[[bytes], bytes] = bytes,
        **options: Any,
    ) -> None:
        """Create the client; `masked` removes the password from replies."""
        self._masked = masked
        super().__init__(*address, **options)

    def getreply(self) -> tuple[int, bytes]:
        """Return the code (200 to 599) and the text of the next reply.

        On TimeoutError, SMTPServerDisconnected and BadReplyError, close the connection.
        """
        try:
            return self._reply()
        except (OSError, smtplib.SMTPException):
            self.close()
            raise

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command.

        Raise BadReplyError if the server has sent a reply without a command, because later replies
        would then not match their commands.
        """
        if self._unread:
            self.close()
            raise BadReplyError("the server sent an unexpected reply")
        super().putcmd(cmd, args)

    def early_reply(self) -> tuple[int, bytes] | None:
        """Return a reply that the server sent before it had received the whole message, or None."""
        sock = self._socket()
        sock.setblocking(False)
        try:
            data = sock.recv(4096)
            if not data:
                raise smtplib.SMTPServerDisconnected("connection closed by the server")
            self._unread += data
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        finally:
            sock.settimeout(self.timeout)
        return self.getreply() if self._unread else None

    def _reply(self) -> tuple[int, bytes]:
        deadline = time.monotonic() + _MAX_TIMEOUTS * (self.timeout or 60.0)
        size, codes, texts = 0, set[int](), []
        while True:
            line = self._line(deadline)
            size += len(line)
            reply = _REPLY.match(line)
            if not reply or size > _MAX_REPLY:
                raise BadReplyError(
                    f"not an SMTP reply: {line[:60].decode('utf-8', 'replace').strip()!r}"
                )
            codes.add(int(reply[1]))
            texts.append((reply[3] or b"").strip())
            if len(codes) > 1:
                raise BadReplyError(
                    "reply with mixed codes: " + " and ".join(map(str, sorted(codes)))
                )
            if reply[2] != b"-":
                return int(reply[1]), b"\n".join(texts)

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread:
            data = self._socket().recv(4096)
            if not data:
                remainder = self._masked(self._unread)[:60].decode("utf-8", "replace")
                raise smtplib.SMTPServerDisconnected(
                    f"connection closed in the middle of a reply: {remainder!r}"
                    if remainder
                    else "connection closed by the server"
                )
            self._unread += data
            if len(self._unread) > _MAX_REPLY:
                raise BadReplyError("the server's SMTP reply is incomplete")
            if time.monotonic() > deadline:
                raise TimeoutError
        line, end, self._unread = self._unread.partition(b"\n")
        return self._masked(line + end)

    def _socket(self) -> socket.socket:
        sock: Any = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("connection closed")
        return sock  # type: ignore[no-any-return]


class StrictSMTPOverTLS(StrictSMTP, smtplib.SMTP_SSL):
    """A StrictSMTP client that uses TLS from the start."""


T = TypeVar("T")
TIMEOUT = 60.0
_MAX_LINES = 3
"""Number of lines shown of what a sendmail program printed."""
PROGRAM = 600.0
"""Timeout of a sendmail program in seconds, per message."""
_FAILURES = (OSError, smtplib.SMTPException)


def is_login_refused(error: NetworkError) -> bool:
    """Return whether a submission could not be opened because the server refused the login."""
    return isinstance(error.__cause__, smtplib.SMTPAuthenticationError)


class Submission:
    """A connection to the account's server or sendmail program.

    Use it as a context manager; it connects on first use.
    """

    def __init__(
        self,
        account: Account,
        credential: Credential | None,
        timeout: float | None = None,
    ) -> None:
        self.account, self.credential, self.timeout = (
            account,
            credential,
            timeout or TIMEOUT,
        )
        self.server: StrictSMTP | None = None
        self.mails_sent = 0
        self.ever_sent = False
        self.login = ""
        """The result of the last login: "accepted", "refused" or ""."""

    def __enter__(self) -> "Submission":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.server:
            with contextlib.suppress(*_FAILURES):
                self.server.quit()
            self.server = None

    def open(self) -> StrictSMTP:
        """Connect, start TLS and log in as configured.

        Raise NetworkError naming the step that failed.
        """
        if self.server:
            return self.server
        account = self.account
        address, hint = (
            f"{account.server}:{account.port}",
            Action("doctor", (), "see `{}`"),
        )
        server = self._step(f"{address} cannot be reached", hint, self._open_server)
        if account.encryption == "tls":
            self._step(
                f"STARTTLS with {address} failed",
                hint,
                lambda: _start_tls(server, account),
                server,
            )
        if account.needs_login and (credential := self.credential):
            message = f"{account.server} rejects the login of {account.user}"
            offer = describe_login_offer(server, account)
            offered = _list_offered_logins(server)
            needs_token = bool(offered) and set(offered) <= _TOKEN_LOGINS
            password_hint = TOKEN_HINT if needs_token else _PASSWORD_HINT
            self._step(
                message,
                password_hint,
                lambda: log_in(server, account, credential),
                server,
                offer,
            )
            self.login = "accepted"
        self.server, self.mails_sent = server, 0
        return server

    def _step(
        self,
        message: str,
        hint: Advice,
        step: Callable[[], T],
        server: StrictSMTP | None = None,
        note: str = "",
    ) -> T:
        try:
            return step()
        except _FAILURES as error:
            if isinstance(error, smtplib.SMTPAuthenticationError):
                self.login = "refused"
            if server:
                server.close()
            if server and isinstance(error, TimeoutError):
                # do not add the hint about passwords after a timeout, because it would be
                # misleading
                message = f"{self.account.server}:{self.account.port} does not answer"
                hint = Action("doctor", (), "see `{}`")
            elif note and isinstance(error, smtplib.SMTPException):
                message = f"{message} ({note})"
            raise ConnectingError(
                f"{message}: {describe_error(error)}",
                hint=hint,
                retry=_retry_connecting(error, self.ever_sent),
            ) from error

    def _open_server(self) -> StrictSMTP:
        account = self.account
        over_tls = account.encryption == "ssl"
        server = (StrictSMTPOverTLS if over_tls else StrictSMTP)(
            account.server,
            account.port,
            local_hostname=account.domain or None,
            timeout=self.timeout,
            masked=self.credential.mask if self.credential else bytes,
            **({"context": make_tls_context(account)} if over_tls else {}),
        )
        server.ehlo_or_helo_if_needed()
        return server

    def send(self, envelope_from: str, recipients: Sequence[str], raw: bytes) -> Outcome:
        """Send one message to all recipients or to none.

        Return an outcome even if the server fails.
        """
        if self.account.sendmail:
            return _submit_with_program(self.account, envelope_from, recipients, raw)
        try:
            server = self.open()
        except ConnectingError as error:
            return Outcome(MailState.PENDING, error.message, error.retry)
        outcome = _submit_message(
            server, envelope_from, recipients, raw, reused=bool(self.mails_sent)
        )
        if outcome.state is MailState.ACCEPTED:
            self.mails_sent, self.ever_sent = self.mails_sent + 1, True
        else:
            # close the connection, because data and replies may still be pending
            server.close()
            self.server = None
        return outcome


_TOKEN_LOGINS = frozenset(("XOAUTH2", "OAUTHBEARER"))
"""Kinds of login that take an access token in place of a password."""
NO_LOGIN = "it offers no login"
_PASSWORD_HINT = Action("doctor", (), "many providers require an app password: see `{}`")
TOKEN_HINT = (
    "set sendemail.smtpAuth to XOAUTH2, with a credential helper that returns an access token; or"
    " use an OAuth proxy on this machine as sendemail.smtpServer"
)


class ConnectingError(NetworkError):
    """Raised if connecting, starting TLS or logging in fails.

    `retry` states whether and how to try again.
    """

    def __init__(self, message: str, *, hint: Advice, retry: Retry) -> None:
        super().__init__(message, hint=hint)
        self.retry = retry


def _retry_connecting(error: BaseException, ever_sent: bool) -> Retry:
    """Return whether to try again later, because another connection may succeed.

    `ever_sent` is set after a successful send, which proves that the account and the server work.
    """
    if isinstance(error, smtplib.SMTPResponseException):
        may_succeed = error.smtp_code < 500
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        may_succeed = True
    elif isinstance(error, BadReplyError):
        may_succeed = ever_sent
    elif isinstance(error, smtplib.SMTPException | ssl.SSLCertVerificationError):
        may_succeed = False
    else:
        may_succeed = ever_sent or isinstance(
            error, ssl.SSLError | ConnectionResetError | BrokenPipeError
        )
    return Retry.LATER if may_succeed else Retry.NO


def _start_tls(server: StrictSMTP, account: Account) -> None:
    server.starttls(context=make_tls_context(account))
    server.ehlo()


def _submit_message(
    server: StrictSMTP,
    sender: str,
    recipients: Sequence[str],
    raw: bytes,
    *,
    reused: bool,
) -> Outcome:
    """Send one message over an open connection.

    The server cannot accept the message before receiving its final line.
    """
    data = re.sub(rb"\r\n|\n|\r(?!\n)", b"\r\n", raw)
    data += b"" if data.endswith(b"\r\n") else b"\r\n"
    try:
        outcome = _send_envelope(server, sender, recipients, data, reused=reused)
        if outcome:
            return outcome
        server.send(re.sub(rb"(?m)^\.", b"..", data))
        if early := server.early_reply():
            return parse_early_reply(early[0], _decode_reply(early), reused=False)
    except _FAILURES as error:
        return make_lost_connection_outcome(describe_error(error), reused=reused)
    try:
        server.send(b".\r\n")
        reply = server.getreply()
    except _FAILURES as error:
        return Outcome(MailState.UNKNOWN, f"{NO_ANSWER}: {describe_error(error)}")
    return parse_final_reply(reply[0], _decode_reply(reply))


def _send_envelope(
    server: StrictSMTP,
    sender: str,
    recipients: Sequence[str],
    data: bytes,
    *,
    reused: bool,
) -> Outcome | None:
    """Start the SMTP transaction for a message.

    Return the outcome if the server rejects the message, or None if the body can be sent.
    """
    options = []
    if server.has_extn("size"):
        options.append(f"size={len(data)}")
    if server.has_extn("8bitmime") and not data.isascii():
        options.append("body=8bitmime")
    reply = server.mail(sender, options)
    if not is_accepting_reply(reply[0]):
        return parse_early_reply(
            reply[0], f"the sender {sender}: {_decode_reply(reply)}", reused=reused
        )
    for recipient in recipients:
        reply = server.rcpt(recipient)
        if not is_accepting_reply(reply[0]):
            return parse_early_reply(
                reply[0], f"{recipient}: {_decode_reply(reply)}", reused=reused
            )
    reply = server.docmd("data")
    return (
        None
        if reply[0] == 354
        else parse_early_reply(reply[0], f"the mail: {_decode_reply(reply)}", reused=reused)
    )


def _decode_reply(reply: tuple[int, bytes]) -> str:
    return f"{reply[0]} {reply[1].decode('utf-8', 'replace')}"


def _submit_with_program(
    account: Account, envelope_from: str, recipients: Sequence[str], raw: bytes
) -> Outcome:
    """Run the program of the account with the arguments that git send-email uses.

    These are `-i`, `-f` if there is an envelope sender, options, and the recipients.
    """
    assert account.sendmail is not None
    arguments = [
        *account.options,
        *(["-f", envelope_from] if account.envelope else []),
        "-i",
        *recipients,
    ]
    argv = ["sh", "-c", f'{account.sendmail} "$@"', "-", *arguments]
    env = base_environment(parsed=False) | {"PATCHPILOT_SENDING": "1"}
    try:
        result = run(argv, stdin=raw, env=env, timeout=PROGRAM, name=account.program)
    except GitError as error:
        return Outcome(MailState.UNKNOWN, error.message)
    except (OSError, MissingError) as error:
        return Outcome(
            MailState.REJECTED,
            f"{account.program}: {getattr(error, 'strerror', '') or error}",
        )
    # msmtp prints the cause before the last line
    printed = "; ".join(result.error_text.splitlines()[-_MAX_LINES:])
    if result.code == 0:
        # postdrop, for example, warns that no daemon will deliver the message
        warning = f"; it printed: {printed}" if printed else ""
        return Outcome(MailState.ACCEPTED, f"handed to {account.program}{warning}")
    state = MailState.UNKNOWN if result.code < 0 else MailState.REJECTED
    return Outcome(
        state,
        f"{account.program}: exit {result.code} {printed}".strip(),
    )


def make_tls_context(account: Account) -> ssl.SSLContext:
    """Return a TLS context with the certificates that git send-email would use.

    An empty path disables verification. Raise InputError for a client certificate that cannot be
    read.
    """
    context = _make_server_context(account)
    certificate, key = account.value("smtpsslclientcert"), account.value("smtpsslclientkey")
    if key and not certificate:
        raise InputError(
            "sendemail.smtpSSLClientKey is set, but not sendemail.smtpSSLClientCert",
            hint="set both, or only the certificate if its file has the key",
        )
    if certificate:
        paths = [os.path.expanduser(name) for name in (certificate, key) if name]  # noqa: PTH111
        try:
            context.load_cert_chain(*paths)
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"cannot read sendemail.smtpSSLClientCert {certificate}: {error}",
                hint="it is a PEM file with the certificate, and the key if there is no other file",
            ) from error
    return context


def _make_server_context(account: Account) -> ssl.SSLContext:
    if account.cert_path is None:
        return ssl.create_default_context()
    if account.cert_path == "":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    is_folder = os.path.isdir(account.cert_path)  # noqa: PTH112 (a value handed to OpenSSL)
    return ssl.create_default_context(
        capath=account.cert_path if is_folder else None,
        cafile=None if is_folder else account.cert_path,
    )


def describe_login_offer(server: smtplib.SMTP, account: Account) -> str:
    """Return the kinds of login that the server offers on this connection."""
    if offered := _list_offered_logins(server):
        only = "only " if len(offered) == 1 else ""
        return f"it offers {only}{join_words(offered)}"
    if not account.encryption and server.has_extn("starttls"):
        return "it offers no login before STARTTLS"
    return NO_LOGIN


def _list_offered_logins(server: smtplib.SMTP) -> tuple[str, ...]:
    words = server.esmtp_features.get("auth", "").upper().split()
    return tuple(dict.fromkeys(word for word in words if re.fullmatch(r"[A-Z0-9_-]{1,20}", word)))


def log_in(server: smtplib.SMTP, account: Account, credential: Credential) -> None:
    """Log in to the server, using OAuth if the account is configured for it."""
    mechanisms = account.auth.upper().split()
    if any(mechanism in ("XOAUTH2", "OAUTH2", "OAUTH", "OAUTHBEARER") for mechanism in mechanisms):
        text = f"user={credential.user}\x01auth=Bearer {credential.password}\x01\x01"
        server.auth(
            "XOAUTH2",
            lambda challenge=None: text if challenge is None else "",
            initial_response_ok=True,
        )
        return
    if mechanisms:
        offered = [
            mechanism
            for mechanism in server.esmtp_features.get("auth", "").upper().split()
            if mechanism in mechanisms
        ]
        server.esmtp_features["auth"] = " ".join(offered or mechanisms)
    server.login(credential.user, credential.password)


def describe_error(error: BaseException) -> str:
    """Describe an error in one line without a Python class name."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else str(error.smtp_error)
        )
        return f"{error.smtp_code} {text}"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, socket.gaierror):
        return "host not found (or no DNS)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
