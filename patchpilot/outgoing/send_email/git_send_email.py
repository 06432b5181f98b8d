# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs git send-email, with one process per series.

The process is held at its confirmation prompt before each message until the outbox is written.
"""

import contextlib
import os
import re
import selectors
import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import configuration, environment, run, stop
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import InputError, MissingError, PatchpilotError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address, judge, parse_address
from patchpilot.model.message import MailState, Message
from patchpilot.outgoing.capture_program import (
    captured_mails,
    capturing_program,
    split_arguments,
)
from patchpilot.outgoing.credentials import helper
from patchpilot.outgoing.header_guard import refuse_other_recipients
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import Outcome, Retry
from patchpilot.outgoing.retries import Retries
from patchpilot.outgoing.send_email.send_email_log import Dialogue, Phase
from patchpilot.outgoing.transport import Delivery

_OFF = (("aliasfiletype", ""), ("mailmap", "false"))
"""Settings that replace recipients, switched off: the plan has followed aliases."""
_NO_COPY = (("imapsentfolder", ""), ("useimaponly", "false"))
"""Settings that put what is sent into a folder of an IMAP server."""
QUESTION = b"Send this email? ("
STALLED = 150.0
"""Seconds without output after which the child is ended (Net::SMTP itself gives up after 120)."""
CAPTURE = 900.0
"""Seconds for a whole series to be made into mails, before anything is sent."""
_ONE_EACH = ("--batch-size=1", "--relogin-delay=0")
"""A connection for each mail, without the pause that `sendemail.smtpReloginDelay` sets."""
INSTALL = (
    "Debian: apt install git-email libmailtools-perl libauthen-sasl-perl libio-socket-ssl-perl;"
    " Fedora: dnf install git-email"
)
_SETTINGS = Action(
    "doctor", (), "run `git config --get-regexp '^sendemail'`, and see `{}`"
)


def capture(
    repository: Repository,
    account: Account,
    messages: Sequence[Message],
    bcc: Sequence[str] = (),
    identity: str | None = None,
) -> tuple[Message, ...]:
    """Returns composed messages as git send-email makes them from their files.

    Nothing is sent: a program that stores the messages replaces sendmail.
    """
    with TemporaryFolder("send") as folder:
        paths = _write(folder, messages)
        program = capturing_program(folder)
        argv = [
            *_argv(
                repository, account, bcc, identity, _names_sender(account, messages)
            ),
            "--confirm=never",
            *_ONE_EACH,
            f"--sendmail-cmd={shlex.quote(str(program))}",
            *map(str, paths),
        ]
        env = _environment(repository, account, _NO_COPY)
        done = run(
            argv, env=env, cwd=repository.top, timeout=CAPTURE, name="git send-email"
        )
        mails = captured_mails(folder)
        if done.code or len(mails) != len(messages):
            raise _failed(done.error_text, done.out.decode("utf-8", "replace"))
        blind = [address.email for address in filter(None, map(parse_address, bcc))]
        rendered = []
        for message, (arguments, raw) in zip(messages, mails, strict=True):
            sender, recipients = split_arguments(arguments, len(account.options))
            made = message.with_raw(raw, recipients=recipients)
            refuse_other_recipients(made, (*message.named, *blind), "git send-email")
            rendered.append(replace(made, envelope_from=sender or made.sender.email))
        return tuple(rendered)


def deliver(delivery: Delivery) -> Dialogue:
    """Sends the pending messages; a message without a report was not started.

    Messages that are known not to have been accepted are retried. Returns early, without an
    error, if a message is not accepted or a stop is requested.
    """
    repository, account = delivery.repository, delivery.account
    retries = Retries(delivery.stopping, delivery.progress)
    done, one_each, login = 0, False, ""
    with (
        TemporaryFolder("send") as place,
        helper(delivery.credential) as (options, descriptors),
    ):
        paths = _write(place, delivery.send.waiting)
        keep_self = _names_sender(account, delivery.send.waiting)
        common = [
            *_argv(
                repository,
                account,
                delivery.send.bcc,
                delivery.identity,
                keep_self,
                options,
            ),
            "--confirm=always",
        ]
        if not account.sendmail:
            common.append("--smtp-debug=1")
        while True:
            words = _ONE_EACH if one_each else ()
            argv = [*common, *words, *map(str, paths[done:])]
            with _started(argv, delivery, descriptors) as process:
                talk = _Conversation(process, delivery, retries, done, one_each)
                dialogue = talk.hold()
            dialogue.login = login = dialogue.login or login
            done += talk.accepted
            if (
                done == len(paths)
                or talk.doubtful
                or talk.current < 0
                or delivery.stopping()
            ):
                return dialogue
            if talk.last.state is MailState.ACCEPTED:
                # it ended over a reply that it does not know, not over a mail
                continue
            one_each = one_each or talk.last.retry is Retry.NEW_CONNECTION
            if not retries.again(talk.last):
                delivery.report(
                    delivery.send.waiting[done].place, retries.with_tries(talk.last)
                )
                return dialogue


@contextlib.contextmanager
def _started(
    argv: Sequence[str],
    delivery: Delivery,
    descriptors: Sequence[int],
) -> "Iterator[subprocess.Popen[bytes]]":
    """A git send-email that asks before each mail; it has ended when the context ends."""
    # a session of its own: no question of a child reaches a terminal it would wait on, no Ctrl-C
    # ends it in the middle of a mail
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(delivery.repository, delivery.account)
        | {"GIT_SEND_EMAIL_NOTTY": "1", "PERL_RL": "Stub"},
        cwd=delivery.repository.top,
        pass_fds=descriptors,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if process.poll() is None:
            stop(process)


class _Conversation:
    """The dialogue with a running git send-email."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        delivery: Delivery,
        retries: Retries,
        done: int,
        one_each: bool,
    ) -> None:
        """`done` messages were sent before; with `one_each`, each has its own connection."""
        self.process, self.delivery, self.retries = process, delivery, retries
        self.done, self.one_each = done, one_each
        self.account, self.stalled = delivery.account, STALLED
        self.dialogue = Dialogue()
        self.current = -1
        self.accepted = 0
        self.doubtful = False
        self.last = Outcome(MailState.PENDING)
        self.out = b""
        self.err = b""
        self.open = False
        self.killed = ""

    def report(self, outcome: Outcome) -> None:
        """Report on the mail at hand."""
        self.delivery.report(self._entry.place, outcome)
        if outcome.state is not MailState.SENDING:
            self.last = outcome
            self.accepted += outcome.state is MailState.ACCEPTED
            self.doubtful = self.doubtful or outcome.state is MailState.UNKNOWN

    @property
    def _entry(self) -> Message:
        return self.delivery.send.waiting[self.done + self.current]

    def _outcome(self) -> Outcome:
        return self.dialogue.outcome(
            reused=self.current > 0 and not self.one_each,
            ever=self.done + self.current > 0,
        )

    def hold(self) -> Dialogue:
        """Answer its questions until it ends; every mail started is reported on."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        heard = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stderr, selectors.EVENT_READ, "err")
            selector.register(self.process.stdout, selectors.EVENT_READ, "out")
            while selector.get_map():
                ready = sorted(
                    selector.select(0.25), key=lambda event: str(event[0].data)
                )
                if (
                    not ready
                    and time.monotonic() - heard > self.stalled + self._patience()
                ):
                    self.killed = f"no output for {self.stalled:.0f} s"
                    stop(self.process)
                for key, _ in ready:
                    heard = time.monotonic()
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.data == "err":
                        self._hear(data)
                    else:
                        self.out += data
                if QUESTION in self.out:
                    self._drain(selector)
                    self._answer()
        self._end(self.process.wait())
        return self.dialogue

    def _patience(self) -> float:
        """Between batches git send-email sleeps on purpose."""
        delay = self.account.value("smtprelogindelay")
        return float(delay) if delay.isdigit() else 0.0

    def _drain(self, selector: selectors.BaseSelector) -> None:
        """Whatever stderr holds already belongs to the mail before the question."""
        while True:
            ready = [key for key, _ in selector.select(0) if key.data == "err"]
            if not ready:
                return
            data = os.read(ready[0].fd, 65536)
            if not data:
                selector.unregister(ready[0].fileobj)
                return
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        *lines, self.err = (self.err + data).split(b"\n")
        for line in lines:
            self._feed(line)
        if self.dialogue.endless and not self.killed:
            self.killed = "the server's reply did not end"
            stop(self.process)

    def _feed(self, line: bytes) -> None:
        """Read a line of the dialogue, in which a server may repeat the password."""
        credential = self.delivery.credential
        shown = credential.masked(line) if credential else line
        self.dialogue.feed(shown.decode("utf-8", "replace"))

    def _answer(self) -> None:
        before, _, self.out = self.out.partition(QUESTION)
        if self.open:
            self._finish(before)
        if self.killed:
            return
        word = b"q\n" if self.delivery.stopping() else b"y\n"
        if word == b"y\n":
            self.current, self.open = self.current + 1, True
            self.dialogue.begin()
            self.retries.begin(self._entry.place)
            self.report(Outcome(MailState.SENDING))
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(word)
            self.process.stdin.flush()

    def _finish(self, output: bytes) -> None:
        """The mail before this question is through: git send-email goes on only after an
        acceptance.
        """
        self.open = False
        outcome = self._outcome()
        if self.account.sendmail:
            outcome = Outcome(MailState.ACCEPTED, "handed to " + self.account.program)
        elif self.dialogue.phase < Phase.COMPLETE and b"\nResult: 2" in output:
            outcome = Outcome(
                MailState.ACCEPTED,
                "the server's answer as git send-email prints it: 2xx",
            )
        self.report(outcome)

    def _end(self, code: int) -> None:
        """The process is over: what became of the mail it was at."""
        if self.err:
            self._feed(self.err)
        if not self.open:
            if self.current < 0 and (code or self.killed):
                raise _failed(
                    "\n".join(self.dialogue.other),
                    self.out.decode("utf-8", "replace"),
                    self.killed,
                )
            return
        outcome = self._outcome()
        if self.account.sendmail:
            state = (
                MailState.ACCEPTED
                if code == 0
                else MailState.UNKNOWN
                if code < 0 or self.killed
                else MailState.REJECTED
            )
            outcome = Outcome(
                state,
                f"{self.account.program}: exit {code} {' '.join(self.dialogue.other[-1:])}".strip(),
            )
        elif self.killed and outcome.state is MailState.UNKNOWN:
            outcome = Outcome(MailState.UNKNOWN, f"{outcome.detail} ({self.killed})")
        self.report(outcome)


def _argv(
    repository: Repository,
    account: Account,
    bcc: Sequence[str],
    identity: str | None,
    keep_self: bool,
    options: Sequence[str] = (),
) -> list[str]:
    """git send-email with everything switched off that would add a recipient, change the threading
    or ask.

    UntrustedCommandsError where it would run a command that the repository names itself.
    """
    words = ["git", "-C", str(repository.top), *options, "send-email"]
    if identity:
        words.append(f"--identity={identity}")
    if account.sender:
        words.append(
            f"--from={Address(account.sender.name, judge(account.sender.email).wire or account.sender.email).header()}"  # noqa: E501
        )
    words.append("--no-suppress-from" if keep_self else "--suppress-from")
    words += [
        "--no-format-patch",
        "--no-annotate",
        "--no-thread",
        "--no-chain-reply-to",
        "--no-signed-off-by-cc",
    ]
    words += [
        "--no-to",
        "--no-cc",
        "--no-bcc",
        "--to-cmd=true",
        "--cc-cmd=true",
        "--8bit-encoding=UTF-8",
    ]
    # "self" would also take the sender out of a Cc: that names them on purpose
    kinds = (
        "author",
        "bodycc",
        "sob",
        "misc-by",
        "cccmd",
        *(() if keep_self else ("self",)),
    )
    words += [f"--suppress-cc={kind}" for kind in kinds]
    # an older git has neither the setting nor the option
    if account.value("headercmd") and git_version() >= (2, 41):
        words.append("--header-cmd=true")
    return [*words, *(f"--bcc={address}" for address in bcc)]


def _names_sender(account: Account, messages: Sequence[Message]) -> bool:
    """Whether a Cc: of these mails names the sender."""
    return account.sender is not None and any(
        address.key == account.sender.key
        for message in messages
        for address in message.cc
    )


def _environment(
    repository: Repository, account: Account, more: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    sections = [
        "sendemail",
        *([f"sendemail.{account.identity}"] if account.identity else []),
    ]
    pins = [
        (f"{section}.{key}", value)
        for section in sections
        for key, value in (*_OFF, *more)
    ]
    env = environment(configuration(pins), repo=repository.top)
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
        env.pop(name, None)
    return env | {"PATCHPILOT_SENDING": "1"}


def _write(folder: Path, messages: Sequence[Message]) -> list[Path]:
    paths = []
    for number, message in enumerate(messages):
        path = folder / f"{number:04d}.mail"
        path.write_bytes(message.file)
        paths.append(path)
    return paths


def _failed(err: str, out: str, why: str = "") -> PatchpilotError:
    text = err + out
    if "is not a git command" in text:
        return MissingError("git send-email is not installed", hint=INSTALL)
    if "NO_PERL_CPAN_FALLBACKS" in text or "Can't locate" in text:
        return MissingError("git send-email lacks a required Perl module", hint=INSTALL)
    if address := re.search(
        r"unable to extract a valid address from: (.*?@[^\s/>]*>?)", text
    ):
        # the file it was reading follows the address
        # its own grammar wants a dot in every domain; ours only warns of an address without a
        # public domain
        return InputError(
            f"git send-email rejects an address without a dot in its domain: {address[1].strip()}",
            hint=Hint(
                (
                    "write the domain in full, or ",
                    Action("", ("--via", "b4"), "send with {}, which accepts it"),
                )
            ),
        )
    lines = [line.strip() for line in err.splitlines() if line.strip()] or [
        line.strip() for line in out.splitlines() if line.strip()
    ]
    words = why or (lines[0] if lines else "no message")
    # it connects only after it has asked about the first mail: nothing that ends it before then
    # comes from the network
    hint = (
        f"this is git {'.'.join(map(str, git_version()))}: update git, or use --via b4"
        if "nknown option" in text
        else _SETTINGS
    )
    return MissingError(
        f"git send-email failed before the first mail: {words}", hint=hint
    )


def git_version() -> tuple[int, int]:
    """Returns git's version, or (0, 0) if it is unknown."""
    version = re.search(r"(\d+)\.(\d+)", run(["git", "version"], name="git").text)
    return (int(version[1]), int(version[2])) if version else (0, 0)
