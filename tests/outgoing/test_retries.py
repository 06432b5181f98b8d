# SPDX-License-Identifier: GPL-2.0-or-later
"""Test unusual replies of mail servers, and retries.

`python -m tests.lab.fault_table` runs all cases with both transports.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from patchpilot.model.message import MailState
from patchpilot.outgoing import retries
from patchpilot.outgoing.mail_state import Outcome, Retry
from patchpilot.outgoing.retries import Retries
from patchpilot.outgoing.smtp import Submission
from tests.kit.cli import call
from tests.kit.raw_smtp import Fault, RawServer
from tests.kit.smtp_faults import AFTER, BEFORE, CASES, SENT, STOPPED, UNKNOWN, ServerCase
from tests.kit.terminal import Terminal
from tests.kit.topics import topic
from tests.lab.fault_table import run_server_case
from tests.outgoing.test_smtp import make_account

pytestmark = pytest.mark.long

RAW = b"Subject: x\n\ntext\n.\n..\n"


def send_topic(submission: Submission) -> Outcome:
    return submission.send("a@example.org", ["b@example.org", "c@example.org"], RAW)


@pytest.mark.parametrize(
    "case",
    [server_case for server_case in (*AFTER, *BEFORE) if server_case.fault.then != "late"],
    ids=lambda fault: fault.name,
)
def test_message_state_follows_the_server(
    case: ServerCase,
) -> None:
    with (
        RawServer(case.fault) as server,
        Submission(make_account(server), None, 0.4) as submission,
    ):
        if case.fault.at == 2:
            assert send_topic(submission).state is MailState.ACCEPTED
        outcome = send_topic(submission)
        arrived = len(server.take()) == case.fault.at
        if case.first == UNKNOWN:
            assert (outcome.state, outcome.retry) == (MailState.UNKNOWN, Retry.NO)
        elif arrived:
            assert outcome.state is MailState.ACCEPTED
        else:
            assert outcome.state in (MailState.PENDING, MailState.REJECTED)
            assert (outcome.retry is not Retry.NO) == (case.first == SENT) or case.first not in (
                SENT,
                STOPPED,
            )
            server.heal()
            assert send_topic(submission).state is MailState.ACCEPTED
        assert server.take()[-1].data == RAW.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    "name",
    [
        "end: cut to '25', kept",
        "end: 451",
        "RCPT: closed",
        "closes after each mail",
        "451 for ever",
        "login expires in the series",
    ],
)
def test_interrupted_series_arrives_once(tmp_path: Path, name: str) -> None:
    case = next(server_case for server_case in CASES if server_case.name == name)
    row = run_server_case(tmp_path, "git-send-email", case)
    assert row.is_expected, row


def test_retries_are_limited() -> None:
    shown: list[str] = []
    later = Outcome(MailState.REJECTED, "451 later", Retry.LATER)
    with patch.object(retries, "WAITS", (0.0, 0.0, 0.0)):
        counter = Retries(lambda: False, lambda what, done=0, total=None: shown.append(what))
        tries = 0
        while True:
            counter.begin(0)
            tries += 1
            if not counter.wait_for_retry(later):
                break
        assert (tries, counter.add_attempts(later).detail) == (4, "451 later (4 tries)")
        assert [line.partition(" in ")[0] for line in shown] == [
            "try 2 of 4",
            "try 3 of 4",
            "try 4 of 4",
        ]
        counter.begin(1)
        assert counter.wait_for_retry(later)
        assert not counter.wait_for_retry(Outcome(MailState.UNKNOWN, "?"))
    stopped = Retries(lambda: True, lambda *_, **__: None)
    stopped.begin(0)
    assert not stopped.wait_for_retry(later)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_hangup_waits_for_the_current_message(tmp_path: Path, number: int) -> None:
    with RawServer(Fault("end", b"250 ok\r\n", "late", 2, kept=True)) as server:
        repo = topic(tmp_path / "r", 3, server=server)
        assert (
            repo.patchpilot(
                "draft --cover-subject 'widget: fix lines' --cover 'All were wrong.'"
            ).code
            == 0
        )
        arguments = [
            "send",
            "-C",
            str(repo.path),
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
            "--yes",
            "--format",
            "json",
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "patchpilot", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        end = time.monotonic() + 60
        while len(server.take()) < 2 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        os.kill(process.pid, number)
        out, error_output = process.communicate(timeout=60)
        assert process.returncode == 130, error_output
        assert [message["state"] for message in json.loads(out)["messages"]] == [
            "accepted",
            "accepted",
            "pending",
            "pending",
        ]
        assert call(*arguments[:-2], "--resume").code == 0
        assert len(server.take()) == 4


def test_retry_is_shown(tmp_path: Path) -> None:
    with RawServer(Fault("RCPT", b"450 greylisted\r\n", at=2)) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        argv = [
            sys.executable,
            "-m",
            "patchpilot",
            "send",
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
            "--yes",
        ]
        with Terminal(argv, repo.path) as terminal:
            assert terminal.end() == 0
        assert "try 2 of 4 in 1 s: l@lists.example.org: 450 greylisted" in terminal.seen
        assert len(server.take()) == 2


def test_current_message_is_sent_after_terminal_closes(
    tmp_path: Path,
) -> None:
    with RawServer(Fault("end", b"250 ok\r\n", "late", 2, kept=True)) as server:
        repo = topic(tmp_path / "r", 3, server=server)
        arguments = (
            "send",
            "-C",
            str(repo.path),
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
        )
        process, terminal = pty.fork()
        if not process:
            os.environ["TMPDIR"] = str(tmp_path)
            os.execv(
                sys.executable,
                [sys.executable, "-m", "patchpilot", *arguments, "--yes"],
            )
        while len(server.take()) < 2:
            os.read(terminal, 65536)
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 130
        assert not list(tmp_path.glob("patchpilot-bug*"))
        result = call(*arguments, "--resume", "--dry-run", "--format", "json").json
        assert [message["state"] for message in result["messages"]][:2] == [
            "accepted",
            "accepted",
        ]
        assert "unknown" not in {message["state"] for message in result["messages"]}
