# SPDX-License-Identifier: GPL-2.0-or-later
"""A mail server on loopback that sends given bytes at any step, and then continues, stalls or
disconnects.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from patchpilot.demo.sink import Received

STEPS = (
    "greeting",
    "EHLO",
    "HELO",
    "STARTTLS",
    "handshake",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "body",
    "end",
    "between",
    "QUIT",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """At `step` of message `at` (0: every message), send these bytes and then do `then`, up to
    `times` times.

    With `kept`, the message is stored anyway. `then` is "on", "close", "reset", "stall" (until the
    client is gone), "late" (wait a second before sending the bytes), or "again" (repeat the bytes
    every `pause` seconds until the client is gone).
    """

    step: str
    send: bytes = b""
    then: str = "on"
    at: int = 2
    times: int = 1
    kept: bool = False
    pause: float = 0.0


class _GoneError(Exception):
    """Raised when the connection is over."""


class RawServer:
    """An SMTP server with a thread for each connection.

    It offers STARTTLS or TLS with a certificate, and login, if requested.
    """

    def __init__(
        self,
        fault: Fault | None = None,
        *,
        tls: str = "",
        certificate: tuple[Path, Path] | None = None,
        login: bool = False,
        offers_tls: bool = True,
    ) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.fault, self.tls, self.certificate, self.login, self.offers_tls = (
            fault,
            tls,
            certificate,
            login,
            offers_tls,
        )
        self.struck = 0
        self.commands: list[str] = []
        self._mails: list[Received] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> "RawServer":
        self._listener = socket.create_server((self.host, 0), backlog=16)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        # closing alone does not wake a thread in accept()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def heal(self) -> None:
        """Stop all faults."""
        self.fault, self.offers_tls = None, True

    def take(self) -> tuple[Received, ...]:
        """Return the messages stored so far, in order."""
        with self._lock:
            return tuple(self._mails)

    def keep(self, sender: str, recipients: list[str], data: bytes) -> None:
        with self._lock:
            self._mails.append(Received(sender, tuple(recipients), data))

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(
                    target=self._serve, args=(connection,), daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, _GoneError, ValueError):
            _Session(self, connection).run()
        with contextlib.suppress(OSError):
            connection.close()

    def strikes(self, step: str) -> Fault | None:
        """Return the fault for this step, if any; the step "between" follows a message."""
        fault = self.fault
        mail = len(self.take()) + (step not in ("between", "QUIT"))
        if (
            not fault
            or fault.step != step
            or self.struck >= fault.times
            or fault.at not in (0, mail)
        ):
            return None
        self.struck += 1
        return fault


class _Session:
    def __init__(self, server: RawServer, sock: socket.socket) -> None:
        self.server, self.sock, self.buffer = server, sock, b""
        self.secure = False

    def run(self) -> None:
        if self.server.tls == "ssl":
            self._wrap()
        if not self._strike("greeting"):
            self._say(b"220 raw ESMTP")
        while True:
            line = self._line()
            self.server.commands.append(line.split(b" ")[0].decode("latin-1").upper())
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        command = line.split(b" ")[0].split(b":")[0].decode("latin-1").upper()
        if command in STEPS and self._strike(command):
            return
        if command == "EHLO":
            self._greet()
        elif command == "STARTTLS":
            self._start_tls()
        elif command == "AUTH":
            self._log_in(line)
        elif command == "MAIL":
            self.sender, self.recipients = _address(line), list[str]()
            self._say(b"250 sender ok")
        elif command == "RCPT":
            self.recipients.append(_address(line))
            self._say(b"250 recipient ok")
        elif command == "DATA":
            self._take_mail()
        elif command == "QUIT":
            self._say(b"221 bye")
            raise _GoneError
        else:
            self._say(b"250 ok")

    def _greet(self) -> None:
        words = [b"raw", b"8BITMIME", b"SIZE 10000000"]
        if self.server.tls == "starttls" and not self.secure and self.server.offers_tls:
            words.append(b"STARTTLS")
        if self.server.login and (self.secure or not self.server.tls):
            words.append(b"AUTH PLAIN LOGIN")
        self._say(*[b"250-" + word for word in words[:-1]], b"250 " + words[-1])

    def _start_tls(self) -> None:
        if not self.server.offers_tls:
            self._say(b"502 not here")
            return
        self._say(b"220 ready")
        if not self._strike("handshake"):
            self._wrap()

    def _log_in(self, line: bytes) -> None:
        words = line.split()
        if words[1].upper() == b"LOGIN":
            if len(words) == 2:
                self._say(b"334 VXNlcm5hbWU6")
                self._line()
            self._say(b"334 UGFzc3dvcmQ6")
            self._line()
        elif len(words) == 2:
            self._say(b"334 ")
            self._line()
        self._say(b"235 welcome")

    def _take_mail(self) -> None:
        go_on = b"354 go on\r\n"
        if early := self.server.strikes("body"):
            # send both in one segment, so that the client sees the fault before it sends the whole
            # message
            self._do(replace(early, send=go_on + early.send))
        else:
            self.sock.sendall(go_on)
        lines: list[bytes] = []
        while (line := self._line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        data = b"".join(line + b"\r\n" for line in lines)
        fault = self.server.strikes("end")
        if fault is None or fault.kept:
            self.server.keep(self.sender, self.recipients, data)
        if fault is None:
            self._say(b"250 kept")
        else:
            self._do(fault)
        self._strike("between")

    def _strike(self, step: str) -> bool:
        """Apply the fault for a step, and return whether there is one."""
        fault = self.server.strikes(step)
        if fault:
            self._do(fault)
        return fault is not None

    def _do(self, fault: Fault) -> None:
        if fault.then == "late":
            time.sleep(1.0)
        if fault.send and fault.then == "close" and not self.secure:
            # delay the last bytes until the shutdown, so that both arrive together
            self.sock.sendall(fault.send, socket.MSG_MORE)
        elif fault.send:
            self.sock.sendall(fault.send)
        if fault.then == "reset":
            self.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self.sock.close()
            raise _GoneError
        if fault.then == "close":
            # read all input: unread input would turn the close into a reset and lose the sent bytes
            raw = self.sock
            raw.shutdown(socket.SHUT_WR)
            self._drain(0.05)
            raise _GoneError
        while fault.then == "again" and not self.server._closing.is_set():
            time.sleep(fault.pause)
            self.sock.sendall(fault.send)
        if fault.then == "stall":
            self._drain(60.0)
            raise _GoneError

    def _drain(self, seconds: float) -> None:
        """Discard input until the client is gone."""
        self.sock.settimeout(0.1)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server._closing.is_set():
            try:
                if not self.sock.recv(65536):
                    return
            except TimeoutError:
                continue

    def _wrap(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self.server.certificate
        context.load_cert_chain(*map(str, self.server.certificate))
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.secure, self.buffer = True, b""

    def _say(self, *lines: bytes) -> None:
        self.sock.sendall(b"".join(line + b"\r\n" for line in lines))

    def _line(self) -> bytes:
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise _GoneError
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")


def _address(line: bytes) -> str:
    match = re.search(rb"<([^>]*)>", line)
    return match[1].decode("utf-8", "replace") if match else ""
