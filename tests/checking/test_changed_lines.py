# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what hooks of pre-commit check: changed lines of files, and commits that are pushed."""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

OLD = "/* SPDX-License-Identifier: GPL-2.0 */\nint  old ;\nint a;\n"
MESSAGE = f"frob: count it\n\nThe user has to see the size. Count it.\n\n{SIGNED_LINE}"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit(MESSAGE, {"lib/frob.h": OLD})
    monkeypatch.chdir(repo.path)
    return repo


def check_changed_lines(*files: str) -> tuple[int, set[str]]:
    outcome = call("check -f --format checkpatch --changed-lines --", *files)
    return outcome.code, {line.split(": ")[0] for line in outcome.out.splitlines()}


def test_only_changed_lines_are_reported(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("check -f lib/frob.h").code == 1
    assert check_changed_lines("lib/frob.h") == (0, set())
    (repo.path / "lib/frob.h").write_text(f"{OLD}int  b ;\n")
    assert check_changed_lines("lib/frob.h") == (1, {"lib/frob.h:4"})
    monkeypatch.chdir(repo.path / "lib")
    assert check_changed_lines("frob.h") == (1, {"frob.h:4"})


def test_all_lines_of_a_new_file_are_changed(repo: Repo) -> None:
    (repo.path / "lib/new.h").write_text(OLD)
    assert check_changed_lines("lib/new.h", "lib/frob.h") == (1, {"lib/new.h:2"})
    repo.git("mv lib/frob.h lib/grob.h")
    assert check_changed_lines("lib/grob.h") == (0, set())


def test_range_of_pre_commit_is_compared(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit(MESSAGE, {"lib/frob.h": f"{OLD}int  b ;\n"})
    assert check_changed_lines("lib/frob.h") == (0, set())
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    assert check_changed_lines("lib/frob.h") == (1, {"lib/frob.h:4"})


def test_changed_lines_need_files_and_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("check --changed-lines HEAD").code == 2
    (tmp_path / "a.h").write_text(OLD)
    outcome = call("check --tree", tmp_path, "-f", "--changed-lines", tmp_path / "a.h")
    assert (outcome.code, "not in a git repository" in outcome.err) == (3, True), outcome.err


@pytest.fixture
def pushed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Create a branch with a flaw on another base; it is not checked out."""
    repo.git("branch -m master clean")
    repo.git("checkout -q -b upstream")
    repo.commit(MESSAGE, {"lib/up.h": "int  up ;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("checkout -q -b flawed")
    repo.commit(MESSAGE, {"lib/frob.h": f"{OLD}int  b ;\n"})
    repo.git("checkout -q clean")
    repo.commit(MESSAGE, {"lib/frob.h": f"{OLD}int b;\n"})
    monkeypatch.setenv("PRE_COMMIT_TO_REF", repo.git("rev-parse flawed").strip())
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    return repo


def test_pushed_commits_are_checked_and_not_the_branch(
    pushed: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    # an old version of the branch was pushed before; since then, it was rebased
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "clean~1")
    outcome = call("check --pushed")
    assert (outcome.code, "1 patch checked" in outcome.out) == (1, True), outcome.out
    assert "lib/frob.h:4: warning: " in outcome.out
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "upstream")
    outcome = call("check --pushed")
    assert (outcome.code, "excluded ones contain them all" in outcome.err) == (0, True)


def test_commits_of_another_ref_are_skipped(pushed: Repo) -> None:
    for option, count in (((), 2), (("--not", "upstream"), 1)):
        outcome = call("check clean~1..flawed", *option)
        assert outcome.out.startswith(f"{count} patch")
    assert call("check clean~1..flawed --not nosuch").code == 2
    assert call("check --pushed HEAD").code == 2
