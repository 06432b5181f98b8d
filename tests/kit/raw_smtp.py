# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a mail server on loopback that sends given bytes at a given step.

It then continues, stalls or disconnects.
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
    """A fault of the server, which sends bytes at `step` of message `at` and then does `then`.

    If `at` is 0, this is done for every message. It is done at most `times` times. If `kept` is
    set, the message is stored anyway. `then` is "on" (continue), "close", "reset", "stall" (until
    the client disconnects), "late" (wait a second before sending), or "again" (repeat the bytes
    every `pause` seconds until the client disconnects).
    """

    step: str
    send: bytes = b""
    then: str = "on"
    at: int = 2
    times: int = 1
    kept: bool = False
    pause: float = 0.0


class _GoneError(Exception):
    """The client has disconnected."""


class RawServer:
    """An SMTP server with one thread for each connection.

    If requested, it offers STARTTLS, TLS and login.
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
        self.fault_count = 0
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
        exception_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        # close() alone does not wake a thread blocked in accept()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def heal(self) -> None:
        self.fault, self.offers_tls = None, True

    def take(self) -> tuple[Received, ...]:
        """Return the stored messages in order of arrival."""
        with self._lock:
            return tuple(self._mails)

    def keep(self, sender: str, recipients: list[str], data: bytes) -> None:
        with self._lock:
            self._mails.append(Received(sender, tuple(recipients), data))

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve_client, args=(connection,), daemon=True).start()

    def _serve_client(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, _GoneError, ValueError):
            _Session(self, connection).run()
        with contextlib.suppress(OSError):
            connection.close()

    def next_fault(self, step: str) -> Fault | None:
        """Return the fault to apply at this step, or None.

        The step "between" follows a message.
        """
        current_fault = self.fault
        mail = len(self.take()) + (step not in ("between", "QUIT"))
        if (
            not current_fault
            or current_fault.step != step
            or self.fault_count >= current_fault.times
            or current_fault.at not in (0, mail)
        ):
            return None
        self.fault_count += 1
        return current_fault


class _Session:
    def __init__(self, server: RawServer, sock: socket.socket) -> None:
        self.server, self.sock, self.buffer = server, sock, b""
        self.secure = False

    def run(self) -> None:
        if self.server.tls == "ssl":
            self._wrap_in_tls()
        if not self._apply_fault("greeting"):
            self._reply(b"220 raw ESMTP")
        while True:
            line = self._read_line()
            self.server.commands.append(line.split(b" ")[0].decode("latin-1").upper())
            self._answer_command(line)

    def _answer_command(self, line: bytes) -> None:
        command = line.split(b" ")[0].split(b":")[0].decode("latin-1").upper()
        if command in STEPS and self._apply_fault(command):
            return
        if command == "EHLO":
            self._greet()
        elif command == "STARTTLS":
            self._start_tls()
        elif command == "AUTH":
            self._log_in(line)
        elif command == "MAIL":
            self.sender, self.recipients = _parse_envelope_address(line), list[str]()
            self._reply(b"250 sender ok")
        elif command == "RCPT":
            self.recipients.append(_parse_envelope_address(line))
            self._reply(b"250 recipient ok")
        elif command == "DATA":
            self._receive_message()
        elif command == "QUIT":
            self._reply(b"221 bye")
            raise _GoneError
        else:
            self._reply(b"250 ok")

    def _greet(self) -> None:
        capability_lines = [b"raw", b"8BITMIME", b"SIZE 10000000"]
        if self.server.tls == "starttls" and not self.secure and self.server.offers_tls:
            capability_lines.append(b"STARTTLS")
        if self.server.login and (self.secure or not self.server.tls):
            capability_lines.append(b"AUTH PLAIN LOGIN")
        self._reply(
            *[b"250-" + capability_line for capability_line in capability_lines[:-1]],
            b"250 " + capability_lines[-1],
        )

    def _start_tls(self) -> None:
        if not self.server.offers_tls:
            self._reply(b"502 not here")
            return
        self._reply(b"220 ready")
        if not self._apply_fault("handshake"):
            self._wrap_in_tls()

    def _log_in(self, line: bytes) -> None:
        arguments = line.split()
        if arguments[1].upper() == b"LOGIN":
            if len(arguments) == 2:
                self._reply(b"334 VXNlcm5hbWU6")
                self._read_line()
            self._reply(b"334 UGFzc3dvcmQ6")
            self._read_line()
        elif len(arguments) == 2:
            self._reply(b"334 ")
            self._read_line()
        self._reply(b"235 welcome")

    def _receive_message(self) -> None:
        data_prompt = b"354 go on\r\n"
        if early_fault := self.server.next_fault("body"):
            # send the prompt and the fault together, so that the client reads the fault before it
            # sends the message
            self._carry_out(replace(early_fault, send=data_prompt + early_fault.send))
        else:
            self.sock.sendall(data_prompt)
        lines: list[bytes] = []
        while (line := self._read_line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        data = b"".join(line + b"\r\n" for line in lines)
        final_fault = self.server.next_fault("end")
        if final_fault is None or final_fault.kept:
            self.server.keep(self.sender, self.recipients, data)
        if final_fault is None:
            self._reply(b"250 kept")
        else:
            self._carry_out(final_fault)
        self._apply_fault("between")

    def _apply_fault(self, step: str) -> bool:
        matching_fault = self.server.next_fault(step)
        if matching_fault:
            self._carry_out(matching_fault)
        return matching_fault is not None

    def _carry_out(self, fault: Fault) -> None:
        if fault.then == "late":
            time.sleep(1.0)
        if fault.send and fault.then == "close" and not self.secure:
            # hold the bytes back until the shutdown, so that they arrive together with it
            self.sock.sendall(fault.send, socket.MSG_MORE)
        elif fault.send:
            self.sock.sendall(fault.send)
        if fault.then == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
            raise _GoneError
        if fault.then == "close":
            # read the remaining input first: closing a socket with unread input resets the
            # connection, and the sent bytes are lost
            plain_socket = self.sock
            plain_socket.shutdown(socket.SHUT_WR)
            self._discard_input(0.05)
            raise _GoneError
        while fault.then == "again" and not self.server._closing.is_set():
            time.sleep(fault.pause)
            self.sock.sendall(fault.send)
        if fault.then == "stall":
            self._discard_input(60.0)
            raise _GoneError

    def _discard_input(self, seconds: float) -> None:
        self.sock.settimeout(0.1)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.server._closing.is_set():
            try:
                if not self.sock.recv(65536):
                    return
            except TimeoutError:
                continue

    def _wrap_in_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self.server.certificate
        context.load_cert_chain(*map(str, self.server.certificate))
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.secure, self.buffer = True, b""

    def _reply(self, *lines: bytes) -> None:
        self.sock.sendall(b"".join(line + b"\r\n" for line in lines))

    def _read_line(self) -> bytes:
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise _GoneError
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")


def _parse_envelope_address(line: bytes) -> str:
    match = re.search(rb"<([^>]*)>", line)
    return match[1].decode("utf-8", "replace") if match else ""
