# SPDX-License-Identifier: GPL-2.0-or-later
"""Test when patchpilot creates and extends its commit-graph, and that a corrupt graph has no
effect.
"""

import fcntl
import hashlib
import shutil
from pathlib import Path

import pytest

from patchpilot.cache.entries import repository_cache_path
from patchpilot.commits.alternates import ALTERNATES
from patchpilot.commits.repository import Repository
from patchpilot.history import commit_graph
from patchpilot.history.commit_graph import (
    VERSION,
    graph_contains_commit,
    list_sound_layers,
    use_commit_graph,
)
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    new_repo = Repo(tmp_path / "r")
    for number in range(5):
        new_repo.commit(f"a: step {number}", {"a.c": f"{number}\n"})
    return new_repo


@pytest.fixture(autouse=True)
def _low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_graph, "WORTH", 0)
    monkeypatch.setattr(commit_graph, "NEAR", 2)


def use_repository_graph(repo: Repo, *, should_create: bool = True) -> bool:
    with Repository.open(repo.path) as repository:
        result = use_commit_graph(repository, repository.resolve("HEAD"), create=should_create)
        assert result == (ALTERNATES in repository.extra_environment)
        assert repository.is_ancestor("HEAD~3", "HEAD")
        assert repository.git("blame", "-w", "HEAD", "--", "a.c").text
        return result


def find_graph_directory(repo: Repo) -> Path:
    return repository_cache_path("graphs", repo.path / ".git", VERSION)


def check_commits_in_graph(repo: Repo) -> list[bool]:
    ids = repo.git("rev-list --reverse HEAD").split()
    return [
        any(
            graph_contains_commit(graph_layer, id_)
            for graph_layer in list_sound_layers(find_graph_directory(repo))
        )
        for id_ in ids
    ]


def list_files(folder: Path) -> dict[str, str]:
    return {
        str(file): hashlib.sha1(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_graph_is_stored_outside_the_repository(repo: Repo) -> None:
    before = list_files(repo.path)
    assert use_repository_graph(repo)
    assert check_commits_in_graph(repo) == [True] * 5
    assert list_files(repo.path) == before


def test_outdated_graph_is_extended(repo: Repo) -> None:
    use_repository_graph(repo)
    repo.commit("a: near", {"a.c": "near\n"})
    assert use_repository_graph(repo)
    assert check_commits_in_graph(repo) == [True] * 5 + [False]
    for number in range(4):
        repo.commit(f"a: later {number}", {"a.c": f"later {number}\n"})
    assert use_repository_graph(repo)
    assert check_commits_in_graph(repo) == [True] * 10


def test_small_repository_has_no_graph(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not use_repository_graph(repo, should_create=False)
    monkeypatch.setattr(commit_graph, "WORTH", 1 << 20)
    assert not use_repository_graph(repo)
    assert not find_graph_directory(repo).exists()


def test_existing_graph_is_used(repo: Repo) -> None:
    use_repository_graph(repo)
    assert use_repository_graph(repo, should_create=False)


def test_gits_own_graph_is_not_replaced(repo: Repo) -> None:
    repo.git("commit-graph write --reachable")
    assert not use_repository_graph(repo)


def test_incomplete_clones_have_no_graph(repo: Repo, tmp_path: Path) -> None:
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "grafts").write_text(repo.git("rev-parse HEAD") + "\n")
    with Repository.open(repo.path) as repository:
        assert not use_commit_graph(repository, repository.resolve("HEAD"))
    (repo.path / ".git" / "info" / "grafts").unlink()
    repo.git("config remote.origin.promisor true")
    assert not use_repository_graph(repo)
    repo.git("clone -q --depth=4", f"file://{repo.path}", str(tmp_path / "shallow"))
    assert not use_repository_graph(Repo(tmp_path / "shallow"))


def test_graph_respects_replaced_commits(repo: Repo) -> None:
    use_repository_graph(repo)
    replacement = repo.git("commit-tree -m 'a: another history' HEAD^{tree}")
    repo.git("replace HEAD~1", replacement)
    with Repository.open(repo.path) as repository:
        use_commit_graph(repository, repository.resolve("HEAD"))
        assert len(repository.rev_list("HEAD")) == 2


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "chain", "chain bytes", "lost"])
def test_corrupt_graph_is_written_again(repo: Repo, harm: str) -> None:
    use_repository_graph(repo)
    layer = list_sound_layers(find_graph_directory(repo))[0]
    data = layer.read_bytes()
    chain = layer.parent / "commit-graph-chain"
    for file in (layer, chain):
        file.chmod(0o644)
    match harm:
        case "cut":
            layer.write_bytes(data[:-100])
        case "flipped":
            layer.write_bytes(data[:400] + bytes([data[400] ^ 0xFF]) + data[401:])
        case "empty":
            layer.write_bytes(b"")
        case "chain":
            chain.write_text("0" * 40 + "\n")
        case "chain bytes":
            chain.write_bytes(b"\xff\xfe\0\n")
        case _:
            layer.unlink()
    assert use_repository_graph(repo)
    assert check_commits_in_graph(repo) == [True] * 5


def test_second_writer_continues_without_a_graph(repo: Repo) -> None:
    folder = find_graph_directory(repo)
    folder.mkdir(parents=True)
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not use_repository_graph(repo)
    assert use_repository_graph(repo)


def test_stale_git_lock_is_removed(repo: Repo) -> None:
    folder = find_graph_directory(repo) / "info" / "commit-graphs"
    folder.mkdir(parents=True)
    (folder / "commit-graph-chain.lock").write_text("")
    assert use_repository_graph(repo)


def test_time_limit_stops_the_wait(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_graph, "PATIENCE", 0.0)
    with monkeypatch.context() as patched_module:
        # a small graph may be finished before it is checked, so pretend that it is not
        patched_module.setattr(commit_graph, "list_sound_layers", lambda _: ())
        assert not use_repository_graph(repo)
    assert commit_graph._running.pop().wait(20) == 0
    assert use_repository_graph(repo)


def test_failure_is_not_retried_at_once(repo: Repo) -> None:
    repo.git("config core.commitGraph false")
    assert not use_repository_graph(repo)
    assert (find_graph_directory(repo) / "failed").exists()
    repo.git("config core.commitGraph true")
    assert not use_repository_graph(repo)
    (find_graph_directory(repo) / "failed").unlink()
    assert use_repository_graph(repo)


def test_missing_cache_directory_is_harmless(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not use_repository_graph(repo)


def test_cache_directory_may_contain_a_colon(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / 'of: "me"'))
    assert use_repository_graph(repo)
    assert check_commits_in_graph(repo) == [True] * 5
    shutil.rmtree(tmp_path / 'of: "me"')
    assert use_repository_graph(repo)


def test_objects_in_alternates_are_counted(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.git("gc -q")
    repo.git("config --local gc.writeCommitGraph false")
    shutil.rmtree(repo.path / ".git" / "objects" / "info" / "commit-graphs", ignore_errors=True)
    (repo.path / ".git" / "objects" / "info" / "commit-graph").unlink(missing_ok=True)
    repo.git("clone -q --shared", str(repo.path), str(tmp_path / "one"))
    repo.git("clone -q --shared", str(tmp_path / "one"), str(tmp_path / "two"))
    monkeypatch.setattr(commit_graph, "WORTH", 500)
    assert use_repository_graph(Repo(tmp_path / "two"))
