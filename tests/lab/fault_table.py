# SPDX-License-Identifier: GPL-2.0-or-later
"""Count how often each message arrives if a send fails and is resumed, for every fault and
transport.

Print the table with `python -m tests.lab.fault_table`.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from functools import partial
from pathlib import Path
from unittest.mock import patch

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import retries, smtp
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.mails import add_send_result, deliver_mails
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.resume import plan_resume
from patchpilot.series.topic_database import open_topic_database
from tests.kit import smtp_faults
from tests.kit.cover_letters import write_cover_letter
from tests.kit.raw_smtp import RawServer
from tests.kit.smtp import Faults, FaultySink, create_certificate, wait_until_quiet
from tests.kit.smtp_faults import ANY, SENT, STOPPED, UNKNOWN, ServerCase
from tests.kit.topics import topic

TRANSPORTS = ("git-send-email", "b4")
TO, CC = "list@lists.example.org", "u@example.org"
PATCHES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A fault of the server, the process or the disk when a given message is sent."""

    name: str
    arm: Callable[[Faults, int], None] = lambda _faults, _at: None
    """Sets the server's faults for this message, counted from the start of the server."""
    killed: bool = False
    full_at: str = ""
    """The message state that a full disk cannot store: "sending" or "accepted"."""


def _set_fault(
    **faults_at_message: Callable[[int], object],
) -> Callable[[Faults, int], None]:
    def set_faults_at(server_faults: Faults, message_index: int) -> None:
        for name, value in faults_at_message.items():
            setattr(server_faults, name, value(message_index))

    return set_faults_at


CASES = (
    Case("none"),
    Case("dropped before mail 3", _set_fault(drop_before_mail=lambda at: at)),
    Case("one recipient rejected", _set_fault(reject=lambda _: frozenset({CC}))),
    Case("all recipients rejected", _set_fault(reject_all=lambda _: True)),
    Case("4xx at mail 3", _set_fault(temporary_at=lambda at: at)),
    Case("stalled at mail 3", _set_fault(stall_at=lambda at: at)),
    Case(
        "closed after DATA, kept",
        _set_fault(close_after_data=lambda at: at, keep_when_closing=lambda _: True),
    ),
    Case(
        "closed after DATA, lost",
        _set_fault(close_after_data=lambda at: at, keep_when_closing=lambda _: False),
    ),
    Case("killed at mail 3", killed=True),
    Case("disk full before mail 3", full_at="sending"),
    Case("disk full after mail 3", full_at="accepted"),
)


@dataclass(frozen=True, slots=True)
class FaultRow:
    """The result of a case.

    It has the states and arrivals of the messages after each attempt, and the final state.
    """

    via: str
    case: str
    states: tuple[tuple[str, ...], ...]
    arrived: tuple[tuple[int, ...], ...]
    final: str

    @property
    def is_expected(self) -> bool:
        """Return whether no message was sent twice, all arrived in the end, and no recorded state
        was wrong.
        """
        is_sent_once = all(count <= 1 for counts in self.arrived for count in counts)
        are_states_correct = all(
            not (state == "accepted" and count == 0)
            and not (state in ("pending", "rejected") and count)
            for mail_states, counts in zip(self.states, self.arrived, strict=True)
            for state, count in zip(mail_states, counts, strict=True)
        )
        return (
            is_sent_once
            and are_states_correct
            and all(count == 1 for count in self.arrived[-1])
            and self.final == "sent"
        )

    def __str__(self) -> str:
        steps = " → ".join("".join(map(str, row)) for row in self.arrived)
        states_text = " → ".join(
            "".join(state[0] for state in mail_states) for mail_states in self.states
        )
        return (
            f"{self.via:15} {self.case:30} {steps:34} {states_text:34} {self.final}"
            f" {'' if self.is_expected else 'WRONG'}"
        )


