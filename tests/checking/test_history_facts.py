# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the facts about the git history that rules get from a repository."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from patchpilot.checking import history_facts
from patchpilot.checking.history_facts import RepositoryFacts
from patchpilot.commits.repository import Repository
from patchpilot.model.commit import CommitForm
from tests.kit.repos import Repo


def test_stale_branch_does_not_prove_that_a_commit_is_missing(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    old_commit = repo.commit("frob: a\n", {"a": "1\n"})
    new_commit = repo.commit("frob: b\n", {"a": "2\n"})
    own = repo.commit("frob: c\n", {"a": "3\n"})
    repo.git("update-ref refs/remotes/origin/master", old_commit)
    repo.git("update-ref refs/remotes/origin/main", new_commit)
    with Repository.open(repo.path) as opened:
        facts = RepositoryFacts(opened)
        assert facts.is_ancestor_of_mainline(old_commit) is True
        assert facts.is_ancestor_of_mainline(new_commit) is True
        assert facts.is_ancestor_of_mainline(own) is False


def test_history_is_not_reported_without_mainline(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    commit = repo.commit("frob: a\n", {"d/a": "1\n"})
    with Repository.open(repo.path) as opened:
        facts = RepositoryFacts(opened)
        assert facts.is_ancestor_of_mainline(commit) is None
        assert facts.find_commit(commit[:10]) == opened.commit(commit)
        assert facts.find_commit("0123456789ab") is None
        assert [form[0] for form in facts.list_commit_forms("d")] == ["frob: a"]
        # the commit that creates a file shows no convention for its changes
        assert facts.list_commit_forms("d/a") == []
        assert facts.is_ancestor(commit, commit) is True
        assert facts.first_release(commit) is None


def test_first_final_release_with_the_commit_is_returned(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    commit = repo.commit("frob: a\n", {"a": "1\n"})
    repo.tag("v6.1-rc1")
    repo.commit("frob: b\n", {"a": "2\n"})
    repo.tag("v6.1")
    with Repository.open(repo.path) as opened:
        assert RepositoryFacts(opened).first_release(commit) == "v6.1"


def test_one_history_walk_serves_many_patches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "linux")
    for number in range(12):
        repo.commit(
            f"frob{number % 3}: change {number}\n",
            {
                f"drivers/frob{number % 3}/a.c": f"{number}\n",
                f"lib/l{number % 4}.c": f"{number}\n",
            },
        )
    paths = ["drivers/frob0", "drivers/frob1", "lib/l0.c", "lib", "drivers", "none"]
    with Repository.open(repo.path) as opened:
        one_by_one = RepositoryFacts(opened)
        at_once = RepositoryFacts(opened)
        at_once.foresee(paths)
        monkeypatch.setattr(
            type(opened),
            "git",
            lambda *_args, **_words: pytest.fail("git was asked again"),
        )
        answers = [at_once.list_commit_forms(path) for path in paths]
        monkeypatch.undo()
        assert answers == [one_by_one.list_commit_forms(path) for path in paths]
    subjects = [form[0] for form in answers[0]]
    assert subjects == [f"frob0: change {number}" for number in (9, 6, 3, 0)]
    assert answers[-1] == []


def test_facts_share_one_log_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "linux")
    for number in range(31):
        message = f"frob: change {number}\n\nIt is late.\n\nFixes: 0123456789ab\n"
        repo.commit(message, {"drivers/frob/a.c": f"{number}\n"})
    with Repository.open(repo.path) as opened:
        read = RepositoryFacts(opened).list_commit_forms("drivers/frob")
    monkeypatch.setattr(history_facts, "stream_output", lambda *_: pytest.fail("the log was read"))
    with Repository.open(repo.path) as opened:
        assert RepositoryFacts(opened).list_commit_forms("drivers/frob") == read
    output = repo.patchpilot("explain --path drivers/frob").out
    assert "`frob:` (100 % of 31 commits to drivers/frob)" in output
    facts = json.loads(repo.patchpilot("explain --path drivers/frob --json").out)["facts"]
    assert ("Fixes:", 100, 31) in {
        (fact["value"], fact.get("share"), fact.get("total")) for fact in facts
    }


def test_shallow_clone_prints_one_note(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "full")
    old, older = (repo.commit(f"frob: step {n}\n", {"a": f"{n}\n"})[:12] for n in (1, 2))
    for n in (3, 4):
        repo.commit(f"frob: step {n}\n", {"a": f"{n}\n"})
    repo.git("clone -q --depth 2", repo.path.as_uri(), str(tmp_path / "shallow"))
    clone = Repo(tmp_path / "shallow")
    for n in (1, 2):
        clone.commit(
            f'frob: fix step {n}\n\nAs of commit {old} ("frob: step 1") this is wrong.\n\n'
            f'Fixes: {older} ("frob: step 2")\nSigned-off-by: Ada Fixer <ada@example.org>\n',
            {"a": f"fixed {n}\n"},
        )
    outcome = clone.patchpilot("check 'HEAD~2..HEAD' --select unknown-commit")
    assert outcome.code == 0
    assert outcome.out.count("the clone is shallow") == 1
    assert f"{old} and 1 other commit could not be checked" in outcome.out
    assert (
        clone.patchpilot("check 'HEAD~2..HEAD' --select unknown-commit --format checkpatch").err
        == ""
    )
    complete = repo.patchpilot("check 'HEAD~2..HEAD' --select unknown-commit")
    assert "shallow" not in complete.err


def test_commits_to_a_file_of_years_ago_count_in_a_small_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "linux", start_time=1_400_000_000)
    repo.commit("frob: add it\n", {"d/a": "1\n"})
    repo.commit("frob: a: change it\n", {"d/a": "2\n"})
    later = Repo(repo.path, start_time=1_700_000_000)
    later.commit("frob: b: add it\n", {"d/b": "1\n"})
    later.commit("frob: b: change it\n", {"d/b": "2\n"})
    assert [form[0] for form in _list_forms(repo)] == ["frob: a: change it"]
    monkeypatch.setattr(history_facts, "COMMITS_BACK", 2)
    later.commit("frob: b: change it again\n", {"d/b": "3\n"})
    assert _list_forms(repo) == []


def _list_forms(repo: Repo) -> Sequence[CommitForm]:
    with Repository.open(repo.path) as opened:
        return RepositoryFacts(opened).list_commit_forms("d/a")
