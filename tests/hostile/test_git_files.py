# SPDX-License-Identifier: GPL-2.0-or-later
"""Test every file in the git directory that patchpilot itself opens, as a file of each other kind.

The files are found by watching what the commands open, so a new reader is tested as well.
"""

import itertools
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from patchpilot.read_file import read_regular_file
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import topic_with_spaces

COMMANDS = (
    ("check", "HEAD~2..HEAD"),
    ("check", "--fix", "HEAD~2..HEAD"),
    ("prepare", "--signoff", "--yes"),
    ("backport", "HEAD"),
    ("send", "--dry-run", "--offline", "--to", "l@example.org"),
    ("doctor", "--offline"),
)
KINDS = ("pipe", "socket", "folder", "device", "huge")
KNOWN = {
    "worktrees/other/rebase-merge/head-name",
    "worktrees/second/rebase-apply/head-name",
    "info/attributes",
    "info/exclude",
    "HEAD",
}
"""Some of the files that the commands open; the rest may change."""
READ_BY_GIT = (
    "index",
    "packed-refs",
    "config",
    "logs/HEAD",
    "rebase-merge/head-name",
    "rebase-merge/git-rebase-todo",
    "rebase-apply/head-name",
    "sequencer/todo",
    "sequencer/opts",
    "MERGE_HEAD",
    "MERGE_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
    "BISECT_START",
    "COMMIT_EDITMSG",
    "info/grafts",
    "info/sparse-checkout",
    "objects/info/commit-graph",
    "objects/info/packs",
    "worktrees/other/logs/HEAD",
    "worktrees/other/BISECT_START",
    "worktrees/other/ORIG_HEAD",
)
"""Files that git reads for these commands.

Git itself waits for a loose ref, its log, and the files of another worktree if they are pipes.
"""
WORKTREES = {"other": "rebase-merge", "second": "rebase-apply"}
PATIENCE = 20
"""Seconds after which a command is considered stuck."""
_opened: list[set[str]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _opened and event == "open" and isinstance(arguments[0], str | bytes):
        _opened[-1].add(os.path.abspath(os.fsdecode(arguments[0])))


@contextmanager
def watch_opened_files() -> Iterator[set[str]]:
    """Yield the set of files that this process opens."""
    if not hasattr(sys, "_patchpilot_watch"):
        sys.addaudithook(_watch)
        sys._patchpilot_watch = True  # type: ignore[attr-defined]
    _opened.append(set())
    yield _opened[-1]
    _opened.pop()


@contextmanager
def limit_time() -> Iterator[None]:
    def raise_timeout(_: int, __: FrameType | None) -> NoReturn:
        raise AssertionError("it waits for a file")

    old_handler = signal.signal(signal.SIGALRM, raise_timeout)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old_handler)


def create_repository(folder: Path) -> Repo:
    """Create a branch that can be fixed, and two worktrees in which a rebase is not finished."""
    repo = topic_with_spaces(folder / "repo", 1)
    for name, state in WORKTREES.items():
        repo.git(f"worktree add -q ../{name} HEAD~")
        file = repo.path / ".git/worktrees" / name / state / "head-name"
        file.parent.mkdir()
        file.write_text("refs/heads/another\n")
    return repo


def find_opened_names(folder: Path) -> list[str]:
    """Return the files in the git directory that the commands open."""
    repo = create_repository(folder)
    with watch_opened_files() as opened:
        for arguments in COMMANDS:
            call("-C", repo.path, *arguments)
    top = f"{repo.path}/.git/"
    return sorted(
        name.removeprefix(top)
        for name in opened
        if name.startswith(top) and "/patchpilot" not in name and ".lock" not in name
    )


def replace_with_special(file: Path, kind: str) -> None:
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(file, 0o755)
    elif kind == "socket":
        folder = os.open(file.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as endpoint:
            endpoint.bind(f"/proc/self/fd/{folder}/{file.name}")
        os.close(folder)
    elif kind == "folder":
        file.mkdir()
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as stream:
            stream.truncate(1 << 28)


def find_stuck_commands(repo: Repo, commands: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return the commands that wait for a file, or end with another error than they should."""
    stuck = []
    for arguments in commands:
        try:
            with limit_time():
                result = call("-C", repo.path, *arguments)
        except AssertionError as error:
            stuck.append(f"{arguments[0]}: {error}")
        else:
            if result.code not in (0, 1, 2, 3):
                stuck.append(f"{arguments[0]}: {result.code}: {result.err[-300:]}")
    return stuck


@pytest.mark.parametrize(("name", "state"), WORKTREES.items())
def test_state_of_a_rebase_does_not_block(tmp_path: Path, name: str, state: str) -> None:
    repo = create_repository(tmp_path)
    replace_with_special(repo.path / ".git/worktrees" / name / state / "head-name", "pipe")
    assert find_stuck_commands(repo, (("check", "--fix", "HEAD~2..HEAD"),)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    replace_with_special(tmp_path / "file", kind)
    with limit_time():
        assert read_regular_file(tmp_path / "file") is None
    (tmp_path / "normal").write_bytes(b"x\n")
    assert read_regular_file(tmp_path / "normal") == b"x\n"
    assert read_regular_file(tmp_path / "normal", 1) is None


@pytest.mark.long
def test_no_kind_of_file_blocks(tmp_path: Path) -> None:
    opened = find_opened_names(tmp_path / "seen")
    assert set(opened) >= KNOWN
    pairs = [
        *itertools.product(opened, KINDS),
        *((name, "pipe") for name in READ_BY_GIT if name not in opened),
    ]
    wrong = {}
    for number, (name, kind) in enumerate(pairs):
        repo = create_repository(tmp_path / str(number))
        replace_with_special(repo.path / ".git" / name, kind)
        if stuck := find_stuck_commands(repo, (("check", "--fix", "HEAD~2..HEAD"),)):
            wrong[name, kind] = stuck
    assert wrong == {}
