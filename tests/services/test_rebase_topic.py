# SPDX-License-Identifier: GPL-2.0-or-later
"""A topic rebased onto another tree: the commits, the files, the undo record, and what blocks it."""  # noqa: E501

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError, UsageError
from patchpilot.services.tags.undo_rewrite import undo_restore
from patchpilot.topic.rebase_topic import RebaseResult, rebase_topic
from patchpilot.topic.topic_base import topic_commits
from tests.kit.bases import add_remote, clone, fix, grow, upstream
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A topic of two commits over origin/main; the remote net has three commits more."""
    mainline = upstream(tmp_path / "up")
    net = clone(mainline, tmp_path / "net", "-b", "main")
    grow(net, 3, "net")
    made = clone(mainline, tmp_path / "r", "-b", "main")
    add_remote(made, "net", net)
    made.git("checkout", "-q", "-b", "topic", "--track", "origin/main")
    fix(made, 1)
    fix(made, 2)
    return made


def rebased(repo: Repo, onto: str = "net/main", **more: object) -> RebaseResult:
    with Repository.open(repo.path) as repository:
        return rebase_topic(repository, onto, **more)  # type: ignore[arg-type]


def test_the_commits_are_above_the_tree_and_the_files_follow(repo: Repo) -> None:
    before = repo.git("rev-parse", "HEAD")
    (repo.path / "mine.txt").write_text("mine")
    result = rebased(repo)
    assert (result.commits, result.onto, result.costs, result.base) == (
        2,
        "net/main",
        (),
        "net/main",
    )
    assert repo.git("log", "--format=%s", "net/main..HEAD").splitlines() == [
        "widget: fix 2",
        "widget: fix 1",
    ]
    assert repo.git("log", "--format=%an %aI", "-1") == repo.git(
        "log", "--format=%an %aI", "-1", before
    )
    assert repo.git("status", "--porcelain") == "?? mine.txt"
    assert (repo.path / "net.c").read_text() == "int net2;\n"
    assert (repo.path / "fix2.c").exists()
    with Repository.open(repo.path) as repository:
        assert len(topic_commits(repository, None, result.base)) == 2
        undo_restore(repository)
    assert repo.git("rev-parse", "HEAD") == before
    assert not (repo.path / "net.c").exists()
    assert rebased(repo, "origin/main").undo is None


def test_a_conflict_names_commit_and_file_and_changes_nothing(repo: Repo) -> None:
    repo.commit("net: change it here too\n\nIt was wrong.\n", {"net.c": "int mine;\n"})
    before = repo.git("rev-parse", "HEAD")
    with pytest.raises(
        RefusedError, match=r"net: change it here too conflicts with net/main in net\.c"
    ) as error:
        rebased(repo)
    assert "git rebase net/main" in str(error.value.advice)
    assert (repo.git("rev-parse", "HEAD"), repo.git("status", "--porcelain")) == (
        before,
        "",
    )


def test_a_change_that_is_there_already_is_not_made_empty(repo: Repo) -> None:
    repo.commit("net: the same\n", {"net.c": repo.git("show", "net/main:net.c") + "\n"})
    with pytest.raises(
        RefusedError, match="net/main already contains the change of net: the same"
    ):
        rebased(repo)


def test_files_that_it_would_overwrite_block_it_and_other_changes_stay(
    repo: Repo,
) -> None:
    repo.put("mainline.c", "int changed;\n")
    repo.put("net.c", "int mine;\n")
    before = repo.git("rev-parse", "HEAD")
    with pytest.raises(
        RefusedError, match=r"working tree could not be updated.*net\.c"
    ):
        rebased(repo)
    assert repo.git("rev-parse", "HEAD") == before
    (repo.path / "net.c").unlink()
    assert rebased(repo).undo
    assert repo.git("status", "--porcelain") == " M mainline.c"
    repo.put("net.c", "int changed;\n")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(RefusedError, match=r"net\.c has uncommitted changes"),
    ):
        undo_restore(repository)


def test_what_is_published_needs_the_word(repo: Repo) -> None:
    repo.git("update-ref", "refs/remotes/mine/topic", "HEAD")
    with pytest.raises(RefusedError, match="already published in mine/topic"):
        rebased(repo, base="origin/main")
    assert rebased(repo, base="origin/main", overrides=("published",)).undo


def test_a_topic_with_a_merge_is_left_to_git(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side", "HEAD~1")
    fix(repo, 3)
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "--no-edit", "side")
    with pytest.raises(UsageError) as error:
        rebased(repo, base="origin/main")
    assert "git rebase net/main" in str(error.value.advice)
