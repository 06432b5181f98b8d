# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the tip of the branch against which patches are checked.

The clones are like those of kernel developers.
"""

from pathlib import Path

import pytest

from patchpilot.backports.target_tip import find_target_tree
from patchpilot.commits.repository import Repository
from patchpilot.outgoing.target_tree import TargetTree
from patchpilot.sending.questions import find_pre_send_questions
from tests.kit.bases import (
    SUBMAINTAINER,
    add_commits,
    add_remote,
    clone,
    commit_fix,
    create_upstream,
)
from tests.kit.repos import Repo


def target(repo: Repo, revision: str = "HEAD", base_name: str | None = None) -> TargetTree | None:
    """Return the target for a commit. If `revision` is "", return the target for patch files."""
    with Repository.open(repo.path) as repository:
        return find_target_tree(
            repository, [repository.resolve(revision)] if revision else [], base_name
        )


def find_target_label(repo: Repo, revision: str = "HEAD", base_name: str | None = None) -> str:
    result = target(repo, revision, base_name)
    return result.label if result else ""


@pytest.fixture
def stale_clone(tmp_path: Path) -> Repo:
    """Create a clone with an outdated origin/master, and a topic without an upstream.

    origin/HEAD is main.
    """
    repo = clone(create_upstream(tmp_path / "up"), tmp_path / "r")
    repo.git("checkout -q --no-track -b topic origin/main")
    commit_fix(repo)
    return repo


def test_stale_origin_master_is_not_a_target(stale_clone: Repo) -> None:
    chosen = target(stale_clone)
    assert chosen is not None
    assert (chosen.label, chosen.tip) == (
        "origin/main",
        stale_clone.git("rev-parse origin/main"),
    )
    with Repository.open(stale_clone.path) as repository:
        assert find_pre_send_questions(repository).target == chosen


def test_target_is_the_current_branch_tip(stale_clone: Repo, tmp_path: Path) -> None:
    source = Repo.__new__(Repo)
    source.path, source._clock = tmp_path / "up", stale_clone._clock
    newest = add_commits(source, 2, "newer")
    stale_clone.git("fetch -q")
    chosen = target(stale_clone)
    assert chosen is not None
    assert (chosen.label, chosen.tip) == ("origin/main", newest)


def test_branch_can_be_a_target(stale_clone: Repo) -> None:
    assert find_target_label(stale_clone, base_name="origin/master") == "origin/master"
    for word in (
        stale_clone.git("rev-parse origin/master"),
        stale_clone.git("rev-parse --short origin/master"),
        "HEAD~1",
        "origin/main~1",
    ):
        assert find_target_label(stale_clone, base_name=word) == "origin/main"


def test_pushed_copy_is_not_a_target(tmp_path: Path) -> None:
    source = create_upstream(tmp_path / "up")
    repo = clone(clone(source, tmp_path / "fork", "--bare"), tmp_path / "r")
    add_remote(repo, "upstream", source)
    repo.git("checkout -q --no-track -b topic upstream/main")
    commit_fix(repo)
    repo.git("push -q -u origin topic")
    assert find_target_label(repo) != "origin/topic"
    assert target(repo) is not None


def test_rebased_upstream_is_the_target(tmp_path: Path) -> None:
    source = create_upstream(tmp_path / "up")
    source.branch("for-next")
    add_commits(source, 3, "queued", SUBMAINTAINER)
    repo = clone(source, tmp_path / "r")
    repo.branch("topic", "origin/for-next")
    commit_fix(repo)
    source.git("reset -q --hard main")
    now = add_commits(source, 3, "requeued", SUBMAINTAINER)
    repo.git("fetch -q origin")
    chosen = target(repo)
    assert chosen is not None
    assert (chosen.label, chosen.tip) == ("origin/for-next", now)


def test_commit_uses_its_branch_target(stale_clone: Repo) -> None:
    stale_clone.git("checkout -q --track -b other origin/master")
    stale_clone.commit("other: fix\n", {"other.c": "int o;\n"})
    assert find_target_label(stale_clone) == "origin/master"
    assert find_target_label(stale_clone, "topic") == "origin/main"


def test_patch_files_use_the_current_base(stale_clone: Repo, tmp_path: Path) -> None:
    assert find_target_label(stale_clone, "") == "origin/main"
    stale_clone.git("checkout -q main")
    assert find_target_label(stale_clone, "") == "origin/main"
    alone = Repo(tmp_path / "alone")
    assert find_target_label(alone, "") == ""
    alone.commit("start\n", {"a.c": "int a;\n"})
    chosen = target(alone, "")
    assert chosen is not None
    assert chosen.label == "master"
