# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading branches created by `b4 prep`. The cover letter is not read as a patch."""

from pathlib import Path

import pytest

from patchpilot.commits.b4_prep import PrepBranch, prep_branch
from patchpilot.commits.range import read_targets
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.tags.find_culprits import _list_commits_since_base
from patchpilot.topic.base import BaseSource, find_base, list_topic_commits
from patchpilot.topic.read_series import read_series
from tests.kit.b4 import run_b4
from tests.kit.prep import COVER, STRATEGIES, create_prep_repository
from tests.kit.repos import Repo

BRANCH = "b4/widget"


def read_prep_branch(repo: Repo, branch: str | None = BRANCH) -> PrepBranch | None:
    with Repository.open(repo.path) as repository:
        return prep_branch(repository, branch)


def read_patch_subjects(repo: Repo, target: str | None = None) -> list[str]:
    """Return the subjects of a TARGET's patches, after reading them in two ways."""
    with Repository.open(repo.path) as repository:
        (series,) = read_series([target] if target else [], repository)
        assert [patch.commit for patch in series.patches] == list(
            list_topic_commits(repository, target)
        )
    return [patch.subject.title for patch in series.patches]


def read_cover_letter(repo: Repo) -> str:
    return repo.git("log --format=%H -F '--grep=--- b4-submit-tracking ---' master..")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_b4_tracking_data_is_read(tmp_path: Path, strategy: str) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy, 2, cover=COVER)
    run_b4(repo, "prep", "--set-prefixes", "RFC", "net")
    run_b4(repo, "prep", "--force-revision", "3")
    known = read_prep_branch(repo)
    assert known is not None
    shown = dict(
        line.split(": ", 1) for line in run_b4(repo, "prep", "--show-info").stdout.splitlines()
    )
    assert (known.strategy, known.revision, known.prefixes) == (
        strategy,
        3,
        ("RFC", "net"),
    )
    assert (known.change_id, known.base) == (shown["change-id"], shown["base-commit"])
    assert known.base == repo.git("rev-parse master")
    assert known.cover_commit == (read_cover_letter(repo) or None)
    assert [address.header() for address in known.to] == ["Mona Maintainer <mona@example.org>"]
    assert [address.header() for address in known.cc] == ["widget@lists.example.org"]
    assert known.text.startswith("widget: two lines were wrong\n\nBoth lines")
    assert "comment" not in known.text
    assert "To:" not in known.text
    assert "\n#1 is the register.\n" in known.text


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("above", [False, True])
def test_cover_letter_commit_is_not_a_patch(tmp_path: Path, strategy: str, above: bool) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy, 2, patches_above=above)
    expected = ["widget: change line 1", "widget: change line 2"]
    assert read_patch_subjects(repo) == expected
    assert read_patch_subjects(repo, "master..HEAD") == expected
    assert (
        read_patch_subjects(repo, f"HEAD~{2 if strategy == 'branch-description' else 3}..")
        == expected
    )


@pytest.mark.parametrize("strategy", ["commit", "tip-commit"])
def test_cover_letter_target_is_refused(tmp_path: Path, strategy: str) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy)
    for target in (
        read_cover_letter(repo),
        *(["HEAD"] if strategy == "tip-commit" else []),
    ):
        with pytest.raises(UsageError, match="is b4's cover letter, not a patch"):
            read_patch_subjects(repo, target)


def test_base_is_below_the_cover_letter(
    tmp_path: Path,
) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit")
    with Repository.open(repo.path) as repository:
        (series,) = read_targets([f"{read_cover_letter(repo)}.."], repository)
    assert series.base == repo.git("rev-parse master")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_branch_without_a_patch_is_reported(tmp_path: Path, strategy: str) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy, 0)
    with pytest.raises(
        UsageError,
        match=r"no patches: .* is b4's cover letter|no commits on top of the base",
    ):
        read_patch_subjects(repo)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_base_is_stable_while_the_branch_moves(tmp_path: Path, strategy: str) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy)
    base = repo.git("rev-parse master")
    repo.checkout("master")
    repo.commit("other: go on", {"other.c": "int x;\n"})
    repo.checkout(BRANCH)
    known = read_prep_branch(repo)
    assert known is not None
    assert known.base == base