def run_case(
    folder: Path,
    transport: str,
    case: Case,
    patches: int = PATCHES,
    *,
    fails_twice: bool = False,
) -> FaultRow:
    """Send with a fault at message 3, and resume until the series is sent.

    If `fails_twice` is set, another fault occurs when resuming. Then disable faults, resume, and
    settle uncertain messages.
    """
    server_faults = Faults()
    with FaultySink(server_faults) as server, shorten_pauses():
        repo = topic(folder / "repo", patches, server=server)
        # before this fault, the server confirms no message, so no message is uncertain when another
        # process resumes
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
        with Repository.open(repo.path) as repository:
            request = SendRequest(via=transport, to=(TO,), cc=(CC,), force="fault table")
            write_cover_letter(repository, request)
            ids: tuple[str, ...] = ()
            mail_states: list[tuple[str, ...]] = []
            arrival_counts: list[tuple[int, ...]] = []

            def record_result(result: Sending) -> None:
                nonlocal ids
                ids = tuple(message.message_id for message in result.send.entries)
                mail_states.append(tuple(str(message.state) for message in result.send.entries))
                arrival_counts.append(count_arrivals(server, ids))

            for is_resumption in (False, True)[: 1 + fails_twice]:
                case.arm(server_faults, server_faults.seen + 1 if is_resumption else 3)
                record_result(
                    _send_with_fault(
                        repository,
                        repo.path,
                        server,
                        request,
                        case,
                        is_resumption=is_resumption,
                    )
                )
                server_faults.heal()
            record_result(deliver_mails(repository, plan_resume(repository, request)))
            if "unknown" in mail_states[-1]:
                has_arrived = lambda message: (  # noqa: E731
                    count_arrivals(server, (message.message_id,)) != (0,)
                )
                record_result(
                    deliver_mails(
                        repository,
                        plan_resume(repository, request, "lost", lookup=has_arrived),
                    )
                )
            final_state = _resume_send(repository, request).state
    return FaultRow(
        transport,
        case.name + (", twice" if fails_twice else ""),
        tuple(mail_states),
        tuple(arrival_counts),
        final_state,
    )


@contextlib.contextmanager
def shorten_pauses() -> Iterator[None]:
    with (
        patch.object(smtp, "TIMEOUT", 1.5),
        patch.object(retries, "WAITS", (0.05, 0.1, 0.1)),
    ):
        yield


@dataclass(frozen=True, slots=True)
class ServerRow:
    """The result of a server fault.

    It has the actual and the expected result of the first send, the arrivals, and wrong states.
    """

    via: str
    case: str
    first: str
    expected: str
    arrived: tuple[tuple[int, ...], ...]
    untrue: tuple[str, ...]
    final: str

    @property
    def is_expected(self) -> bool:
        """Return whether the send ended as expected, with correct states, and each message was sent
        once.
        """
        never_twice = all(count <= 1 for counts in self.arrived for count in counts)
        expected = self.expected in (ANY, self.first)
        return (
            expected
            and not self.untrue
            and never_twice
            and set(self.arrived[-1]) == {1}
            and self.final == "sent"
        )

    def __str__(self) -> str:
        steps = " → ".join("".join(map(str, row)) for row in self.arrived)
        wrong_states = (
            ""
            if self.is_expected
            else (
                "WRONG (expected"
                f" {self.expected}{', untrue: ' + ', '.join(self.untrue) if self.untrue else ''})"
            )
        )
        return f"{self.via:15} {self.case:38} {self.first:8} {steps:18} {self.final} {wrong_states}".rstrip()  # noqa: E501


