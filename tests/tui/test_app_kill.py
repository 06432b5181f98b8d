# SPDX-License-Identifier: GPL-2.0-or-later
"""Test kill -9 in each stage and during a send.

The session is restored, and no message is sent twice.
"""

import os
import signal
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.errors import ExitCode
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.tui.view.stages import Stage
from tests.kit.smtp import FaultySink
from tests.kit.terminal import PROGRAM, Terminal
from tests.kit.walk import answer_questions

pytestmark = pytest.mark.long

SHOWS = {
    Stage.COMMIT: "Subject:",
    Stage.CHECKS: "Findings",
    Stage.RECIPIENTS: "maya@acme.example.com",
    Stage.TAGS: "This is not a fix",
    Stage.BACKPORTS: "Stable branches",
    Stage.PREVIEW: "show raw",
    Stage.SEND: "git-send-email",
    Stage.FOLLOW: "This topic was not sent yet",
}
"""A text that only this stage's screen shows."""


def test_killed_session_resumes_at_its_stage(fixed_clone: Path, used_state_file: Path) -> None:
    for stage in Stage:
        with Terminal(PROGRAM, fixed_clone) as walk:
            walk.wait_for(SHOWS[stage])
            if stage is Stage.FOLLOW:
                walk.type("q")
                assert walk.end() == 0
                break
            following = list(Stage)[stage.number]
            walk.type(str(following.number))
            walk.wait_for(SHOWS[following])
    assert '"stage": "follow"' in used_state_file.read_text()


def test_hangup_ends_the_session(fixed_clone: Path, used_state_file: Path) -> None:
    with Terminal(PROGRAM, fixed_clone) as walk:
        walk.wait_for(SHOWS[Stage.COMMIT], "quit")
        walk.close()
        assert walk.process.wait(30) == ExitCode.INTERRUPTED
    with Terminal(PROGRAM, fixed_clone) as walk:
        walk.wait_for(SHOWS[Stage.COMMIT], "quit")
        walk.quiet(1.0)
        threads = list(Path(f"/proc/{walk.process.pid}/task").iterdir())
        # when its terminal is closed, the session gets SIGHUP and SIGCONT
        os.killpg(walk.process.pid, signal.SIGCONT)
        walk.quiet(1.0)
        assert set(Path(f"/proc/{walk.process.pid}/task").iterdir()) <= set(threads)
        os.killpg(walk.process.pid, signal.SIGHUP)
        assert walk.process.wait(30)


def test_killed_send_is_resumed(fixed_clone: Path, used_state_file: Path) -> None:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    answer_questions(fixed_clone)

    def kill_at_mail(server: FaultySink) -> None:
        for name, value in (
            ("smtpServer", "127.0.0.1"),
            ("smtpServerPort", str(server.port)),
            ("smtpEncryption", ""),
            ("confirm", "never"),
        ):
            git(fixed_clone, "config", "--global", f"sendemail.{name}", value)

    with FaultySink() as server:
        kill_at_mail(server)
        server.faults.stall_at = 1
        with Terminal(PROGRAM, fixed_clone) as walk:
            walk.wait_for("applies cleanly")
            walk.type(str(Stage.SEND.number))
            walk.wait_for("to confirm")
            walk.type("s")
            walk.wait_for("ype send and press Enter")
            walk.type("send\r")
            while not server.faults.seen:
                walk.read()
            walk.kill()
    with FaultySink() as server:
        kill_at_mail(server)
        with Terminal(PROGRAM, fixed_clone) as walk:
            walk.wait_for("was interrupted", "press s to resume")
            asked = walk.type("s")
            walk.wait_for("may or may not have accepted", since=asked)
            asked = walk.type("jj\r")
            walk.wait_for("ype send and press Enter", since=asked)
            asked = walk.type("send\r")
            walk.wait_for("was sent", since=asked)
        assert len(server.take()) == 1


def test_killed_demo_restores_the_terminal(
    tmp_path: Path,
) -> None:
    with Terminal((*PROGRAM, "demo", "--keep", str(tmp_path / "sandbox")), tmp_path) as demo:
        demo.wait_for("What do you have?")
        children = (
            Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text().split()
        )
        walk = next(
            int(child)
            for child in children
            if b"demo" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        )
        at = len(demo.seen)
        os.kill(walk, signal.SIGKILL)
        demo.wait_for("\x1b[?1049l", "\x1b[?1003l", "\x1b[?25h", "The sandbox stays in", since=at)
        assert demo.end() != 0


