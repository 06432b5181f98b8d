# SPDX-License-Identifier: GPL-2.0-or-later
"""What rules about history are told by a real repository."""

from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.services.history_facts import RepositoryFacts
from tests.kit.repos import Repo


def test_a_stale_branch_denies_nothing(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    old = repo.commit("frob: a\n", {"a": "1\n"})
    new = repo.commit("frob: b\n", {"a": "2\n"})
    own = repo.commit("frob: c\n", {"a": "3\n"})
    repo.git("update-ref", "refs/remotes/origin/master", old)
    repo.git("update-ref", "refs/remotes/origin/main", new)
    with Repository.open(repo.path) as opened:
        facts = RepositoryFacts(opened)
        assert facts.is_ancestor_of_mainline(old) is True
        assert facts.is_ancestor_of_mainline(new) is True
        assert facts.is_ancestor_of_mainline(own) is False


def test_without_a_mainline_nothing_is_said(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    commit = repo.commit("frob: a\n", {"a": "1\n"})
    with Repository.open(repo.path) as opened:
        facts = RepositoryFacts(opened)
        assert facts.is_ancestor_of_mainline(commit) is None
        assert facts.find(commit[:10]) == opened.commit(commit)
        assert facts.find("0123456789ab") is None
        assert facts.subjects_touching(["a"]) == ("frob: a",)
        assert facts.is_ancestor(commit, commit) is True
        assert facts.first_release(commit) is None


def test_the_first_final_release_counts(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "linux")
    commit = repo.commit("frob: a\n", {"a": "1\n"})
    repo.tag("v6.1-rc1")
    repo.commit("frob: b\n", {"a": "2\n"})
    repo.tag("v6.1")
    with Repository.open(repo.path) as opened:
        assert RepositoryFacts(opened).first_release(commit) == "v6.1"
