# SPDX-License-Identifier: GPL-2.0-or-later
"""An SMTP server on loopback that stores its messages.

The demo uses it, and the tests' faulty servers are based on it.
"""

import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """A received message: the envelope's sender and recipients, and the content with CRLF line
    ends.
    """

    sender: str
    recipients: tuple[str, ...]
    data: bytes


class Sink:
    """An SMTP server in a separate thread, as a context manager.

    `port` 0 selects a free port; `mails` contains the received messages.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.mails: list[Received] = []
        self._lock = threading.Lock()
        self._controller: Any = None

    def __enter__(self) -> Self:
        from aiosmtpd.controller import Controller

        if not self.port:
            with socket.socket() as probe:
                probe.bind((self.host, 0))
                self.port = int(probe.getsockname()[1])
        self._controller = Controller(
            self.handler(), hostname=self.host, port=self.port, **self.options()
        )
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    def handler(self) -> Any:
        """Return the handler of the SMTP session, which contains aiosmtpd's hooks. Tests override
        it to inject faults.
        """
        return StoringHandler(self)

    def options(self) -> dict[str, Any]:
        return {
            "data_size_limit": 64 << 20,
            "ident": "patchpilot sink",
            "server_hostname": "localhost",
        }

    def keep(self, sender: str, recipients: list[str], data: bytes) -> None:
        with self._lock:
            self.mails.append(Received(sender, tuple(recipients), data))

    def take(self) -> tuple[Received, ...]:
        with self._lock:
            return tuple(self.mails)


class StoringHandler:
    """A handler for aiosmtpd that accepts and stores every message."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    # aiosmtpd requires this method name
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.sink.keep(
            envelope.mail_from or "",
            list(envelope.rcpt_tos),
            bytes(envelope.original_content or b""),
        )
        return "250 kept"