def test_changes_in_the_cover_commit_are_reported(tmp_path: Path) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit", 0)
    repo.put("widget.c", "int lost;\n")
    repo.git("commit -qa --amend --no-edit")
    with pytest.raises(UsageError, match="cover letter commit, but it also changes files"):
        read_patch_subjects(repo)


@pytest.mark.parametrize("strategy", ["commit", "tip-commit"])
def test_pushed_b4_branch_is_recognized(tmp_path: Path, strategy: str) -> None:
    repo = create_prep_repository(tmp_path / "r", strategy)
    repo.git("update-ref", f"refs/remotes/mine/{BRANCH}", "HEAD")
    repo.git("config --remove-section", f"branch.{BRANCH}")
    repo.git("config --unset b4.prep-cover-strategy")
    known = read_prep_branch(repo)
    assert known is not None
    assert (known.strategy, known.base) == (strategy, repo.git("rev-parse master"))


def test_cover_letter_by_another_author_is_ignored(
    tmp_path: Path,
) -> None:
    repo = create_prep_repository(tmp_path / "r", "commit")
    repo.git("-c user.email=other@example.org rebase -q --force-rebase master")
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("widget: another\n\nText.", {"widget.c": "int other;\n"})
    assert read_prep_branch(repo, "topic") is None
    assert read_patch_subjects(repo) == ["widget: another"]


def test_commit_that_mentions_b4_is_not_a_cover_letter(tmp_path: Path) -> None:
    repo = create_prep_repository(tmp_path / "r", "branch-description")
    repo.commit(
        "widget: quote\n\nThe marker is\n--- b4-submit-tracking ---\nand no more.",
        {"widget.c": "int quote;\n"},
    )
    assert read_patch_subjects(repo)[-1] == "widget: quote"


def test_unreadable_tracking_data_is_ignored(tmp_path: Path) -> None:
    repo = create_prep_repository(tmp_path / "r", "branch-description")
    for text in ("{", "[]", '{"series": 1}', "[" * 100000):
        repo.git("config", f"branch.{BRANCH}.b4-tracking", text)
        assert read_prep_branch(repo) is None
    repo.git(
        "config",
        f"branch.{BRANCH}.b4-tracking",
        '{"series": {"revision": "x", "prefixes": 3, "history": [1], "base-branch": {}}}',
    )
    known = read_prep_branch(repo)
    assert known is not None
    assert (known.revision, known.prefixes, known.history, known.base) == (
        1,
        (),
        (),
        None,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_named_commit_keeps_the_branch_base(tmp_path: Path, strategy: str) -> None:
    """Test that b4's base is preferred to a remote branch that is closer but contains the first
    patch.
    """
    repo = create_prep_repository(tmp_path / "r", strategy, 2)
    base = repo.git("rev-parse master")
    first, second = (
        repo.git("log --format=%H", f"--grep=change line {number}") for number in (1, 2)
    )
    repo.git("update-ref refs/remotes/origin/for-next", first)
    repo.git("tag -a -m sent sent/widget-v1 HEAD")
    for word in (BRANCH, "master"):
        repo.checkout(word)
        with Repository.open(repo.path) as repository:
            base_ = find_base(repository, head=second)
            assert (base_.source, base_.start, base_.commits) == (
                BaseSource.B4,
                base,
                (first, second),
            )
            assert find_base(repository, head=first).commits == (first,)
            assert find_base(repository, head=base).source is not BaseSource.B4
            assert set(_list_commits_since_base(repository, repository.commit(second), None)) >= {
                first,
                second,
            }
