# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which reverts are in effect, and what a revert fixes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History
from patchpilot.history.reverts import parse_revert_title
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a fix of a bug on master, and a branch `stable` that has only the bug."""
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("start", {"f.c": "int a;\n"})
    new_repo.commit("net: add the bug", {"f.c": "int b;\n"})
    new_repo.branch("stable")
    new_repo.commit("own work", {"own.c": "x\n"})
    new_repo.checkout("master")
    fix_text = f'net: fix it\n\nFixes: {resolve(new_repo, "stable^")[:12]} ("net: add the bug")\n'
    new_repo.commit(fix_text, {"f.c": "int c;\n"})
    return new_repo


@pytest.fixture
def history(repo: Repo) -> Iterator[History]:
    with Repository.open(repo.path) as repository, History(repository) as open_history:
        yield open_history


def resolve(repo: Repo, name: str) -> str:
    return repo.git("rev-parse", name)


def revert(repo: Repo, subject: str, commit: str, content: str = "int b;\n") -> str:
    """Commit a revert; it names no id if `commit` is empty."""
    text = f"This reverts commit {commit}." if commit else "It broke the start."
    return repo.commit(f"{subject}\n\n{text}\n", {"f.c": content})


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ('Revert "net: fix it"', "net: fix it"),
        ('Reapply "net: fix it"', 'Revert "net: fix it"'),
        ('Revert "Reapply "net: fix it""', 'Reapply "net: fix it"'),
        ('UPSTREAM: Revert "net: fix it"', "net: fix it"),
        ("net: revert to the old way", None),
        ("net: fix it", None),
    ],
)
def test_title_of_the_reverted_commit(subject: str, title: str | None) -> None:
    assert parse_revert_title(subject) == title


@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize("again", ['Reapply "net: fix it"', 'Revert "Revert "net: fix it""'])
def test_revert_is_in_effect_until_the_fix_is_reapplied(
    repo: Repo, history: History, has_id: bool, again: str
) -> None:
    fix = resolve(repo, "master")
    undone = revert(repo, 'Revert "net: fix it"', fix if has_id else "")
    assert history.find_revert(fix, undone) == undone
    reapplied = revert(repo, again, undone if has_id else "", "int c;\n")
    assert history.find_revert(fix, reapplied) is None
    undone_again = revert(repo, f'Revert "{again}"', reapplied if has_id else "")
    assert history.find_revert(fix, undone_again) == undone


def test_fix_that_was_merged_again_is_in_effect(repo: Repo, history: History) -> None:
    fix = resolve(repo, "master")
    revert(repo, 'Revert "net: fix it"', "")
    again = repo.commit("net: fix it", {"f.c": "int c;\n"})
    landing = history.landed(fix, again)
    assert landing
    assert (landing.commit, landing.holds) == (again, True)


def test_revert_fixes_the_commit_that_it_reverts(repo: Repo, history: History) -> None:
    fix, bug = resolve(repo, "master"), resolve(repo, "master^")
    for name in (fix, fix[:12], ""):
        undone = revert(repo, 'Revert "net: fix it"', name)
        assert [culprit.commit for culprit in history.culprits(undone)] == [fix]
        repo.git("reset -q --hard", fix)
    undone = revert(repo, 'Revert "net: fix it"', fix)
    reapplied = revert(repo, 'Reapply "net: fix it"', undone, "int c;\n")
    assert [culprit.commit for culprit in history.culprits(reapplied)] == [undone, bug]


def test_revert_in_another_commit_adds_a_culprit(repo: Repo, history: History) -> None:
    fix, bug = resolve(repo, "master"), resolve(repo, "master^")
    better = revert(
        repo,
        "net: fix it well",
        f'{fix}.\n\nIt was wrong.\n\nFixes: {bug[:12]} ("net: add the bug")',
    )
    assert {culprit.commit for culprit in history.culprits(better)} == {fix, bug}


def test_own_revert_of_a_branch_is_the_revert(repo: Repo, history: History) -> None:
    fix = resolve(repo, "master")
    undone = revert(repo, 'Revert "net: fix it"', fix)
    repo.checkout("stable")
    assert history.landed(undone, resolve(repo, "stable")) is None
    backport = repo.commit(f"net: fix it\n\ncommit {fix} upstream.\n", {"f.c": "int d;\n"})
    assert history.landed(undone, backport) is None
    own_revert = revert(repo, 'Revert "net: fix it"', backport, "int e;\n")
    landing = history.landed(undone, own_revert)
    assert landing
    assert (landing.commit, landing.how) == (own_revert, "revert")


def test_branch_that_never_reverted_has_the_reapplied_fix(repo: Repo, history: History) -> None:
    fix = resolve(repo, "master")
    undone = revert(repo, 'Revert "net: fix it"', fix)
    reapplied = revert(repo, 'Reapply "net: fix it"', undone, "int c;\n")
    repo.checkout("stable")
    backport = repo.commit(f"net: fix it\n\ncommit {fix} upstream.\n", {"f.c": "int d;\n"})
    landing = history.landed(reapplied, backport)
    assert landing
    assert (landing.commit, landing.how) == (backport, "reapplied")


def test_fixes_tag_with_the_id_of_a_backport_counts(repo: Repo, history: History) -> None:
    fix = resolve(repo, "master")
    repo.checkout("stable")
    backport = repo.commit(f"net: fix it\n\ncommit {fix} upstream.\n", {"f.c": "int d;\n"})
    repo.checkout("master")
    later = repo.commit(f'net: again\n\nFixes: {backport[:12]} ("net: fix it")\n', {"g.c": "x\n"})
    # the branch with the backport was never asked about
    assert history.fixers(fix, later) == (later,)


@pytest.mark.parametrize(
    ("subject", "content", "is_revert"),
    [
        ("net: revert the fix of it", "int b;\n", True),
        ("net: revert to another way", "int d;\n", False),
        ("net: change it back", "int b;\n", False),
    ],
)
def test_fix_that_calls_itself_a_revert_and_undoes_the_change_is_one(
    repo: Repo, history: History, subject: str, content: str, is_revert: bool
) -> None:
    fix = resolve(repo, "master")
    text = f'{subject}\n\nIt is slow.\n\nFixes: {fix[:12]} ("net: fix it")\n'
    undone = repo.commit(text, {"f.c": content})
    assert history.find_revert(fix, undone) == (undone if is_revert else None)


def test_revert_may_name_the_pick_of_a_commit(repo: Repo, history: History) -> None:
    fix = resolve(repo, "master")
    repo.git("branch next", fix)
    repo.git("reset -q --hard", f"{fix}~1")
    pick = repo.commit(f"net: fix it\n\n(cherry picked from commit {fix})\n", {"f.c": "int c;\n"})
    repo.git("merge -q --no-edit next")
    undone = revert(repo, 'Revert "net: fix it"', pick)
    assert history.find_revert(pick, undone) == undone
    assert history.find_revert(fix, undone) == undone
