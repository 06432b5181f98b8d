# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every error has an exit code and does not print a traceback."""

import array
import fcntl
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from patchpilot.cli import main
from patchpilot.cli.command import Command
from patchpilot.errors import ExitCode, InputError, UsageError
from tests.kit.cli import call, start_and_wait


def make_failing_command(error: BaseException) -> Command:
    def run_and_raise() -> None:
        raise error

    return Command(run_and_raise, "check", "")


def raise_from_cause(cause: BaseException) -> Exception:
    error = RuntimeError("Error calling __set_name__")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x.patch:3: bad"), ExitCode.USAGE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ZeroDivisionError("ouch"), ExitCode.BUG),
        (RecursionError("deep"), ExitCode.BUG),
        (PermissionError(13, "Permission denied", "/etc/shadow"), ExitCode.USAGE),
        (raise_from_cause(KeyboardInterrupt()), ExitCode.INTERRUPTED),
        (UsageError("no"), ExitCode.USAGE),
    ],
)
def test_every_error_has_an_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(main.Commands, "__getitem__", lambda *_: make_failing_command(error))
    outcome = call("check")
    assert outcome.code == code
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_bug_report_names_the_traceback_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(
        main.Commands,
        "__getitem__",
        lambda *_: make_failing_command(ZeroDivisionError("ouch")),
    )
    outcome = call("check")
    (log,) = tmp_path.glob("patchpilot-bug-*.log")
    assert str(log) in outcome.err
    assert "ZeroDivisionError: ouch" in log.read_text()


def test_unknown_command_suggests_the_nearest() -> None:
    outcome = call("chekc")
    assert outcome.code == ExitCode.USAGE
    assert "did you mean 'check'" in outcome.err


def test_every_command_has_an_example() -> None:
    for name in main.root.commands:
        outcome = call(name, "--help")
        assert outcome.code == 0, name
        assert "Example" in outcome.out or "example" in outcome.out, name


def test_examples_fit_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("check", "backport", "draft", "prepare", "send", "stable"):
        command = main.root.sub(name)
        assert command.epilog
        output = call(name, "--help").out.splitlines()
        for example in command.epilog.splitlines()[2:]:
            assert example in output
            assert len(example) < 80


def test_error_message_is_escaped() -> None:
    outcome = call("check [31mred]0;title.patch")
    assert outcome.code == ExitCode.USAGE
    assert "\x1b" not in outcome.err


def test_bare_command_without_a_terminal_prints_help() -> None:
    outcome = start_and_wait()
    assert outcome.out.startswith("Usage: patchpilot")
    assert "  check " in outcome.out


def test_ctrl_c_exits_with_130(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "patchpilot", "check", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"From: ")
    process.stdin.flush()
    _wait_until_read(process.stdin.fileno())
    process.send_signal(signal.SIGINT)
    out, error_output = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED
    assert out == b""
    assert b"Traceback" not in error_output


def _wait_until_read(pipe_end: int) -> None:
    deadline = time.monotonic() + 60
    unread_bytes = array.array("i", [1])
    while unread_bytes[0] and time.monotonic() < deadline:
        time.sleep(0.02)
        fcntl.ioctl(pipe_end, termios.FIONREAD, unread_bytes)
    assert not unread_bytes[0]


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_stream_is_not_a_bug(redirection: str) -> None:
    for command in ("explain", "check -"):
        outcome = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m patchpilot {command} {redirection}"],
            input=b"",
            capture_output=True,
            check=False,
        )
        assert outcome.returncode in (ExitCode.OK, ExitCode.USAGE)
        assert b"Traceback" not in outcome.stderr
        assert b"bug" not in outcome.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_explained() -> None:
    with Path("/dev/full").open("wb") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "patchpilot", "explain"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert outcome.returncode == ExitCode.USAGE
    assert outcome.stderr.startswith(b"patchpilot: error: cannot write the output: ")
    assert b"Exception ignored" not in outcome.stderr


def test_ctrl_c_during_import_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "signal.py").write_text("raise KeyboardInterrupt\n")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from patchpilot.__main__ import main;"
        " main()"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert outcome.returncode == ExitCode.INTERRUPTED
    assert outcome.stderr == b"\npatchpilot: interrupted\n"
