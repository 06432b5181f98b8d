# SPDX-License-Identifier: GPL-2.0-or-later
"""Run mail servers that support faults, TLS and login."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchpilot.demo.sink import Sink, StoringHandler


@dataclass
class Faults:
    """The faults of a server by message number, starting with 1.

    A fault that is None or empty does not occur.
    """

    drop_before_mail: int | None = None
    gone_from: int | None = None
    """Drop the connection before this message and all later ones, so that retries fail."""
    reject: frozenset[str] = frozenset()
    reject_all: bool = False
    temporary_at: int | None = None
    stall_at: int | None = None
    close_after_data: int | None = None
    keep_when_closing: bool = True
    on_mail: Callable[[int], None] | None = None
    seen: int = field(default=0)

    def heal(self) -> None:
        self.drop_before_mail = self.gone_from = self.temporary_at = self.stall_at = (
            self.close_after_data
        ) = None
        self.reject, self.reject_all, self.on_mail = frozenset(), False, None


class FaultySink(Sink):
    """A mail server that supports faults, TLS ("starttls" or "ssl") and login (user, password)."""

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        tls: str = "",
        certificate: tuple[Path, Path] | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.faults = faults or Faults()
        self.tls, self.certificate, self.login = tls, certificate, login
        self.logins: list[tuple[str, bool]] = []

    def handler(self) -> Any:
        return _Faulty(self)

    def options(self) -> dict[str, Any]:
        """Return the server options for TLS and login."""
        result = super().options()
        if self.tls and self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, self.certificate))
            result |= (
                {"tls_context": context, "require_starttls": True}
                if self.tls == "starttls"
                else {"ssl_context": context}
            )
        if self.login:
            result |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": self.tls == "starttls",
            }
        return result

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> Any:
        from aiosmtpd.smtp import AuthResult

        user, password = data.login.decode(), data.password.decode()
        is_correct = (user, password) == self.login
        self.logins.append((user, is_correct))
        return AuthResult(success=is_correct, handled=False)


class _Faulty(StoringHandler):
    sink: FaultySink

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        faults = self.sink.faults
        faults.seen += 1
        if faults.on_mail:
            faults.on_mail(faults.seen)
        if faults.drop_before_mail == faults.seen or (
            faults.gone_from and faults.seen >= faults.gone_from
        ):
            server.transport.abort()
            return "421 gone"
        if faults.temporary_at == faults.seen:
            return "451 try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.sink.faults.reject_all or address in self.sink.faults.reject:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        faults = self.sink.faults
        if faults.stall_at == faults.seen:
            await asyncio.sleep(30)
            return "451 too late"
        if faults.close_after_data == faults.seen:
            if faults.keep_when_closing:
                await super().handle_DATA(server, session, envelope)
            server.transport.abort()
            return "421 gone"
        return await super().handle_DATA(server, session, envelope)


def wait_until_quiet(server: FaultySink) -> None:
    """Wait until no more messages arrive.

    Children of a killed sender may still be running.
    """
    last_count, last_change = -1, time.monotonic()
    while time.monotonic() - last_change < 0.8:
        count = len(server.take()) + server.faults.seen
        if count != last_count:
            last_count, last_change = count, time.monotonic()
        time.sleep(0.05)


def create_certificate(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate for localhost and 127.0.0.1, and return it with its key."""
    import subprocess

    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            *(
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout",
                str(key_file),
                "-out",
                str(certificate_file),
            ),
        ],
        check=True,
        capture_output=True,
    )
    return certificate_file, key_file
