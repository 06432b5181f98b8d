# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `undo`, and the hint that it prints if a branch cannot be restored."""

import json
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import read_undo_refs, record_undo
from patchpilot.errors import ExitCode
from patchpilot.resources import state_path
from tests.kit.repos import Repo
from tests.kit.topics import topic_with_spaces


def test_changed_branch_can_be_restored(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first\n", {"a.c": "int a;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.commit("a: second\n\nwhy\n", {"a.c": "int b;\n"})
    assert "undo list" in repo.patchpilot("undo").err
    assert repo.patchpilot("prepare --signoff --fixes none --stable none").code == 0
    repo.commit("a: third\n", {"a.c": "int c;\n"})
    reported_outcome = repo.patchpilot("undo")
    assert reported_outcome.code == ExitCode.USAGE
    assert "`patchpilot undo restore 1` restores master or shows how" in reported_outcome.err
    assert "git rebase --onto" in repo.patchpilot("undo restore", 1).err


def test_undo_restores_the_branch(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first\n", {"a.c": "int a;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.commit("a: second\n\nwhy\n", {"a.c": "int b;\n"})
    repo.git("branch two HEAD^")
    words = "prepare --signoff --fixes none --stable none"
    assert repo.patchpilot(words).code == 0
    rewritten_commit = repo.git("rev-parse master")
    repo.checkout("two")
    outcome = repo.patchpilot("undo")
    outcome.expect(ExitCode.USAGE, "nothing to undo on two", "undo restore 1` restores master")
    assert repo.git("rev-parse master") == rewritten_commit
    assert repo.patchpilot("undo restore", 1).code == 0
    assert repo.git("rev-parse master") != rewritten_commit


def test_records_without_state_are_named(tmp_path: Path) -> None:
    """After a move to another machine, and for records of versions that kept no state."""
    repo = Repo(tmp_path / "r")
    repo.commit("first\n", {"a.c": "int a;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    old_commit = repo.commit("a: second\n\nwhy\n", {"a.c": "int b;\n"})
    words = "prepare --signoff --fixes none --stable none"
    assert repo.patchpilot(words).code == 0
    for file in (state_path() / "undo").iterdir():
        file.unlink()
    listed = repo.patchpilot("undo list").out
    assert "1 record of another machine, version or user" in listed
    assert "`git branch rescue 'refs/patchpilot/undo/1^1'` restores" in listed
    assert repo.git("rev-parse refs/patchpilot/undo/1^1") == old_commit
    assert repo.patchpilot("undo list --json").json["unread_refs"] == ["refs/patchpilot/undo/1"]
    repo.patchpilot("undo restore 1").expect(2, "no such undo record", "git branch rescue")
    # new records get numbers after these
    for number in range(2, 30):
        repo.git(f"update-ref refs/patchpilot/undo/{number} refs/patchpilot/undo/1")
    words = "prepare --trailer Link:https://example.org/1 --yes"
    assert repo.patchpilot(words).code == 0
    assert repo.patchpilot("undo list --json").json["records"][0]["number"] == 30


def test_planted_undo_record_is_ignored(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("first\n", {"a.c": "int a;\n"})
    facts = {
        "ref": "refs/heads/master",
        "old": first_commit,
        "new": first_commit,
        "verb": "x",
    }
    text = json.dumps({**facts, "when": 1, "commits": []})
    tree = repo.git("rev-parse HEAD^{tree}")
    record = repo.git("commit-tree", tree, stdin=f"patchpilot undo\n\n{text}\n")
    repo.git("update-ref refs/patchpilot/undo/1", record)
    repo.patchpilot("undo").expect(2, "nothing to undo")
    repo.patchpilot("undo restore 1").expect(2, "no such undo record")
    assert record not in repo.patchpilot("undo list").out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("old", "--output=pwned"),
        ("new", "HEAD"),
        ("ref", "--force"),
        ("ref", "refs/heads/-x"),
        ("ref", "refs/heads/a..b"),
        ("ref", "refs/heads/a b"),
        ("ref", "HEAD"),
    ],
)
def test_record_values_are_validated(tmp_path: Path, key: str, value: str) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("first\n", {"a.c": "int a;\n"})
    with Repository.open(repo.path) as repository:
        record_undo(repository, "refs/heads/master", first_commit, first_commit, "x")
        assert len(read_undo_refs(repository)[0]) == 1
        (file,) = (state_path() / "undo").iterdir()
        file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
        assert read_undo_refs(repository)[0] == ()


def test_unwritable_record_blocks_a_rewrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic_with_spaces(tmp_path / "r", 1)
    for name in ("STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", "/dev/null/nowhere")
    before = repo.state()
    for words in (
        "check HEAD",
        "stable HEAD",
        "undo list",
        "backport HEAD --onto HEAD~",
        "doctor --offline",
        "fixes HEAD",
    ):
        assert repo.patchpilot(words).code in (0, 1), words
    for words in ("check --fix", "prepare --trailer Link:https://example.org/1 --yes"):
        repo.patchpilot(words).expect(2, "cannot write")
        assert repo.state() == before
