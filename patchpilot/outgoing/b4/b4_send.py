# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends through `b4 send`, with a patchpilot program as its sendmail that sends the previewed
bytes.

b4 makes the messages and keeps its tracking data. Because each run of b4 generates new
Message-IDs, hides rejected recipients and cannot be resumed, the messages are captured once
(`send -o`). The captured bytes are sent, each with a known outcome, and after a complete series
the Message-IDs that were really sent are written to b4's tracking data.
"""

import contextlib
import os
import selectors
import shlex
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from patchpilot.commits.b4_prep import PrepBranch
from patchpilot.commits.private_config import keep_branch_settings
from patchpilot.commits.repository import Repository
from patchpilot.commits.run import stop
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import (
    InputError,
    MissingError,
    PatchpilotError,
    RefusedError,
    UsageError,
)
from patchpilot.model.address import Address, judge
from patchpilot.model.message import MailState, Message, parse_message
from patchpilot.outgoing.b4.b4_command import INHERITED, b4_environment, command, run
from patchpilot.outgoing.b4.tracking import correct_record
from patchpilot.outgoing.deliver_each import deliver_one, send_mail
from patchpilot.outgoing.header_guard import refuse_other_recipients
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.retries import Retries
from patchpilot.outgoing.smtp import Submission
from patchpilot.outgoing.transport import Delivery

_OTHER_WAY = (
    "use --via git-send-email, which sends the patch as git has it; `b4 send -o DIR` shows where b4"
    " fails"
)
_LINE = "line"
_SHIM = """import os, socket, sys
line = socket.socket(socket.AF_UNIX)
try:
    # a socket's path has at most 107 bytes
    os.chdir({folder!r})
    line.connect({line!r})
    line.sendall(sys.stdin.buffer.read())
    line.shutdown(socket.SHUT_WR)
    answer = line.makefile("rb").read().decode("utf-8", "replace")
except OSError as error:
    answer = "patchpilot has exited: " + str(error)
if answer != "taken":
    print(answer or "patchpilot has exited", file=sys.stderr)
    sys.exit(75)
"""


def capture(
    repository: Repository,
    account: Account,
    to: Sequence[Address],
    cc: Sequence[Address],
    *,
    cover: bool,
    sign: bool,
) -> tuple[Message, ...]:
    """Returns the messages that b4 would send to exactly these recipients, in b4's order.

    Nothing is sent.
    """
    if not to:
        raise UsageError(
            "no To: recipient: b4 would move everyone in Cc: to To:",
            hint="add a recipient with --to",
        )
    with TemporaryFolder("b4") as place:
        done = run(
            repository,
            *switched_off(),
            "-c",
            "sendemail.sendmailcmd=true",
            "send",
            "-o",
            str(place),
            *recipient_words(to, cc),
            *flags(cover, sign),
        )
        files = sorted(place.glob("*.eml"))
        if done.code or not files:
            raise _failed(done.error_text)
        envelope = account.envelope or (account.sender.email if account.sender else "")
        mails = [parse_message(file.read_bytes(), envelope) for file in files]
        mails = [replace(mail, recipients=mail.named) for mail in mails]
        planned = [judge(address.email).wire or address.email for address in (*to, *cc)]
        for mail in mails:
            refuse_other_recipients(mail, planned, "b4")
        return tuple(mails)


_LONGEST_SOCKET = 103
"""Bytes of the path of a socket that every system takes; a longer one needs Linux's /proc."""


def listen_in(place: Path, listener: socket.socket) -> Path:
    """Binds a socket in a folder whose path may be longer than a socket path can be.

    Returns the path of the program that hands messages over to the socket.
    """
    if len(os.fsencode(place / _LINE)) <= _LONGEST_SOCKET:
        listener.bind(str(place / _LINE))
    else:
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            listener.bind(f"/proc/self/fd/{folder}/{_LINE}")
        finally:
            os.close(folder)
    listener.listen(4)
    shim = place / "shim.py"
    shim.write_text(_SHIM.format(folder=str(place), line=_LINE))
    return shim


def deliver(delivery: Delivery, known: PrepBranch, words: Sequence[str]) -> None:
    """Sends the series with b4, through the patchpilot program that replaces sendmail.

    `words` are the arguments of `b4 send`. Only messages that have not been accepted yet are sent,
    with the bytes of the preview.
    """
    entries = delivery.send.entries
    with (
        TemporaryFolder("b4") as place,
        socket.socket(socket.AF_UNIX) as listener,
        Submission(delivery.account, delivery.credential) as submission,
    ):
        program = shlex.join(
            [sys.executable, "-I", "-S", str(listen_in(place, listener))]
        )
        options = [
            *switched_off(),
            "-c",
            f"sendemail.sendmailcmd={program}",
            "-c",
            "sendemail.envelopesender=",
        ]
        if delivery.to_self:
            options += ["-c", f"sendemail.b4-really-reflect-via={program}"]
        reflect = ["--reflect"] if delivery.to_self else []
        argv = command(
            *options,
            "send",
            *words,
            *reflect,
        )
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=b4_environment(delivery.repository),
            cwd=delivery.repository.top,
            start_new_session=True,
            pass_fds=INHERITED.get(),
        )
        try:
            counter = _Counter(process, listener, delivery, submission)
            counter.serve()
        finally:
            if process.poll() is None:
                stop(process)
            for stream in (process.stdin, process.stderr):
                if stream:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            keep_branch_settings(delivery.repository.top)
    if not delivery.to_self and process.returncode == 0:
        correct_record(delivery.repository, known, entries[0].message_id)
    elif (
        process.returncode
        and all(entry.state is MailState.PENDING for entry in entries)
        and not counter.handed
        and not delivery.stopping()
    ):
        raise _failed(counter.text)


