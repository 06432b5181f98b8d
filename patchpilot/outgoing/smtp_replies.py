# SPDX-License-Identifier: GPL-2.0-or-later
"""An smtplib client that is strict about replies.

A reply that is truncated, garbled or unsolicited raises an error and never yields a reply code.
"""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

_REPLY = re.compile(rb"^([2-5]\d\d)(?:([ -])([^\n]*?))?\r?\n$")
_LONGEST = 1 << 16
"""Bytes of one reply with all its lines."""
_DRIP = 5
"""How many time-outs a whole reply may take: a server that sends a byte now and then does not hold
us for ever.
"""


class BadReplyError(smtplib.SMTPException):
    """Raised if the server sends something that is not a reply to the last command."""


class StrictSMTP(smtplib.SMTP):
    """An SMTP client that accepts complete replies only."""

    _unread = b""

    def __init__(
        self,
        *where: Any,
        masked: Callable[[bytes], bytes] = bytes,
        **options: Any,
    ) -> None:
        """As smtplib's; `masked` takes the password out of what the server sends."""
        self._masked = masked
        super().__init__(*where, **options)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply: its code (200 to 599) and text.

        TimeoutError, SMTPServerDisconnected or BadReplyError close the connection.
        """
        try:
            return self._reply()
        except (OSError, smtplib.SMTPException):
            self.close()
            raise

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command, but not over a reply to nothing we sent: from there on answers and
        questions would not match.
        """
        if self._unread:
            self.close()
            raise BadReplyError("the server sent an unexpected reply")
        super().putcmd(cmd, args)

    def early_reply(self) -> tuple[int, bytes] | None:
        """A reply that came before the mail was complete, None when there is none."""
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
        until = time.monotonic() + _DRIP * (self.timeout or 60.0)
        size, codes, texts = 0, set[int](), []
        while True:
            line = self._line(until)
            size += len(line)
            reply = _REPLY.match(line)
            if not reply or size > _LONGEST:
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

    def _line(self, until: float) -> bytes:
        """One line with its end. A connection that ends before the line does has sent no reply."""
        while b"\n" not in self._unread:
            data = self._socket().recv(4096)
            if not data:
                cut = self._masked(self._unread)[:60].decode("utf-8", "replace")
                raise smtplib.SMTPServerDisconnected(
                    f"connection closed in the middle of a reply: {cut!r}"
                    if cut
                    else "connection closed by the server"
                )
            self._unread += data
            if len(self._unread) > _LONGEST:
                raise BadReplyError("the server's SMTP reply is incomplete")
            if time.monotonic() > until:
                raise TimeoutError
        line, end, self._unread = self._unread.partition(b"\n")
        return self._masked(line + end)

    def _socket(self) -> socket.socket:
        sock: Any = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("connection closed")
        return sock  # type: ignore[no-any-return]


class StrictSMTPOverTLS(StrictSMTP, smtplib.SMTP_SSL):
    """A StrictSMTP client that uses TLS from the first byte."""
