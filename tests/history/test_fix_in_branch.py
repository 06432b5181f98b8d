# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding merged commits by each kind of evidence, and finding commits that revert them."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from patchpilot.commits import objects
from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History, Landing
from tests.kit.repos import Repo

LINES = [f"line {number}\n" for number in range(40)]


def make_file_text(**changes: str) -> str:
    """Return the file in which these lines were changed, such as `l7="seven"`."""
    lines = list(LINES)
    for name, value in changes.items():
        lines[int(name[1:])] = value + "\n"
    return "".join(lines)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a fix on master, and a stable branch that starts before the fix and has a different
    commit.
    """
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("start", {"f.c": make_file_text()})
    new_repo.branch("stable")
    new_repo.commit("own work", {"own.c": "x\n"})
    new_repo.checkout("master")
    new_repo.commit("net: culprit", {"f.c": make_file_text(l5="five")})
    new_repo.commit(
        "net: fix the leak\n\nText.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {"f.c": make_file_text(l5="five", l9="nine")},
    )
    return new_repo


@pytest.fixture
def history(repo: Repo) -> Iterator[History]:
    with (
        Repository.open(repo.path) as repository,
        History(repository) as open_repository,
    ):
        yield open_repository


def resolve_commit(repo: Repo, name: str) -> str:
    return repo.git("rev-parse", name)


def commit_on_stable(repo: Repo, message: str, content: str = "", **author_options: str) -> str:
    repo.checkout("stable")
    commit = repo.commit(message, {"f.c": content or make_file_text(l9="nine"), **author_options})
    repo.checkout("master")
    return commit


def find_landing(repo: Repo, history: History) -> Landing:
    found_landing = history.landed(resolve_commit(repo, "master"), resolve_commit(repo, "stable"))
    assert found_landing
    return found_landing


def test_ancestors_are_in_the_branch(repo: Repo, history: History) -> None:
    landing = history.landed(resolve_commit(repo, "master^"), resolve_commit(repo, "master"))
    assert landing
    assert (landing.commit, landing.how) == (
        resolve_commit(repo, "master^"),
        "ancestry",
    )


def test_unmerged_commit_is_not_found(repo: Repo, history: History) -> None:
    assert history.landed(resolve_commit(repo, "master"), resolve_commit(repo, "stable")) is None


def test_upstream_commit_line_proves_a_backport(repo: Repo, history: History) -> None:
    backport = commit_on_stable(
        repo,
        f"other words\n\ncommit {resolve_commit(repo, 'master')} upstream.\n",
        make_file_text(l30="quite different"),
    )
    landing = find_landing(repo, history)
    assert (landing.commit, landing.how) == (backport, "marker")


def test_backport_of_a_backport_is_found(repo: Repo, history: History) -> None:
    repo.branch("newer", "stable")
    first_commit = repo.commit(
        f"x\n\n[ Upstream commit {resolve_commit(repo, 'master')} ]\n",
        {"f.c": make_file_text(l9="nine")},
    )
    backport = commit_on_stable(repo, f"x\n\n(cherry picked from commit {first_commit})\n")
    history.add([resolve_commit(repo, "newer")])
    landing = find_landing(repo, history)
    assert landing.commit == backport


def test_same_subject_author_and_patch_match(repo: Repo, history: History) -> None:
    backport = commit_on_stable(repo, "net: fix the leak\n\nWithout a marker.\n")
    landing = find_landing(repo, history)
    assert (landing.commit, landing.how) == (backport, "subject")


def test_different_patch_with_the_same_subject_is_ignored(repo: Repo, history: History) -> None:
    commit_on_stable(
        repo,
        "net: fix the leak\n\nElsewhere.\n",
        make_file_text(l30="thirty", l31="more"),
    )
    assert history.landed(resolve_commit(repo, "master"), resolve_commit(repo, "stable")) is None


def test_same_subject_and_date_match(repo: Repo, history: History) -> None:
    repo.checkout("stable")
    repo.put("f.c", make_file_text(l30="thirty", l31="more"))
    repo.git("add -A")
    date = repo.git("log -1 --format=%ad --date=raw master")
    repo.git("commit", "-q", "-m", "net: fix the leak\n\nElsewhere.\n", f"--date={date}")
    landing = find_landing(repo, history)
    assert landing.how == "subject"


def test_incomplete_commits_are_skipped(repo: Repo, history: History) -> None:
    repo.checkout("stable")
    incomplete = repo.commit("net: a big file", {"big.txt": "big\n" * 100})
    commit = repo.commit("UPSTREAM: leak is fixed", {"f.c": make_file_text(l9="nine")})
    blob = repo.git("rev-parse", f"{incomplete}:big.txt")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for _ in range(2):
        landing = history.landed(resolve_commit(repo, "master"), commit)
        assert landing
        assert (landing.commit, landing.how) == (commit, "patch-id")


def test_patch_by_a_different_author_is_ignored(repo: Repo, history: History) -> None:
    repo.checkout("stable")
    repo.put("f.c", make_file_text(l9="nine", l20="and more"))
    repo.git("add -A")
    repo.git("commit -q -m 'net: fix the leak' '--author=Bob Other <bob@example.org>'")
    assert history.landed(resolve_commit(repo, "master"), resolve_commit(repo, "stable")) is None


def test_different_upstream_commit_is_ignored(repo: Repo, history: History) -> None:
    commit_on_stable(repo, f"net: fix the leak\n\ncommit {'a' * 40} upstream.\n")
    assert history.landed(resolve_commit(repo, "master"), resolve_commit(repo, "stable")) is None


def test_same_patch_with_another_subject_is_found(repo: Repo, history: History) -> None:
    repo.checkout("stable")
    repo.git("merge-base HEAD master")
    commit = repo.commit("UPSTREAM: leak is fixed", {"f.c": make_file_text(l9="nine")})
    landing = history.landed(resolve_commit(repo, "master"), commit)
    assert landing
    assert (landing.commit, landing.how) == (commit, "patch-id")
    assert history.landed(resolve_commit(repo, "master"), commit) == landing


def test_reverted_backport_is_ignored(repo: Repo, history: History) -> None:
    backport = commit_on_stable(repo, f"x\n\ncommit {resolve_commit(repo, 'master')} upstream.\n")
    undone = commit_on_stable(
        repo,
        f'Revert "x"\n\nThis reverts commit {backport} which is\ncommit'
        f" {resolve_commit(repo, 'master')} upstream.\n",
        make_file_text(),
    )
    landing = find_landing(repo, history)
    assert (landing.commit, landing.reverted_by, landing.holds) == (
        backport,
        undone,
        False,
    )


def test_fix_is_in_effect_if_its_revert_was_reverted(repo: Repo, history: History) -> None:
    backport = commit_on_stable(repo, f"x\n\ncommit {resolve_commit(repo, 'master')} upstream.\n")
    undone = commit_on_stable(
        repo, f'Revert "x"\n\nThis reverts commit {backport}.\n', make_file_text()
    )
    commit_on_stable(repo, f'Revert "Revert "x""\n\nThis reverts commit {undone}.\n')
    landing = find_landing(repo, history)
    assert landing.holds


def test_reapplied_commit_is_found(repo: Repo, history: History) -> None:
    backport = commit_on_stable(repo, f"x\n\ncommit {resolve_commit(repo, 'master')} upstream.\n")
    commit_on_stable(repo, f'Revert "x"\n\nThis reverts commit {backport}.\n', make_file_text())
    reapplied = commit_on_stable(
        repo, f"x\n\n[ Upstream commit {resolve_commit(repo, 'master')} ]\n"
    )
    landing = find_landing(repo, history)
    assert (landing.commit, landing.holds) == (reapplied, True)


def test_culprits_are_found_by_id_or_subject(repo: Repo, history: History) -> None:
    culprit = resolve_commit(repo, "master^")
    fix_commit = repo.commit(
        f'net: mend\n\nFixes: {culprit[:12]} ("net: culprit")\nFixes: 123456789abc ("net: fix the'
        f' leak")\nFixes: {"f" * 12} ("nobody")\n',
        {"f.c": make_file_text()},
    )
    culprits = history.culprits(fix_commit)
    assert [(culprit.commit, culprit.written) for culprit in culprits] == [
        (culprit, culprit[:12]),
        (resolve_commit(repo, "master^"), "123456789abc"),
        (None, "f" * 12),
    ]


def test_fixers_and_reverts_are_listed(repo: Repo, history: History) -> None:
    fix = resolve_commit(repo, "master")
    follow = repo.commit(f'net: more\n\nFixes: {fix[:12]} ("net: fix the leak")\n', {"g.c": "1\n"})
    undo = repo.commit(
        f'Revert "net: fix the leak"\n\nThis reverts commit {fix}.\n',
        {"f.c": make_file_text(l5="five")},
    )
    assert history.fixers(fix, undo) == (follow,)
    assert history.reverts(fix, undo) == (undo,)
    assert history.reverts(fix, follow) == ()


def test_commits_with_the_same_subject_are_read_once(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = []
    for number in range(10):
        name = f"Dev {number}"
        content = make_file_text(l5="five", l9="nine", l20=f"{number}")
        commits.append(
            repo.commit("net: fix it", {"f.c": content}, author=f"{name} <dev{number}@example.org>")
        )
    repo.checkout("stable")
    repo.commit("net: fix it", {"f.c": make_file_text(l30="other")}, author="Eve <eve@example.org>")
    repo.checkout("master")
    # a repository with many commits
    monkeypatch.setattr(objects, "_MOST", 1)
    reads = 0
    read_object = objects._read_object

    def count_read(stream: IO[bytes]) -> tuple[str, str, bytes] | None:
        nonlocal reads
        reads += 1
        return read_object(stream)

    monkeypatch.setattr(objects, "_read_object", count_read)
    with (
        Repository.open(repo.path) as repository,
        History(repository) as history,
    ):
        stable = resolve_commit(repo, "stable")
        history.read_along(resolve_commit(repo, "master"))
        assert [history.landed(commit, stable) for commit in commits] == [None] * len(commits)
    assert reads < 5 * len(commits)