def run_server_case(folder: Path, transport: str, case: ServerCase, patches: int = 2) -> ServerRow:
    pair = create_certificate(folder) if case.tls else None
    with (
        RawServer(
            case.fault,
            tls=case.tls,
            certificate=pair,
            login=case.login,
            offers_tls=not case.stripped,
        ) as server,
        shorten_pauses(),
    ):
        repo = topic(folder / "repo", patches, server=server)
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
        if case.tls:
            repo.git(
                "config --global sendemail.smtpencryption",
                {"starttls": "tls"}.get(case.tls, case.tls),
            )
        if case.tls and case.trusted:
            repo.git("config --global sendemail.smtpsslcertpath", str(folder / "cert.pem"))
        if case.login:
            repo.git("config --global sendemail.smtpuser ada")
            repo.git("config --global sendemail.smtppass s3cret")
        arrival_counts, wrong_states = [], list[str]()

        def record_result(result: Sending) -> Sending:
            counts = count_arrivals(
                server, tuple(message.message_id for message in result.send.entries)
            )
            arrival_counts.append(counts)
            for entry, count in zip(result.send.entries, counts, strict=True):
                if (entry.state == "accepted" and not count) or (
                    entry.state in ("pending", "rejected") and count
                ):
                    wrong_states.append(f"{entry.state} {entry.subject}")
            return result

        with Repository.open(repo.path) as repository:
            request = SendRequest(via=transport, to=(TO,), cc=(CC,), force="fault table")
            write_cover_letter(repository, request)
            result = record_result(
                _try_send(repository, plan_sending(repository, request), request)
            )
            first_state = (
                SENT
                if result.state == "sent"
                else (
                    UNKNOWN
                    if any(message.state == "unknown" for message in result.send.entries)
                    else STOPPED
                )
            )
            server.heal()
            repo.git("config --global sendemail.smtpsslcertpath", str(folder / "cert.pem"))
            has_arrived = lambda message: (  # noqa: E731
                count_arrivals(server, (message.message_id,)) != (0,)
            )
            if result.state != "sent":
                result = record_result(
                    _try_send(
                        repository,
                        plan_resume(repository, request, "lost", lookup=has_arrived),
                        request,
                    )
                )
    return ServerRow(
        transport,
        case.name,
        first_state,
        case.first,
        tuple(arrival_counts),
        tuple(wrong_states),
        result.state,
    )


def _try_send(repository: Repository, planned_send: Sending, request: SendRequest) -> Sending:
    try:
        return deliver_mails(repository, planned_send)
    except PatchpilotError:
        return _resume_send(repository, request)


def _send_with_fault(
    repository: Repository,
    path: Path,
    server: FaultySink,
    request: SendRequest,
    case: Case,
    *,
    is_resumption: bool,
) -> Sending:
    plan_send = (
        (lambda: plan_resume(repository, request))
        if is_resumption
        else (lambda: plan_sending(repository, request))
    )
    if case.killed:
        _kill_send(
            path,
            server,
            request,
            server.faults.seen + 1 if is_resumption else 3,
            ["--resume"] if is_resumption else [],
        )
    elif case.full_at:
        _send_with_full_disk(repository, plan_send(), case.full_at)
    else:
        return deliver_mails(repository, plan_send())
    return _resume_send(repository, request)


def count_arrivals(server: FaultySink | RawServer, message_ids: tuple[str, ...]) -> tuple[int, ...]:
    count = Counter(
        str(message_from_bytes(mail.data)["Message-ID"]).strip().strip("<>")
        for mail in server.take()
    )
    return tuple(count[id_] for id_ in message_ids)


def _resume_send(repository: Repository, request: SendRequest) -> Sending:
    planned_send = plan_resume(repository, request)
    with Outbox() as outbox:
        return add_send_result(planned_send, outbox.settle(planned_send.send.id))


def build_send_command(path: Path, request: SendRequest) -> list[str]:
    """Return the command line that sends in the same way as the request."""
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        "-C",
        str(path),
        "send",
        "--via",
        request.via,
        "--yes",
        "--force",
        "fault table",
    ]
    return [
        *argv,
        *(argument for address in request.to for argument in ("--to", address)),
        *(argument for address in request.cc for argument in ("--cc", address)),
    ]


