# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the history index stays correct when branches or the index file change."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.history.history_index import Index
from tests.kit.repos import Repo

A = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create three commits on master, a branch starting at one of them, and a merge of both."""
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("one", {"a": "1\n"})
    new_repo.commit("two", {"a": "2\n"})
    new_repo.branch("side")
    new_repo.commit(f"three\n\n[ Upstream commit {A} ]\n", {"b": "1\n"})
    new_repo.checkout("master")
    new_repo.commit(
        f'four\n\nFixes: {new_repo.git("rev-parse HEAD")[:12]} ("two")\n',
        {"a": "4\n"},
    )
    return new_repo


@pytest.fixture
def repository(repo: Repo) -> Iterator[Repository]:
    with Repository.open(repo.path) as open_repository:
        yield open_repository


def find_index_file(repository: Repository) -> Path:
    folder = Path(platformdirs.user_cache_dir("patchpilot", appauthor=False)) / "history"
    return next(folder.glob("*.sqlite"))


def list_reachable_subjects(index: Index, tip: str) -> set[str]:
    return set(index.ids(index.reach(tip).iterate_missing_from()))


def test_reachable_commits_match_git(repo: Repo, repository: Repository) -> None:
    repo.git("merge -q --no-ff -m merge side")
    with Index.open(repository) as index:
        for name in ("master", "side", "HEAD^", "HEAD^2"):
            tip = repo.git("rev-parse", name)
            index.add([tip])
            assert list_reachable_subjects(index, tip) == set(repo.git("rev-list", tip).split())


def test_backports_are_found_by_upstream_commit(repo: Repo, repository: Repository) -> None:
    with Index.open(repository) as index:
        index.add([repo.git("rev-parse side"), repo.git("rev-parse master")])
        assert index.ids(index.backports_of(A)) == [repo.git("rev-parse side")]
        assert index.ids(index.fixes_of(repo.git("rev-parse master^"))) == [
            repo.git("rev-parse master")
        ]
        assert index.ids(index.by_subject("two")) == [repo.git("rev-parse master^")]


def test_second_run_reads_only_new_commits(repo: Repo, repository: Repository) -> None:
    with Index.open(repository) as index:
        assert index.add([repo.git("rev-parse master")]) == 3
    new_commit = repo.commit("five", {"a": "5\n"})
    with Index.open(repository) as index:
        assert index.add([new_commit, repo.git("rev-parse side")]) == 2
        assert index.add([new_commit]) == 0


def test_index_survives_rebase_and_deletion(repo: Repo, repository: Repository) -> None:
    side = repo.git("rev-parse side")
    with Index.open(repository) as index:
        index.add([side])
    repo.checkout("side")
    repo.git("rebase -q master")
    moved_commit = repo.git("rev-parse side")
    repo.checkout("master")
    repo.git("branch -D side")
    repo.git("reflog expire --expire=now --all")
    repo.git("tag kept", moved_commit)
    repo.git("gc -q --prune=now")
    with Index.open(repository) as index:
        index.add([moved_commit])
        assert list_reachable_subjects(index, moved_commit) == set(
            repo.git("rev-list", moved_commit).split()
        )
        assert side not in list_reachable_subjects(index, moved_commit)


@pytest.mark.parametrize(
    ("size", "content"),
    [
        (0, b""),
        (0, b"no database at all"),
        (0, b"SQLite format 3\0" + b"\0" * 5000),
        (4096, b"\xff" * 50_000),
    ],
    ids=["empty", "text", "cut", "middle"],
)
def test_corrupt_index_is_created_again(
    repo: Repo, repository: Repository, size: int, content: bytes
) -> None:
    tip = repo.git("rev-parse master")
    with Index.open(repository) as index:
        index.add([tip])
    file = find_index_file(repository)
    file.write_bytes(file.read_bytes()[:size] + content)
    with Index.open(repository) as index:
        index.add([tip])
        assert len(list_reachable_subjects(index, tip)) == 3


def test_deleted_index_is_created_again(repo: Repo, repository: Repository) -> None:
    tip = repo.git("rev-parse master")
    with Index.open(repository) as index:
        index.add([tip])
    find_index_file(repository).unlink()
    with Index.open(repository) as index:
        assert index.add([tip]) == 3


def test_index_falls_back_to_memory(
    repo: Repo, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/none")
    with Index.open(repository) as index:
        assert index.add([repo.git("rev-parse master")]) == 3


def test_missing_commit_is_an_error(repo: Repo, repository: Repository) -> None:
    with Index.open(repository) as index:
        with pytest.raises(GitError, match="not in the repository"):
            index.add([repo.git("rev-parse master"), A])
        assert index.ordinal(repo.git("rev-parse master")) is None


def test_shallow_clone_uses_available_history(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone -q --depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    with Repository.open(tmp_path / "shallow") as shallow, Index.open(shallow) as index:
        tip = shallow.resolve("HEAD")
        index.add([tip])
        assert len(list_reachable_subjects(index, tip)) == 2
        repo.git("-C", str(shallow.top), "fetch", "-q", "--unshallow")
        shallow.changed()
        with Index.open(shallow) as deep:
            deep.add([tip])
            assert len(list_reachable_subjects(deep, tip)) == 3


def test_two_processes_can_fill_the_index(repo: Repo) -> None:
    tips = [repo.git("rev-parse", name) for name in ("master", "side", "master^")]

    def index_tip(tip: str) -> int:
        with Repository.open(repo.path) as repository, Index.open(repository) as index:
            index.add([tip])
            return len(list_reachable_subjects(index, tip))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(index_tip, tips * 4)) == [2] * 4 + [3] * 8


def test_commits_indexed_by_another_run_are_found(repo: Repo, repository: Repository) -> None:
    with Index.open(repository) as first_index:
        start = repo.git("rev-parse master")
        first_index.reach(start)
        new = [repo.commit(f"new {number}", {"a": f"{number}\n"}) for number in range(3)]
        with (
            Repository.open(repo.path) as second_repository,
            Index.open(second_repository) as second_index,
        ):
            second_index.add(new)
        assert all(
            first_index.ordinal(commit) in first_index.reach(new[-1]) for commit in (start, *new)
        )


def test_graph_is_read_like_git(tmp_path: Path) -> None:
    rnd = random.Random(7)
    bare = Repo(tmp_path / "g", is_bare=True)
    stream = []
    for number in range(1, 300):
        parents = (
            sorted(
                {
                    rnd.randrange(max(1, number - 12), number)
                    for _ in range(rnd.choice((1, 1, 1, 2, 3)))
                }
            )
            if number > 1
            else []
        )
        stream += [
            f"commit refs/heads/b{number}",
            f"mark :{number}",
            f"committer A <a@example.org> {1_000_000 + rnd.randrange(9999)} +0000",
        ]
        stream += [
            "data 2",
            "x",
            *([f"from :{parents[0]}"] if parents else []),
            *(f"merge :{parent}" for parent in parents[1:]),
            "",
        ]
    bare.git("fast-import --quiet", stdin="\n".join(stream) + "\n")
    with Repository.open(bare.path) as repository, Index.open(repository) as index:
        for number in (40, 299, 150, 7):
            tip = bare.git("rev-parse", f"b{number}")
            index.add([tip])
            assert list_reachable_subjects(index, tip) == set(bare.git("rev-list", tip).split())
