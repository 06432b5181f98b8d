# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the next run completes or undoes an interrupted move of a branch.

Also test that it reports a lock that blocks this.
"""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.branch_move_journal import (
    BranchMove,
    find_record_file,
    find_unfinished_move,
    record_move_start,
    refuse_locked,
    remove_move_record,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import topic_with_spaces
from tests.lab.rewrite_kills import COMMANDS, kill_rewrite_and_check


def _interrupt_checkout(
    path: Path, reason: str = "patchpilot check --fix"
) -> tuple[Repo, str, str]:
    """Create a repository in which git was killed during a checkout.

    Half of the files are new, and the index is still locked.
    """
    repo = topic_with_spaces(path, 4)
    old_commit = repo.git("rev-parse topic")
    assert call("check -C", path, "--fix").code == ExitCode.OK
    new_commit = repo.git("rev-parse topic")
    repo.git("reset -q --hard", old_commit)
    with Repository.open(path) as repository:
        record_move_start(
            repository, BranchMove("refs/heads/topic", old_commit, new_commit, reason)
        )
    (path / "frob0.c").write_text(repo.git("show", f"{new_commit}:frob0.c") + "\n")
    (path / "frob1.c").write_text("int a;\nint")
    (path / "frob2.c").unlink()
    (path / ".git" / "index.lock").write_bytes(b"DIRC")
    return repo, old_commit, new_commit


@pytest.mark.parametrize("why", ["patchpilot check --fix", "patchpilot undo"])
def test_killed_move_is_recovered(tmp_path: Path, why: str) -> None:
    repo, old, new = _interrupt_checkout(tmp_path / "r", why)
    prepare = ("prepare", "--yes", "--trailer", "https://example.org/r/1")
    for command in (("check", "--fix"), prepare):
        failure = call(*command, "-C", repo.path)
        assert failure.code in (ExitCode.FINDINGS, ExitCode.USAGE), failure.err
        assert "patchpilot undo restore" in failure.err
        assert "git commit" not in failure.err
    assert repo.patchpilot("undo restore").code == ExitCode.OK
    assert repo.state() == (
        new if why.endswith("undo") else old,
        "",
        "refs/heads/topic",
    )
    assert not (repo.path / ".git" / "index.lock").exists()


def test_edit_after_the_kill_is_kept(tmp_path: Path) -> None:
    repo, _, _ = _interrupt_checkout(tmp_path / "r")
    (repo.path / "frob3.c").write_text("mine\n")
    outcome = repo.patchpilot("undo restore")
    assert outcome.code == ExitCode.FINDINGS
    assert "frob3.c was edited" in outcome.err
    assert (repo.path / "frob3.c").read_text() == "mine\n"


def test_exiting_process_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, old, _ = _interrupt_checkout(tmp_path / "r")
    scandir = os.scandir

    def wait_until_gone(folder: Any) -> Any:
        if str(folder).startswith("/proc/"):
            raise FileNotFoundError(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", wait_until_gone)
    assert repo.patchpilot("undo restore").code == ExitCode.OK
    assert repo.git("rev-parse HEAD") == old


@pytest.mark.parametrize("name", ["index.lock", "refs/heads/topic.lock"])
def test_stale_lock_has_a_hint(tmp_path: Path, name: str) -> None:
    repo = topic_with_spaces(tmp_path / "r", 2)
    lock = repo.path / ".git" / name
    lock.write_bytes(b"")
    before = time.time() - 600
    os.utime(lock, (before, before))
    outcome = repo.patchpilot("check --fix")
    assert outcome.code == ExitCode.USAGE, outcome.err
    assert f"rm {lock}" in outcome.err
    assert "10 minutes ago" in outcome.err
    with lock.open():
        assert "is running" in repo.patchpilot("check --fix").err
    assert lock.exists()


def test_briefly_held_lock_is_waited_for(
    tmp_path: Path,
) -> None:
    repo = topic_with_spaces(tmp_path / "r", 2)
    lock = repo.path / ".git" / "index.lock"
    lock.write_bytes(b"")
    timer = threading.Timer(0.4, lock.unlink)
    timer.start()
    with Repository.open(repo.path) as repository:
        refuse_locked(repository)
    assert not lock.exists()
    timer.join()


def _read_doctor_check(repo: Repo, name: str) -> dict[str, str]:
    result = repo.patchpilot("doctor --offline --format json")
    doctor_checks: list[dict[str, str]] = json.loads(result.out)["checks"]
    return {doctor_check["name"]: doctor_check for doctor_check in doctor_checks}[name]


def test_doctor_reports_killed_move_and_stale_lock(tmp_path: Path) -> None:
    repo, _, _ = _interrupt_checkout(tmp_path / "r")
    finding = _read_doctor_check(repo, "unfinished move")
    assert finding["state"] == "fail"
    assert "patchpilot undo restore" in finding["hint"]
    assert repo.patchpilot("undo restore").code == ExitCode.OK
    assert "unfinished move" not in repo.patchpilot("doctor --offline").out
    lock = repo.path / ".git" / "index.lock"
    lock.write_bytes(b"")
    finding = _read_doctor_check(repo, "lock")
    assert (finding["state"], f"rm {lock}" in finding["hint"]) == ("warn", True)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=() if command in ("prepare", "undo") else pytest.mark.long)
        for command in COMMANDS
    ],
)
def test_killed_command_leaves_old_or_new_state(tmp_path: Path, command: str) -> None:
    right, what = kill_rewrite_and_check(tmp_path, command, 0.002, in_checkout=True)
    assert right, what


def test_move_record_in_repository_is_ignored(tmp_path: Path) -> None:
    repo, old, new = _interrupt_checkout(tmp_path / "r")
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    planted = repo.path / ".git" / "patchpilot-move"
    planted.with_suffix(".new").symlink_to(victim)
    record = {"ref": "refs/heads/topic", "old": old, "new": new, "why": "x"}
    planted.write_text(json.dumps(record))
    with Repository.open(repo.path) as repository:
        remove_move_record(repository)
        assert find_unfinished_move(repository) is None
        record_move_start(repository, BranchMove("refs/heads/topic", old, new, "x"))
        assert victim.read_text() == "precious\n"
        for change in ({"old": "--output=x"}, {"ref": "--force"}, {"new": "HEAD"}):
            find_record_file(repository).write_text(json.dumps(record | change))
            assert find_unfinished_move(repository) is None