def _send_with_full_disk(repository: Repository, planned_send: Sending, state: str) -> None:
    """Send, and simulate a full disk when a message gets this state.

    It is message 3 in the first attempt, and message 1 when resuming.
    """
    start = planned_send.send.waiting_messages[0].position if planned_send.send.id else 2
    trigger_body = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    with contextlib.closing(open_topic_database()) as base:
        base.execute(
            f"CREATE TRIGGER no_mail BEFORE UPDATE ON mails WHEN NEW.place >= {start} AND NEW.state"
            f" = '{state}' {trigger_body}"
        )
        base.execute(f"CREATE TRIGGER no_send BEFORE UPDATE ON sends {trigger_body}")
        try:
            deliver_mails(repository, planned_send)
        except PatchpilotError as error:
            if "cannot be written" not in error.message:
                raise
        else:
            raise AssertionError("a full disk was not told")
        finally:
            for name in ("no_mail", "no_send"):
                base.execute(f"DROP TRIGGER {name}")


def _kill_send(
    path: Path,
    server: FaultySink,
    request: SendRequest,
    fatal_message: int,
    arguments: list[str],
) -> None:
    process: list[subprocess.Popen[bytes]] = []
    kill_requested = threading.Event()

    def request_kill(number: int) -> None:
        if number == fatal_message:
            kill_requested.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process[0].pid, signal.SIGKILL)

    server.faults.on_mail = request_kill
    process.append(
        subprocess.Popen(
            [*build_send_command(path, request), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    kill_requested.set()
    process[0].wait(60)
    wait_until_quiet(server)


def isolate_home(folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "B4_"))]:
        del os.environ[name]
    os.environ["HOME"] = str(folder)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder / name.lower())
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ada Fixer\n\temail = ada@example.org\n[gc]\n\tauto = 0\n"
    )


def select_table_cases(
    names: list[str],
) -> Iterator[tuple[str, str, Callable[[Path], FaultRow | ServerRow]]]:
    """Yield (transport, case, function) for every case whose name contains one of these strings."""
    for transport in TRANSPORTS:
        for fault_case in smtp_faults.CASES:
            if not names or any(name in fault_case.name for name in names):
                yield (
                    transport,
                    fault_case.name,
                    partial(run_server_case, transport=transport, case=fault_case),
                )
        for case_name in CASES:
            for fails_twice in (False, True) if case_name.name != "none" else (False,):
                if not names or any(name in case_name.name for name in names):
                    yield (
                        transport,
                        case_name.name,
                        partial(
                            run_case,
                            transport=transport,
                            case=case_name,
                            fails_twice=fails_twice,
                        ),
                    )


def main(names: list[str]) -> int:
    """Print the table for the cases whose names contain one of these strings. Return 1 if a result
    is wrong.
    """
    count, failures, start = 0, 0, time.monotonic()
    print(
        "A server's fault at mail 2 of 3: how the first send ended, and how often each mail had"
        " arrived after it and after a resume."
    )
    print(
        "Other faults at mail 3 of 6: arrivals after each attempt, and the states then (a accepted,"
        " r rejected, p pending, u unknown)."
    )
    for transport, name, run_table_case in select_table_cases(names):
        with tempfile.TemporaryDirectory(
            prefix="patchpilot-faults-", ignore_cleanup_errors=True
        ) as folder:
            isolate_home(Path(folder))
            count += 1
            try:
                row = run_table_case(Path(folder))
            except PatchpilotError as error:
                print(f"{transport:15} {name:38} {error.message}", flush=True)
                failures += 1
                continue
        print(row, flush=True)
        failures += not row.is_expected
    print(f"{count} cases, {failures} wrong, {time.monotonic() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("names", metavar="NAME", nargs="*", help="a part of a case's name")
    given = words.parse_args()
    for name in given.names:
        if not any(select_table_cases([name])):
            words.error(f"no case has '{name}' in its name")
    sys.exit(main(given.names))