def test_dumb_terminal_gets_a_hint(fixed_clone: Path) -> None:
    with Terminal(PROGRAM, fixed_clone, env={"TERM": "dumb"}) as walk:
        walk.wait_for("TERM=dumb", "patchpilot --help")
        assert walk.end() == ExitCode.USAGE
    assert "\x1b[?1049h" not in walk.seen


def test_crash_restores_the_terminal(
    fixed_clone: Path, used_state_file: Path, tmp_path: Path
) -> None:
    planted = (
        "import sys; from patchpilot.tui.app import PatchpilotApp; from patchpilot.cli.main import"
        " main\nPatchpilotApp.action_leave = lambda self: [][-1]\nsys.argv = ['patchpilot', 'tui'];"
        " main()"
    )
    with Terminal((PROGRAM[0], "-c", planted), fixed_clone, env={"TMPDIR": str(tmp_path)}) as walk:
        walk.wait_for(SHOWS[Stage.COMMIT])
        at = walk.type("q")
        walk.wait_for("patchpilot-bug-", since=at)
        assert walk.end() == ExitCode.BUG
        rest = walk.seen[at:]
    (log,) = tmp_path.glob("patchpilot-bug-*.log")
    assert "IndexError: list index out of range" in log.read_text()
    assert "hint: report it with what `patchpilot doctor --report` prints" in rest
    assert f"the traceback is in {log}" in rest
    last = rest.rindex("\x1b[?1049l")
    assert rest.index("error: internal error: IndexError") > last
    assert "Traceback" not in rest
    assert "\x1b[?25h" in rest


def test_interrupt_at_the_password_prompt_returns_to_the_stage(
    fixed_clone: Path, used_state_file: Path
) -> None:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    answer_questions(fixed_clone)
    with FaultySink() as server:
        for name, value in (
            ("smtpServer", "127.0.0.1"),
            ("smtpServerPort", str(server.port)),
            ("smtpEncryption", ""),
            ("smtpUser", "robin"),
            ("confirm", "never"),
        ):
            git(fixed_clone, "config", "--global", f"sendemail.{name}", value)
        with Terminal(PROGRAM, fixed_clone) as walk:
            walk.wait_for("applies cleanly")
            walk.type(str(Stage.SEND.number))
            walk.wait_for("to confirm")
            walk.type("s")
            walk.wait_for("ype send and press Enter")
            walk.type("send\r")
            walk.wait_for("assword for")
            asked = walk.type("\x03")
            walk.wait_for(SHOWS[Stage.SEND], since=asked)
            asked = walk.type("?")
            walk.wait_for("Keys of 7 Send", since=asked)
        assert not server.take()


def test_interrupt_in_the_mail_setup_returns_to_the_demo(tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    argv = ("setsid", "--ctty", *PROGRAM, "demo", "--keep", str(sandbox))
    with Terminal(argv, tmp_path, size=(120, 36), new_session=False) as demo:
        demo.wait_for("What do you have?")
        git_config = sandbox / "home" / ".gitconfig"
        git(None, "config", "-f", str(git_config), "--unset", "sendemail.smtpServer")
        config = git_config.read_bytes()
        demo.type("\x1b")
        demo.wait_for("Enter opens it at")
        at = demo.type("\r")
        demo.wait_for("applies cleanly", since=at)
        at = demo.type(str(Stage.SEND.number))
        demo.wait_for("no mail server configured", since=at)
        # without a mail server, m sets up the account
        at = demo.type("m")
        demo.wait_for("Press Ctrl-C to cancel", "Your address [", since=at)
        # the question waits for an answer a moment after it is shown
        demo.quiet()
        at = demo.type("\x03")
        demo.wait_for("nothing was written", since=at)
        # the demo's first process, which gets the signal as well, must go on
        demo.quiet(1)
        at = demo.type("?")
        demo.wait_for("Keys of 7 Send", since=at)
        assert git_config.read_bytes() == config
