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
from patchpilot.series.topic_database import open_topic_database
from patchpilot.services.send.plan_send import plan_sending
from patchpilot.services.send.resume import plan_resume
from patchpilot.services.send.send_mails import add_send_result, deliver_mails
from patchpilot.services.send.sending import Sending
from tests.kit import smtp_faults
from tests.kit.cover_letters import cover
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


def _set_fault(**faults: Callable[[int], object]) -> Callable[[Faults, int], None]:
    def arm(there: Faults, at: int) -> None:
        for name, value in faults.items():
            setattr(there, name, value(at))

    return arm


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
    def right(self) -> bool:
        """Return whether no message was sent twice, all arrived in the end, and no recorded state
        was wrong.
        """
        is_sent_once = all(count <= 1 for counts in self.arrived for count in counts)
        are_states_correct = all(
            not (state == "accepted" and count == 0)
            and not (state in ("pending", "rejected") and count)
            for states, counts in zip(self.states, self.arrived, strict=True)
            for state, count in zip(states, counts, strict=True)
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
            "".join(state[0] for state in states) for states in self.states
        )
        return (
            f"{self.via:15} {self.case:30} {steps:34} {states_text:34} {self.final}"
            f" {'' if self.right else 'WRONG'}"
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
    faults = Faults()
    with FaultySink(faults) as server, shorten_pauses():
        repo = topic(folder / "repo", patches, server=server)
        # before this fault, the server confirms no message, so no message is uncertain when another
        # process resumes
        repo.git("config", "--global", "patchpilot.lore", "http://127.0.0.1:9/all/")
        with Repository.open(repo.path) as repository:
            request = SendRequest(
                via=transport, to=(TO,), cc=(CC,), force="fault table"
            )
            cover(repository, request)
            ids: tuple[str, ...] = ()
            states: list[tuple[str, ...]] = []
            arrived: list[tuple[int, ...]] = []

            def note(result: Sending) -> None:
                nonlocal ids
                ids = tuple(message.message_id for message in result.send.entries)
                states.append(
                    tuple(str(message.state) for message in result.send.entries)
                )
                arrived.append(arrivals(server, ids))

            for resumed in (False, True)[: 1 + fails_twice]:
                case.arm(faults, faults.seen + 1 if resumed else 3)
                note(
                    _send_with_fault(
                        repository, repo.path, server, request, case, resumed=resumed
                    )
                )
                faults.heal()
            note(deliver_mails(repository, plan_resume(repository, request)))
            if "unknown" in states[-1]:
                there = lambda message: arrivals(server, (message.message_id,)) != (0,)  # noqa: E731
                note(
                    deliver_mails(
                        repository,
                        plan_resume(repository, request, "lost", lookup=there),
                    )
                )
            final = _resume_send(repository, request).state
    return FaultRow(
        transport,
        case.name + (", twice" if fails_twice else ""),
        tuple(states),
        tuple(arrived),
        final,
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
    def right(self) -> bool:
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
            if self.right
            else (
                "WRONG (expected"
                f" {self.expected}{', untrue: ' + ', '.join(self.untrue) if self.untrue else ''})"
            )
        )
        return f"{self.via:15} {self.case:38} {self.first:8} {steps:18} {self.final} {wrong_states}".rstrip()  # noqa: E501


def run_server_case(
    folder: Path, transport: str, case: ServerCase, patches: int = 2
) -> ServerRow:
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
        repo.git("config", "--global", "patchpilot.lore", "http://127.0.0.1:9/all/")
        if case.tls:
            repo.git(
                "config",
                "--global",
                "sendemail.smtpencryption",
                {"starttls": "tls"}.get(case.tls, case.tls),
            )
        if case.tls and case.trusted:
            repo.git(
                "config",
                "--global",
                "sendemail.smtpsslcertpath",
                str(folder / "cert.pem"),
            )
        if case.login:
            repo.git("config", "--global", "sendemail.smtpuser", "ada")
            repo.git("config", "--global", "sendemail.smtppass", "s3cret")
        arrived, wrong_states = [], list[str]()

        def note(result: Sending) -> Sending:
            counts = arrivals(
                server, tuple(message.message_id for message in result.send.entries)
            )
            arrived.append(counts)
            for entry, count in zip(result.send.entries, counts, strict=True):
                if (entry.state == "accepted" and not count) or (
                    entry.state in ("pending", "rejected") and count
                ):
                    wrong_states.append(f"{entry.state} {entry.subject}")
            return result

        with Repository.open(repo.path) as repository:
            request = SendRequest(
                via=transport, to=(TO,), cc=(CC,), force="fault table"
            )
            cover(repository, request)
            result = note(
                _try_send(repository, plan_sending(repository, request), request)
            )
            first = (
                SENT
                if result.state == "sent"
                else (
                    UNKNOWN
                    if any(
                        message.state == "unknown" for message in result.send.entries
                    )
                    else STOPPED
                )
            )
            server.heal()
            repo.git(
                "config",
                "--global",
                "sendemail.smtpsslcertpath",
                str(folder / "cert.pem"),
            )
            there = lambda message: arrivals(server, (message.message_id,)) != (0,)  # noqa: E731
            if result.state != "sent":
                result = note(
                    _try_send(
                        repository,
                        plan_resume(repository, request, "lost", lookup=there),
                        request,
                    )
                )
    return ServerRow(
        transport,
        case.name,
        first,
        case.first,
        tuple(arrived),
        tuple(wrong_states),
        result.state,
    )


def _try_send(
    repository: Repository, planned: Sending, request: SendRequest
) -> Sending:
    try:
        return deliver_mails(repository, planned)
    except PatchpilotError:
        return _resume_send(repository, request)


def _send_with_fault(
    repository: Repository,
    path: Path,
    server: FaultySink,
    request: SendRequest,
    case: Case,
    *,
    resumed: bool,
) -> Sending:
    planned = (
        (lambda: plan_resume(repository, request))
        if resumed
        else (lambda: plan_sending(repository, request))
    )
    if case.killed:
        _kill_send(
            path,
            server,
            request,
            server.faults.seen + 1 if resumed else 3,
            ["--resume"] if resumed else [],
        )
    elif case.full_at:
        _send_with_full_disk(repository, planned(), case.full_at)
    else:
        return deliver_mails(repository, planned())
    return _resume_send(repository, request)


def arrivals(server: FaultySink | RawServer, ids: tuple[str, ...]) -> tuple[int, ...]:
    count = Counter(
        str(message_from_bytes(mail.data)["Message-ID"]).strip().strip("<>")
        for mail in server.take()
    )
    return tuple(count[id_] for id_ in ids)


def _resume_send(repository: Repository, request: SendRequest) -> Sending:
    planned = plan_resume(repository, request)
    with Outbox() as outbox:
        return add_send_result(planned, outbox.settle(planned.send.id))


def send_command(path: Path, request: SendRequest) -> list[str]:
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
        *(word for address in request.to for word in ("--to", address)),
        *(word for address in request.cc for word in ("--cc", address)),
    ]


