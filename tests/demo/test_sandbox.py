# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the processes of the sandbox exit with it, and that it names no real list."""

import os
import re
import signal
import smtplib
import subprocess
import sys
import time
from contextlib import closing
from email.message import EmailMessage
from functools import partial
from mailbox import mbox
from pathlib import Path
from typing import cast

import pytest

from patchpilot.demo.archive_server import StandIn
from patchpilot.demo.before import CARD_LOG
from patchpilot.demo.demo_people import KERNEL_LIST, NEWCOMER, REGRESSIONS_LIST
from patchpilot.demo.demo_repository import Repositories
from patchpilot.demo.sandbox import Sandbox, deliver_regularly, open_sandbox, sandbox_environment
from patchpilot.demo.sink import Sink
from patchpilot.settings.read_settings import DEMO_INBOX


@pytest.mark.parametrize(
    ("sent", "ignored"),
    [(signal.SIGTERM, False), (signal.SIGHUP, False), (signal.SIGHUP, True)],
)
def test_closed_terminal_leaves_no_sandbox(
    tmp_path: Path, sent: signal.Signals, ignored: bool
) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    arguments = [sys.executable, "-m", "patchpilot", "demo", "--script"]
    # a signal that is ignored when a program starts stays ignored, for example under nohup
    saved = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        demo = subprocess.Popen(
            arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    finally:
        signal.signal(signal.SIGHUP, saved)
    try:
        assert demo.stdout is not None
        assert demo.stdout.readline()
        demo.send_signal(sent)
        if ignored:
            with pytest.raises(subprocess.TimeoutExpired):
                demo.wait(2)
            demo.terminate()
        demo.communicate(timeout=60)
    finally:
        demo.kill()
        demo.wait()
    assert not list(tmp_path.glob("patchpilot-demo-*"))


@pytest.mark.parametrize(
    ("subjects", "kept"),
    [
        (("[PATCH] a", "[PATCH] a"), 1),
        (("[PATCH 0/2] a", "[PATCH 1/2] b", "[PATCH 2/2] c"), 3),
        (("[PATCH 1/2] b", "[PATCH 2/2] c", "[PATCH 1/2] b", "[PATCH 2/2] c"), 2),
        (("[PATCH 1/2] b", "[PATCH 2/2] c", "[PATCH v2] b"), 1),
        (("[PATCH] a", "[PATCH v2 0/1] a", "[PATCH v2 1/1] a"), 2),
    ],
)
def test_mailbox_has_the_messages_of_the_last_send(
    subjects: tuple[str, ...], kept: int, tmp_path: Path
) -> None:
    with Sink() as sink:
        sandbox = Sandbox(tmp_path, cast("Repositories", None), sink, StandIn())
        for subject in subjects:
            message = EmailMessage()
            message["Subject"], message["From"] = subject, NEWCOMER.email
            with smtplib.SMTP("127.0.0.1", sink.port) as client:
                client.send_message(message, to_addrs=[NEWCOMER.email])
            sandbox.deliver()
    with closing(mbox(tmp_path / DEMO_INBOX)) as inbox:
        assert [mail["Subject"] for mail in inbox] == list(subjects[-kept:])


@pytest.mark.long
def test_printed_commands_apply_the_second_test(tmp_path: Path) -> None:
    with open_sandbox(tmp_path / "the sandbox") as sandbox, deliver_regularly(sandbox, 0.1):
        run = partial(
            subprocess.run,
            cwd=sandbox.work,
            env=sandbox.env,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(2):
            time.sleep(0.3)
            send = run(
                [sys.executable, "-m", "patchpilot", "send", "--to-self", "--yes"], check=False
            )
            output = send.stdout + send.stderr
            commands = re.search(
                "(git worktree add .*), then (git am .*) there; (git worktree remove .*) ends",
                " ".join(output.split()),
            )
            assert commands, output
            start, apply, remove = commands.groups()
            time.sleep(0.5)
            run(["sh", "-c", f"{start} && (cd ../test && {apply}) && {remove}"])


def test_report_names_only_lists_of_the_sandbox(tmp_path: Path) -> None:
    with open_sandbox(tmp_path / "sandbox") as sandbox:

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "patchpilot", *arguments],
                cwd=sandbox.work,
                env=sandbox.env,
                capture_output=True,
                text=True,
                check=False,
            )

        versions = ("--good", "v6.0", "--bad", "v6.1")
        report = run("find", CARD_LOG, *versions, "--report").stderr.splitlines()[-1]
        headers = Path(report.removeprefix("wrote ")).read_text().partition("\n\n")[0]
        assert KERNEL_LIST in headers
        assert REGRESSIONS_LIST in headers
        assert not re.search(r"@(?!\S*\bexample\b)", headers)


def test_shell_in_the_sandbox_is_marked_as_such(tmp_path: Path) -> None:
    shell = tmp_path / "shell"
    shell.write_text(f"#!/bin/sh\nenv > {tmp_path}/in-shell\n")
    shell.chmod(0o755)
    kept = tmp_path / "kept"
    terminal, stdin = os.openpty()
    subprocess.run(
        [sys.executable, "-m", "patchpilot", "demo", "--shell", "--keep", kept],
        env={**os.environ, "SHELL": str(shell)},
        stdin=stdin,
        stdout=stdin,
        stderr=stdin,
        check=True,
        timeout=120,
    )
    os.close(stdin)
    os.close(terminal)
    assert "PATCHPILOT_DEMO_SHELL=1\n" in (tmp_path / "in-shell").read_text()
    assert "export PATCHPILOT_DEMO_SHELL=1\n" in (kept / "env").read_text()
    # the guided workflow suspends to the user's own shell
    assert "PATCHPILOT_DEMO_SHELL" not in sandbox_environment(tmp_path)
