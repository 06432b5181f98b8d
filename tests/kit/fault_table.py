# SPDX-License-Identifier: GPL-2.0-or-later
"""Fault × transport × (first send, resume): how often each mail arrived. `python -m tests.kit.fault_table` prints the whole table."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path
from unittest.mock import patch

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.outgoing import send_email, smtp
from patchpilot.outgoing.draft import Drafts
from patchpilot.outgoing.outbox import Outbox, connect
from patchpilot.outgoing.plan import Request, SendResult
from patchpilot.outgoing.transport import MailState
from patchpilot.services.resume import plan_resume
from patchpilot.services.send import deliver, plan
from patchpilot.services.topic import find_draft
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import topic

TRANSPORTS = ("git-send-email", "b4")
TO, CC = "list@lists.example.org", "u@example.org"
PATCHES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A fault: how the server (or a signal) misbehaves during the first send, and whether it stays so for the resume."""

    name: str
    faults: Callable[[], Faults]
    killed: bool = False
    full_at: str = ""
    """The state of mail 3 that the disk has no room for: "sending" before it leaves, "accepted" after."""


CASES = (
    Case("none", Faults),
    Case("dropped after mail 2", lambda: Faults(drop_before_mail=3)),
    Case("one recipient rejected", lambda: Faults(reject=frozenset({CC}))),
    Case("all recipients rejected", lambda: Faults(reject_all=True)),
    Case("4xx at mail 3", lambda: Faults(temporary_at=3)),
    Case("stalled at mail 3", lambda: Faults(stall_at=3)),
    Case("closed after DATA, kept", lambda: Faults(close_after_data=3)),
    Case("closed after DATA, lost", lambda: Faults(close_after_data=3, keep_when_closing=False)),
    Case("killed at mail 3", Faults, killed=True),
    Case("disk full before mail 3", Faults, full_at="sending"),
    Case("disk full after mail 3", Faults, full_at="accepted"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a case gave: states and arrivals after the first send, after a resume, and after the unknown ones were settled."""

    via: str
    case: str
    first: str
    first_states: tuple[str, ...]
    arrived_first: tuple[int, ...]
    arrived_resume: tuple[int, ...]
    arrived_settled: tuple[int, ...]
    final: str

    @property
    def right(self) -> bool:
        """Nothing ever twice; everything once at the end; and no mail told as accepted or rejected that was the other."""
        once = max((*self.arrived_first, *self.arrived_resume, *self.arrived_settled), default=0) <= 1
        truth = all(
            not (state == "accepted" and count == 0) and not (state in ("pending", "rejected") and count)
            for state, count in zip(self.first_states, self.arrived_first, strict=True)
        )
        return once and truth and all(count == 1 for count in self.arrived_settled)


def run_case(folder: Path, via: str, case: Case, patches: int = PATCHES) -> Row:
    """Send, heal the server, resume, settle what is unknown by what the server has, resume again."""
    faults = case.faults()
    with FaultySink(faults) as server, patch.object(send_email, "STALLED", 1.5), patch.object(smtp, "TIMEOUT", 1.5):
        repo = topic(folder / "repo", patches, server=server)
        with Repository.open(repo.path) as repository:
            request = Request(via=via, to=(TO,), cc=(CC,), force="fault table")
            cover(repository, request)
            if case.killed:
                _killed(repo.path, server, request)
                result = _result(repository, request)
            elif case.full_at:
                _disk_full(repository, request, case.full_at, min(patches, 3))
                result = _result(repository, request)
            else:
                result = deliver(repository, plan(repository, request))
            ids = tuple(one.message_id for one in result.messages)
            first_states = tuple(str(one.state) for one in result.messages)
            arrived_first = arrivals(server, ids)
            faults.heal()
            resumed = deliver(repository, plan_resume(repository, request))
            arrived_resume = arrivals(server, ids)
            unknown = [one for one in resumed.messages if one.state is MailState.UNKNOWN]
            final = resumed
            if unknown:
                there = arrivals(server, tuple(one.message_id for one in unknown))
                final = deliver(repository, plan_resume(repository, request, "sent" if all(there) else "lost"))
    return Row(via, case.name, result.state, first_states, arrived_first, arrived_resume, arrivals(server, ids), final.state)


def cover(repository: Repository, request: Request) -> None:
    """Write a cover letter for the topic."""
    with Drafts() as drafts:
        drafts.save(replace(find_draft(repository, request), cover_subject="widget: mend lines", cover_text="All were wrong."))


def arrivals(server: FaultySink, ids: tuple[str, ...]) -> tuple[int, ...]:
    """How often each Message-ID arrived."""
    count = Counter(str(message_from_bytes(one.data)["Message-ID"]).strip().strip("<>") for one in server.take())
    return tuple(count[one] for one in ids)


def _result(repository: Repository, request: Request) -> SendResult:
    from patchpilot.services.send import result_of_send

    with Outbox() as outbox:
        send = outbox.sends(find_draft(repository, request).change_id)[-1]
        return result_of_send(outbox.settle(send.id))


def command(path: Path, request: Request) -> list[str]:
    """The same send as a process."""
    words = [sys.executable, "-m", "patchpilot", "-C", str(path), "send", "--via", request.via, "--yes", "--force", "fault table"]
    return [*words, *(word for one in request.to for word in ("--to", one)), *(word for one in request.cc for word in ("--cc", one))]


def _disk_full(repository: Repository, request: Request, state: str, at: int) -> None:
    """Send while there is no room to write down that mail `at` came into this state, nor anything after it."""
    planned = plan(repository, request)
    full = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    with contextlib.closing(connect()) as base:
        base.execute(f"CREATE TRIGGER no_mail BEFORE UPDATE ON mails WHEN NEW.place >= {at - 1} AND NEW.state = '{state}' {full}")
        base.execute(f"CREATE TRIGGER no_send BEFORE UPDATE ON sends {full}")
        try:
            deliver(repository, planned)
        except PatchpilotError as error:
            if "cannot be written" not in error.message:
                raise
        else:
            raise AssertionError("a full disk was not told")
        finally:
            for name in ("no_mail", "no_send"):
                base.execute(f"DROP TRIGGER {name}")


def _killed(path: Path, server: FaultySink, request: Request, at: int = 3) -> None:
    """Run the send as a process and kill it (and nothing else) when the server sees mail `at`."""
    process: list[subprocess.Popen[bytes]] = []
    ready = threading.Event()

    def strike(number: int) -> None:
        if number == at:
            ready.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process[0].pid, signal.SIGKILL)

    server.faults.on_mail = strike
    process.append(subprocess.Popen(command(path, request), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    ready.set()
    process[0].wait(60)
    settled_down(server)


def settled_down(server: FaultySink, quiet: float = 0.8) -> None:
    """Wait until nothing has arrived for a while: children of a killed sender may still be at work."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < quiet:
        now = len(server.take()) + server.faults.seen
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.05)


def isolated(folder: Path) -> None:
    """A home, state and configuration of our own."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "B4_"))]:
        del os.environ[name]
    os.environ["HOME"] = str(folder)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder / name.lower())
    (folder / ".gitconfig").write_text("[user]\n\tname = Ada Fixer\n\temail = ada@example.org\n[gc]\n\tauto = 0\n")


def main(names: list[str]) -> int:
    """Print the table (of the cases whose name has one of these words); 1 when a row is wrong."""
    wrong = 0
    print(f"{'transport':15} {'fault':26} {'first':8} arrived first → resumed → settled   final")
    for via in TRANSPORTS:
        for case in CASES:
            if names and not any(one in case.name for one in names):
                continue
            with tempfile.TemporaryDirectory(prefix="patchpilot-faults-") as place:
                isolated(Path(place))
                try:
                    row = run_case(Path(place), via, case)
                except PatchpilotError as error:
                    print(f"{via:15} {case.name:26} {error.message}")
                    wrong += 1
                    continue
            counts = " → ".join("".join(map(str, one)) for one in (row.arrived_first, row.arrived_resume, row.arrived_settled))
            print(
                f"{via:15} {case.name:26} {row.first:8} {counts}   {row.final:8} {'' if row.right else 'WRONG'}  {','.join(row.first_states)}",
                flush=True,
            )
            wrong += not row.right
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