class _Counter:
    """Takes mails from the shim one at a time and answers when each is through."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        listener: socket.socket,
        delivery: Delivery,
        submission: Submission,
    ) -> None:
        self.process, self.listener, self.delivery, self.submission = (
            process,
            listener,
            delivery,
            submission,
        )
        self.entries = delivery.send.entries
        self.retries = Retries(delivery.stopping, delivery.progress)
        self.text, self.handed = "", 0

    def serve(self) -> None:
        """Until b4 ends."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        # a failing check of b4's own eats this newline, and its question whether to send then finds
        # the end of input
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b"\n\n")
            self.process.stdin.close()
        index = 0
        with selectors.DefaultSelector() as streams:
            streams.register(self.listener, selectors.EVENT_READ)
            streams.register(self.process.stderr, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in streams.select(0.25)]
                if self.process.stderr in ready:
                    data = self.process.stderr.read1(65536)  # type: ignore[attr-defined]
                    self.text = (self.text + data.decode("utf-8", "replace"))[-20000:]
                    if not data:
                        streams.unregister(self.process.stderr)
                if self.listener in ready:
                    line, _ = self.listener.accept()
                    with line, contextlib.suppress(OSError):
                        raw = line.makefile("rb").read()
                        line.sendall(self._take(index, raw).encode())
                    index += 1
                if not ready and self.process.poll() is not None:
                    return

    def _take(self, index: int, raw: bytes) -> str:
        if index >= len(self.entries):
            return "b4 produced more messages than the preview showed"
        entry = self.entries[index]
        if not same_mail(entry, parse_message(raw)):
            return f"b4 produced a mail that differs from the preview: {entry.subject}"
        last = index == len(self.entries) - 1
        if last and any(entry.state is MailState.UNKNOWN for entry in self.entries):
            # b4 must not note the series as sent while a mail of it is in doubt
            self._send(entry)
            return "it is unknown whether a mail of the series was sent"
        return self._send(entry)

    def _send(self, entry: Message) -> str:
        if entry.state in (MailState.ACCEPTED, MailState.UNKNOWN):
            return "taken"
        if self.delivery.stopping():
            return "stopped"
        outcome = deliver_one(
            self.delivery,
            entry,
            partial(send_mail, self.submission, self.delivery),
            self.retries,
        )
        self.handed += 1
        return (
            "taken"
            if outcome.state is MailState.ACCEPTED
            else outcome.detail or str(outcome.state)
        )


def same_mail(entry: Message, given: Message) -> bool:
    """Whether a message from another b4 run is the same as this one.

    Ignores Message-IDs, the date, b4's tracking header, signatures, and texts that patchpilot
    inserted, which the file does not have.
    """
    from patchpilot.model.mail import parse_mail

    body = parse_mail(given.raw).body.rstrip()
    shown, others = (
        {address.key for address in (*message.to, *message.cc)}
        for message in (entry, given)
    )
    # who was left out of a mail since is still with the others of the series
    same = entry.subject == given.subject and shown <= others
    return same and any(
        body == parse_mail(raw).body.rstrip() for raw in (entry.raw, entry.file)
    )


def switched_off() -> list[str]:
    """Returns options that disable recipients from the user's configuration; the plan already
    includes them.
    """
    words = []
    for name, value in (
        ("send-series-to", ""),
        ("send-series-cc", ""),
        ("send-me-too", "yes"),
        ("email-exclude", ""),
        ("prep-pre-flight-checks", "disable-all"),
    ):
        words += ["-c", f"b4.{name}={value}"]
    return words


def _wire(address: Address) -> str:
    """An address as b4's command line takes it, its domain in ASCII."""
    return Address(address.name, judge(address.email).wire or address.email).header()


def recipient_words(to: Sequence[Address], cc: Sequence[Address]) -> list[str]:
    """Returns the b4 options that send to these recipients and nobody else."""
    # only Cc: may be left when somebody was taken out of mails made before; what b4 makes then is
    # compared, and not sent
    to, cc = (to, cc) if to else (cc, ())
    words = ["--no-trailer-to-cc", "--to", *(_wire(address) for address in to)]
    return [*words, "--cc", *(_wire(address) for address in cc)] if cc else words


def flags(cover: bool, sign: bool) -> list[str]:
    """Returns the b4 options that force a cover letter and switch signing off."""
    return [
        *(["--force-cover-letter"] if cover else []),
        *([] if sign else ["--no-sign"]),
    ]


class UndecodableError(InputError):
    """Raised when b4 finds bytes in a patch that are not valid UTF-8."""


def _failed(text: str) -> PatchpilotError:
    """Why b4 itself failed: it is never the network, which b4 does not use when it makes the mails."""  # noqa: E501
    lines = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not line.startswith("Traceback")
    ]
    critical = [
        line.removeprefix("CRITICAL:").strip() for line in lines if "CRITICAL" in line
    ] or lines[-1:]
    if "uncommitted changes" in text:
        return RefusedError(
            "b4 sends only from a clean working tree",
            hint="commit or stash your changes first",
        )
    if "UnicodeDecodeError" in text:
        return UndecodableError(
            "b4 cannot decode a patch: it is not UTF-8", hint=_OTHER_WAY
        )
    return MissingError(
        f"b4 failed before the first mail: {critical[0] if critical else 'no message'}",
        hint=_OTHER_WAY,
    )
