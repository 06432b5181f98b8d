# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which branches Home lists as topics that were not started."""

import time
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.home.branches import find_candidate_branches, list_branches
from tests.kit.repos import Repo


def test_branch_of_a_trial_is_no_topic(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    commit = repo.commit("base", {"a.c": "int x;\n"})
    for name in ("my-fix", f"try-{commit[:12]}", "try-again"):
        repo.git("branch", name)
    with Repository.open(repo.path) as repository:
        branches = tuple(
            branch._replace(when=time.time(), is_mine=True) for branch in list_branches(repository)
        )
    names = {branch.name for branch in find_candidate_branches(branches, frozenset())}
    assert {"my-fix", "try-again"} <= names
    assert f"try-{commit[:12]}" not in names
