# SPDX-License-Identifier: GPL-2.0-or-later
"""Test running child processes."""

import sys
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git, stream_output
from patchpilot.commits.pinned_git import make_config_variable
from patchpilot.commits.run import RunWatch, base_environment, run, run_on_terminal
from patchpilot.errors import CancelledError, GitError, MissingError
from tests.kit.processes import has_ended
from tests.kit.repos import Repo


def test_git_environment_is_cleared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.pager")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "mine")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'a.b'='it'\\''s'")
    monkeypatch.setenv("GIT_ASKPASS", "mine")
    env = base_environment(make_config_variable((("a.b", "its'"), ("a.c", "x"))))
    assert "GIT_DIR" not in env
    assert env["GIT_ASKPASS"] == "mine"
    arguments = ["git", "config", "--get-regexp", r"a\..|core.pager"]
    assert run(arguments, env=env).text == "core.pager mine\na.b it's\na.b its'\na.c x\n"


def test_missing_program_exits_with_3() -> None:
    with pytest.raises(MissingError, match="no-such-program"):
        run(["no-such-program"])


def test_non_executable_program_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "locked").write_text("#!/bin/sh\n")
    for start in (run, run_on_terminal):
        with pytest.raises(MissingError, match="locked is not installed or not executable"):
            start([str(tmp_path / "locked")])


def test_hanging_program_is_killed() -> None:
    with pytest.raises(GitError, match="timed out"):
        run(["sleep", "60"], timeout=0.2)


def test_canceled_program_is_killed_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"

    def raise_canceled() -> None:
        if child.exists() and child.read_text():
            raise CancelledError

    watched = RunWatch(300, raise_canceled)
    with pytest.raises(CancelledError):
        run(["sh", "-c", f"sleep 60 & echo $! >{child}; wait"], timeout=watched)
    assert has_ended(int(child.read_text()))


def test_watched_program_receives_stdin() -> None:
    records: list[int] = []
    watched = RunWatch(300, lambda: records.append(1))
    outcome = run(["sh", "-c", "sleep 1; cat"], stdin=b"all of it", timeout=watched)
    assert outcome.out == b"all of it"
    assert records
    with pytest.raises(GitError, match="timed out"):
        run(["sleep", "60"], timeout=RunWatch(0.4, lambda: None))


def test_failure_contains_gits_message(tmp_path: Path) -> None:
    Repo(tmp_path)
    with pytest.raises(GitError, match="git rev-parse failed"):
        git(tmp_path, "rev-parse", "--verify", "nothing")


def test_closed_stream_leaves_no_process(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit("x\n", {"a": "1\n"})
    with stream_output(tmp_path, "log") as stream:
        assert stream.readline().startswith(b"commit ")


def test_failed_stream_is_an_error(tmp_path: Path) -> None:
    Repo(tmp_path)
    with (
        pytest.raises(GitError, match="git log failed: "),
        stream_output(tmp_path, "log", "nothing", "--") as stream,
    ):
        assert stream.read() == b""


def test_invalid_argument_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="cannot be started: embedded null byte"):
        git(tmp_path, "log", "--grep=a\0b")


@pytest.mark.parametrize("size", [0, 1_000_000])
def test_watched_program_reads_all_of_a_large_input(size: int) -> None:
    # the watch interrupts the writing, because the program reads late
    script = "import sys, time; time.sleep(0.4); print(len(sys.stdin.buffer.read()))"
    watch = RunWatch(20, list)
    assert run([sys.executable, "-c", script], stdin=b"x" * size, timeout=watch).text == f"{size}\n"
    assert run(["true"], stdin=b"x" * size, timeout=watch).code == 0
