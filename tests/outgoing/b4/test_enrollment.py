# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that b4's tracking data contains the base branch that the user requested."""

import json
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.outgoing.b4.enrollment import choose_base_name
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import topic


def read_base_branch(repo: Repo) -> str:
    return json.loads(repo.git("config branch.topic.b4-tracking"))["series"]["base-branch"]


def test_send_names_the_requested_base(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("branch -q --unset-upstream")
        repo.git("branch hk master")
        arguments = (
            "--to",
            "l@lists.example.org",
            "--via",
            "b4",
            "--base",
            "master",
            "--force",
            "x",
            "--yes",
        )
        outcome = repo.patchpilot("send", *arguments)
        assert outcome.code == 0, outcome.err
        assert len(server.take()) == 1
    assert read_base_branch(repo) == "master"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("master", "master"),
        ("refs/heads/master", "master"),
        ("origin/main", "origin/main"),
        ("v1", "hk"),
        ("apart", "hk"),
        (None, "hk"),
    ],
)
def test_fork_point_is_the_base(tmp_path: Path, asked: str | None, expected: str) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("branch -q --unset-upstream")
    base = repo.git("rev-parse master")
    repo.git("branch hk master")
    repo.git("tag v1 master")
    repo.git("branch apart", repo.git("commit-tree -m apart 'master^{tree}'"))
    if expected.startswith("origin/"):
        repo.git("update-ref refs/remotes/origin/main", base)
    with Repository.open(repo.path) as repository:
        assert choose_base_name(repository, "topic", base, asked) == expected
