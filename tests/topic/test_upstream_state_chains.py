# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that send, track and the subject prefix follow a backport of a backport to mainline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.sending.preflight_facts import _find_upstream_commits
from patchpilot.topic.upstream_state import find_backport_prefix
from patchpilot.tracking.posted_commit import _find_upstream
from tests.kit.repos import Repo


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """Open a repository with a fix in mainline and a backport, and on HEAD a pick of the latter."""
    repo = Repo(tmp_path / "r")
    repo.commit("Linux 6.1", {"f.c": "int a;\n", "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"})
    repo.tag("v6.1")
    fix = repo.commit("net: fix it", {"f.c": "int b;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("checkout -q --detach v6.1")
    stable = repo.commit(f"net: fix it\n\ncommit {fix} upstream.\n", {"f.c": "int b;\n"})
    repo.git("update-ref refs/remotes/stable/linux-6.1.y", stable)
    repo.git("checkout -q -b topic v6.1")
    repo.commit("own", {"own.c": "int x;\n"})
    repo.git("update-ref refs/remotes/stable/linux-5.15.y HEAD")
    message = f"net: fix it\n\nText.\n\n(cherry picked from commit {stable})\n"
    repo.commit(message, {"f.c": "int b; /* own */\n"})
    with Repository.open(repo.path) as opened_repository:
        yield opened_repository


def test_stable_id_is_a_known_upstream_commit(repository: Repository) -> None:
    ids = [repository.resolve("HEAD")]
    series = read_commits_series(repository, ids, None)
    assert set(_find_upstream_commits(repository, series).values()) == {True}


def test_prefix_names_the_stable_tree(repository: Repository) -> None:
    assert find_backport_prefix(repository, [repository.resolve("HEAD")]) == "PATCH 5.15.y"


def test_posted_commit_is_the_mainline_commit(repository: Repository) -> None:
    commit = repository.commit(repository.resolve("HEAD"))
    assert _find_upstream(repository, commit).id == repository.resolve("origin/master")