def _send_with_full_disk(repository: Repository, planned: Sending, state: str) -> None:
    """Send, and simulate a full disk when a message gets this state.

    It is message 3 in the first attempt, and message 1 when resuming.
    """
    at = planned.send.waiting_messages[0].position if planned.send.id else 2
    full = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    with contextlib.closing(open_topic_database()) as base:
        base.execute(
            f"CREATE TRIGGER no_mail BEFORE UPDATE ON mails WHEN NEW.place >= {at} AND NEW.state ="
            f" '{state}' {full}"
        )
        base.execute(f"CREATE TRIGGER no_send BEFORE UPDATE ON sends {full}")
        try:
            deliver_mails(repository, planned)
        except PatchpilotError as error:
            if "cannot be written" not in error.message:
                raise
        else:
            raise AssertionError("a full disk was not told")
        finally:
            for name in ("no_mail", "no_send"):
                base.execute(f"DROP TRIGGER {name}")


def _kill_send(
    path: Path, server: FaultySink, request: SendRequest, at: int, words: list[str]
) -> None:
    process: list[subprocess.Popen[bytes]] = []
    ready = threading.Event()

    def strike(number: int) -> None:
        if number == at:
            ready.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process[0].pid, signal.SIGKILL)

    server.faults.on_mail = strike
    process.append(
        subprocess.Popen(
            [*send_command(path, request), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    ready.set()
    process[0].wait(60)
    wait_until_quiet(server)


def isolate_home(folder: Path) -> None:
    for name in [
        name for name in os.environ if name.startswith(("GIT_", "XDG_", "B4_"))
    ]:
        del os.environ[name]
    os.environ["HOME"] = str(folder)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder / name.lower())
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ada Fixer\n\temail = ada@example.org\n[gc]\n\tauto = 0\n"
    )


def table_cases(
    names: list[str],
) -> Iterator[tuple[str, str, Callable[[Path], FaultRow | ServerRow]]]:
    """Yield (transport, case, function) for every case whose name contains one of these strings."""
    for transport in TRANSPORTS:
        for case in smtp_faults.CASES:
            if not names or any(name in case.name for name in names):
                yield (
                    transport,
                    case.name,
                    partial(run_server_case, transport=transport, case=case),
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
    for transport, name, run in table_cases(names):
        with tempfile.TemporaryDirectory(
            prefix="patchpilot-faults-", ignore_cleanup_errors=True
        ) as folder:
            isolate_home(Path(folder))
            count += 1
            try:
                row = run(Path(folder))
            except PatchpilotError as error:
                print(f"{transport:15} {name:38} {error.message}", flush=True)
                failures += 1
                continue
        print(row, flush=True)
        failures += not row.right
    print(f"{count} cases, {failures} wrong, {time.monotonic() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument(
        "names", metavar="NAME", nargs="*", help="a part of a case's name"
    )
    given = words.parse_args()
    for name in given.names:
        if not any(table_cases([name])):
            words.error(f"no case has '{name}' in its name")
    sys.exit(main(given.names))
