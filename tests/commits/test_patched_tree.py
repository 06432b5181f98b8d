# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that applying a series to a tree results in the same files as with git."""

import random
from pathlib import Path

import pytest

from patchpilot.commits.patched_tree import PatchedTree, PatchStack
from patchpilot.commits.range import read_revision_series
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from tests.kit.repos import Repo


def _edit_random_lines(rng: random.Random, content: str) -> str:
    lines = content.split("\n")
    for _ in range(rng.randint(1, 3)):
        index = rng.randrange(len(lines))
        lines[index : index + rng.randint(0, 2)] = [f"new {rng.random()}"] * rng.randint(0, 3)
    return "\n".join(lines) if lines else "left\n"


def _create_random_history(repo: Repo, rng: random.Random, commits: int) -> None:
    files = {
        f"dir{number % 3}/file{number}": "".join(f"{number} {line}\n" for line in range(30))
        for number in range(6)
    }
    repo.commit("start", dict(files))
    repo.tag("start")
    for number in range(commits):
        for _ in range(rng.randint(1, 3)):
            path = rng.choice(sorted(files))
            change = rng.choice("eeeedrn")
            if change == "e":
                files[path] = _edit_random_lines(rng, files[path])
                repo.put(path, files[path])
            elif change == "d" and len(files) > 3:
                del files[path]
                (repo.path / path).unlink()
            elif change == "r":
                new_path = f"dir{rng.randrange(5)}/moved{rng.randrange(10**6)}"
                files[new_path] = files.pop(path)
                repo.put(new_path, files[new_path])
                (repo.path / path).unlink()
            else:
                new_path = f"dir{rng.randrange(5)}/made{rng.randrange(10**6)}"
                files[new_path] = f"made {rng.random()}\n"
                repo.put(new_path, files[new_path])
        repo.commit(f"commit {number}", {"count": f"{number}\n"})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_files_match_git(tmp_path: Path, seed: int) -> None:
    repo = Repo(tmp_path / "repo")
    _create_random_history(repo, random.Random(seed), 14)
    repository = Repository.open(repo.path)
    patches = read_revision_series(repository, "start..HEAD").patches
    start = repository.resolve("start")
    trees = [
        CommitTree(repository, start),
        *(CommitTree(repository, patch.commit or "") for patch in patches),
    ]
    all_paths = sorted({path for tree in trees for path in tree.files()})
    stack = PatchStack(trees[0], patches)
    # read the patches in another order, as parallel processes do
    for number in (3, 1, 7, len(patches) - 1, 5, 2):
        ours, theirs = PatchedTree(stack, number), trees[number]
        assert ours.files() == theirs.files()
        assert {path: ours.read(path) for path in all_paths} == {
            path: theirs.read(path) for path in all_paths
        }
        assert [ours.exists(path) for path in all_paths] == [
            theirs.exists(path) for path in all_paths
        ]
        assert not any(ours.is_guess(path) for path in all_paths)
        for folder in ("dir0", "dir3", "dir4", "none"):
            assert ours.files(folder) == (theirs.files(folder) if theirs.is_dir(folder) else ())
            assert ours.is_dir(folder) == theirs.is_dir(folder)


def test_untouched_file_is_read_from_the_base(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("start", {"a": "1\n2\n3\n", "b": "b\n"})
    repo.tag("start")
    repo.commit("one", {"a": "1\n2\n3\n4\n"})
    repo.commit("two", {"a": "1\n2\n3\n4\n5\n"})
    repository = Repository.open(repo.path)
    patches = read_revision_series(repository, "start..HEAD").patches
    tree = PatchedTree(PatchStack(CommitTree(repository, repository.resolve("start")), patches), 1)
    assert tree.changes("a")
    assert not tree.changes("b")
    assert tree.changed("") == ("a",)
    assert tree.read("b") == b"b\n"
    assert tree.label.endswith("with the previous patch")


def test_file_is_marked_as_guess_if_patch_does_not_apply(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    other_commit = repo.commit("other", {"a": "quite\nanother\nfile\n"})
    repo.commit("start", {"a": "".join(f"{number}\n" for number in range(20))})
    repo.tag("start")
    repo.commit(
        "one",
        {"a": "".join(f"{number}\n" for number in range(20)).replace("7\n", "seven\n")},
    )
    repo.commit("two", {"b": "b\n"})
    repository = Repository.open(repo.path)
    patches = read_revision_series(repository, "start..HEAD").patches
    tree = PatchedTree(PatchStack(CommitTree(repository, other_commit), patches), 1)
    assert tree.is_guess("a")
    # the added lines are known even if the patch does not apply
    assert b"seven\n" in (tree.read("a") or b"")


class LetterTree:
    """A tree in which each file contains its own name."""

    label, version = "letters", None

    def read(self, path: str) -> bytes | None:
        return path.encode() + b"\n" if self.exists(path) else None

    def exists(self, path: str) -> bool:
        return path in "abcdef"

    def is_dir(self, path: str) -> bool:
        return False

    def files(self, directory: str = "") -> tuple[str, ...]:
        return tuple("abcdef")


def _make_renaming_patch(number: int, *names: str) -> Patch:
    lines = [
        line
        for name, new_name in names
        for line in (
            f"diff --git a/{name} b/{new_name}",
            f"rename from {name}",
            f"rename to {new_name}",
        )
    ]
    return parse_patch(
        "\n".join(["Subject: [PATCH] x", "", "---", *lines, ""]).encode(),
        f"{number}.patch",
    )


def test_rename_cycle_is_followed_quickly() -> None:
    stack = PatchStack(
        LetterTree(),
        [_make_renaming_patch(number, "ab", "bc", "ca") for number in range(200)],
    )
    for number in (199, 198, 3, 100):
        tree = PatchedTree(stack, number)
        assert [tree.read(path) for path in "abc"] == [
            b"%c\n" % b"abc"[(index - number) % 3] for index in range(3)
        ]
        assert not any(map(tree.is_guess, "abc"))


def test_file_with_endless_renames_is_marked_as_guess() -> None:
    pairs = [left + other for left in "abcdef" for other in "abcdef" if left != other]
    chance = random.Random(1)
    stack = PatchStack(
        LetterTree(),
        [_make_renaming_patch(number, *chance.sample(pairs, 12)) for number in range(120)],
    )
    trees = [PatchedTree(stack, number) for number in chance.sample(range(120), 120)]
    assert any(tree.is_guess(path) for tree in trees for path in "abcdef")
