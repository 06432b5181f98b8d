# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that moving a branch updates the files in the working tree without losing uncommitted
changes.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.move_branch import move_checked_out_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from tests.kit.repos import Repo


class BranchPlace:
    """A branch `topic` at the commit `old`. The commit `new` changes file `a` and adds a file."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.repo.commit(
            "begin",
            {"a": "1\n", "b": "1\n2\n3\n", "gone": "here\n", ".gitignore": "ignored\n"},
        )
        self.repo.branch("topic")
        self.old = self.repo.commit("change", {"a": "2\n"})
        self.repo.branch("made", "master")
        self.new = self.repo.commit("change", {"a": "3\n"})
        self.repo.checkout("topic")
        self.repository = Repository.open(path)

    def move_branch(self, new_tip: str = "", ref: str | None = "refs/heads/topic") -> None:
        move_checked_out_branch(
            self.repository, ref, new_tip or self.new, self.old, "patchpilot test"
        )

    def read_state(self) -> tuple[str, str, str]:
        return (
            self.repo.git("rev-parse topic"),
            self.repo.git("ls-files --stage a"),
            (self.repo.path / "a").read_text(),
        )


@pytest.fixture
def moved_branch(tmp_path: Path) -> Iterator[BranchPlace]:
    branch_place = BranchPlace(tmp_path / "repo")
    with branch_place.repository:
        yield branch_place


@pytest.mark.parametrize("detached", [False, True])
def test_other_staged_files_stay_staged(moved_branch: BranchPlace, detached: bool) -> None:
    repo = moved_branch.repo
    if detached:
        repo.git("checkout -q --detach")
    repo.put("b", "staged\n")
    repo.put("new", "new\n")
    repo.git("add b new")
    repo.git("rm -q --cached gone")
    repo.put("b", "worked on\n")
    repo.put("meant", "to add\n")
    repo.git("add -N meant")
    before = repo.git("status --porcelain")
    assert "MM b" in before
    moved_branch.move_branch(ref=None if detached else "refs/heads/topic")
    assert repo.git("status --porcelain") == before
    assert (
        repo.git("show :b"),
        (repo.path / "b").read_text(),
        (repo.path / "a").read_text(),
    ) == ("staged", "worked on\n", "3\n")
    assert repo.git("rev-parse HEAD") == moved_branch.new
    assert repo.git("rev-parse topic") == (moved_branch.old if detached else moved_branch.new)
    assert repo.git("branch --show-current") == ("" if detached else "topic")
    assert repo.git("config", "--get-regexp", r"^branch\.", must_succeed=False) == ""


def test_branch_in_two_worktrees_is_refused(moved_branch: BranchPlace, tmp_path: Path) -> None:
    moved_branch.repo.git("worktree add -q -f", str(tmp_path / "other"), "topic")
    before = moved_branch.read_state()
    with pytest.raises(RefusedError, match="other, whose files would not be updated"):
        moved_branch.move_branch()
    assert moved_branch.read_state() == before
    moved_branch.repo.git("-C", str(tmp_path / "other"), "checkout", "-q", "--detach")
    moved_branch.move_branch()
    assert moved_branch.read_state()[0] == moved_branch.new


def test_deleted_worktree_is_ignored(moved_branch: BranchPlace, tmp_path: Path) -> None:
    moved_branch.repo.git("worktree add -q -f", str(tmp_path / "other"), "topic")
    shutil.rmtree(tmp_path / "other")
    moved_branch.move_branch()
    assert moved_branch.read_state()[0] == moved_branch.new


def test_assume_unchanged_files_are_not_overwritten(
    moved_branch: BranchPlace,
) -> None:
    moved_branch.repo.git("update-index --assume-unchanged a")
    moved_branch.repo.put("a", "precious\n")
    before = moved_branch.read_state()
    with pytest.raises(RefusedError, match=r"could not be updated: .*overwritten by checkout: a"):
        moved_branch.move_branch()
    assert moved_branch.read_state() == before


@pytest.mark.parametrize("name", ["added", "ignored"])
def test_untracked_file_is_not_overwritten(moved_branch: BranchPlace, name: str) -> None:
    repo = moved_branch.repo
    repo.checkout("made")
    repo.put(name, "theirs\n")
    repo.git("add -f", name)
    new_commit = repo.commit("with one more")
    repo.checkout("topic")
    repo.put(name, "mine\n")
    before = moved_branch.read_state()
    with pytest.raises(RefusedError, match="could not be updated"):
        moved_branch.move_branch(new_commit)
    assert moved_branch.read_state() == before
    assert (repo.path / name).read_text() == "mine\n"


def test_running_git_blocks_changes(moved_branch: BranchPlace) -> None:
    lock = moved_branch.repo.path / ".git" / "index.lock"
    lock.touch()
    before = moved_branch.read_state()
    with pytest.raises(RefusedError, match=r"index\.lock, created"):
        moved_branch.move_branch()
    assert moved_branch.read_state() == before
    lock.unlink()
    moved_branch.move_branch()
    assert moved_branch.read_state()[2] == "3\n"


def test_moved_branch_is_not_changed(moved_branch: BranchPlace) -> None:
    newer_commit = moved_branch.repo.commit("meanwhile", {"b": "more\n"})
    with pytest.raises(RefusedError, match="moved in the meantime"):
        moved_branch.move_branch()
    assert moved_branch.repo.git("rev-parse topic") == newer_commit


def test_sparse_checkout_is_respected(moved_branch: BranchPlace) -> None:
    moved_branch.repo.git("sparse-checkout set --no-cone /* !/a")
    assert not (moved_branch.repo.path / "a").exists()
    moved_branch.move_branch()
    assert (
        moved_branch.repo.git("rev-parse topic"),
        moved_branch.repo.git("status --porcelain"),
    ) == (
        moved_branch.new,
        "",
    )
    assert not (moved_branch.repo.path / "a").exists()


def test_reflog_contains_the_command(moved_branch: BranchPlace) -> None:
    moved_branch.move_branch()
    assert "patchpilot test" in moved_branch.repo.git("reflog -1 HEAD")
    assert moved_branch.repo.git("rev-parse topic@{1}") == moved_branch.old
