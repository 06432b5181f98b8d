# SPDX-License-Identifier: GPL-2.0-or-later
"""Test fixes with binary files, new and deleted files, renames and whitespace changes."""

from types import SimpleNamespace
from typing import Any

import pytest

from patchpilot.commits.applies import ScratchTree, try_fix
from patchpilot.model.patch import parse_diff
from tests.kit.backport_world import World, format_function


def commit_file_content(world: World, path: str, content: bytes, message: str) -> str:
    (world.repo.path / path).write_bytes(content)
    return world.repo.commit(message)


def test_binary_file_must_be_identical(
    world: World,
) -> None:
    before = commit_file_content(world, "logo.bin", b"\0\1\2", "add logo")
    fix = commit_file_content(world, "logo.bin", b"\0\1\3", "mend logo")
    identical = world.create_stable_branch("6.12", before, ("top", {"other.c": "x\n"}))
    assert world.read_branch_result(fix, "--onto", identical)["verdict"] == "clean"
    world.repo.branch("linux-6.6.y", before)
    different = commit_file_content(world, "logo.bin", b"\0\7\7", "another logo")
    world.repo.checkout("master")
    assert world.read_branch_result(fix, "--onto", different)["verdict"] == "conflict"


def test_new_file_conflicts_with_an_existing_one(world: World) -> None:
    fix_commit = world.repo.commit("add a file", {"new.c": "int a;\n"})
    assert (
        world.read_branch_result(
            fix_commit, "--onto", world.create_stable_branch("6.6", world.groundwork)
        )["verdict"]
        == "clean"
    )
    branch = world.create_stable_branch(
        "6.12", world.groundwork, ("own", {"new.c": "int other;\n"})
    )
    assert world.read_branch_result(fix_commit, "--onto", branch)["verdict"] == "conflict"


def test_deletion_conflicts_with_a_change(world: World) -> None:
    world.repo.git("rm -q other.c")
    fix_commit = world.repo.commit("drop other.c")
    assert (
        world.read_branch_result(
            fix_commit, "--onto", world.create_stable_branch("6.6", world.groundwork)
        )["verdict"]
        == "clean"
    )
    changed = world.create_stable_branch(
        "6.12", world.groundwork, ("own", {"other.c": format_function(l3="own(3);")})
    )
    result = world.read_branch_result(fix_commit, "--onto", changed)
    assert result["verdict"] == "conflict"
    assert result["conflicts"][0]["line"] is None


def test_rename_needs_the_original_file(world: World) -> None:
    world.repo.git("mv other.c moved.c")
    fix_commit = world.repo.commit("move other.c", {"moved.c": format_function(l5="five(5);")})
    assert (
        world.read_branch_result(
            fix_commit, "--onto", world.create_stable_branch("6.6", world.groundwork)
        )["verdict"]
        == "clean"
    )


def test_mode_change_applies_cleanly(world: World) -> None:
    (world.repo.path / "other.c").chmod(0o755)
    fix_commit = world.repo.commit("make it executable")
    assert (
        world.read_branch_result(
            fix_commit, "--onto", world.create_stable_branch("6.6", world.groundwork)
        )["verdict"]
        == "clean"
    )


def test_whitespace_change_is_not_for_stable(world: World) -> None:
    fix_commit = world.repo.commit("indent", {"other.c": format_function(l5="step( 5 );")})
    assert (
        "whitespace only" in world.read_backport_json(fix_commit, "--onto", world.base)["rules"][0]
    )


@pytest.mark.parametrize("name", ["with space.c", "ümlaut.c", 'quo"te".c"', "tab\tname.c"])
def test_odd_file_names_are_handled(world: World, name: str) -> None:
    first_commit = world.repo.commit("add", {name: format_function()})
    ground = world.repo.commit("ground", {name: format_function(l20="ground(20);")})
    fix_commit = world.repo.commit(
        f'mend\n\nFixes: {first_commit[:12]} ("add")\n',
        {name: format_function(l20="ground(20, all);")},
    )
    assert (
        world.read_branch_result(
            fix_commit,
            "--onto",
            world.create_stable_branch("6.12", ground, ("top", {"x.c": "1\n"})),
        )["verdict"]
        == "clean"
    )
    result = world.read_branch_result(
        fix_commit, "--onto", world.create_stable_branch("6.6", first_commit)
    )
    assert result["conflicts"][0]["path"] == name
    assert [prerequisite["commit"] for prerequisite in result["prerequisites"]] == [ground]


class FakeStore:
    """A stub of the temporary object store that contains these objects."""

    def __init__(self, tree: str = "t", *, is_clean: bool = True, **blobs: bytes) -> None:
        self.picked, self.clean, self.blobs = tree, is_clean, blobs
        self.asked: list[tuple[str, str, str]] = []
        self.objects = {
            "t": ("t-id", "tree"),
            "c": ("c-id", "commit"),
            "t:d": ("d-id", "tree"),
            **{f"t:{path}": (f"{path}-id", "blob") for path in blobs},
        }

    def tree_of(self, commit: str) -> str:
        assert commit == "c"
        return "t"

    def blob(self, tree: str, path: str) -> bytes | None:
        assert tree == "t"
        return self.blobs.get(path)

    def pick(self, fix_commit: str, tree: str, base: str) -> SimpleNamespace:
        self.asked.append((fix_commit, tree, base))
        return SimpleNamespace(clean=self.clean, tree=self.picked)


def test_paths_outside_the_directory_are_not_read() -> None:
    tree = ScratchTree(FakeStore(a=b"content"), "t")  # type: ignore[arg-type]
    assert (tree.read("a"), tree.read("x"), tree.read("../a")) == (
        b"content",
        None,
        None,
    )
    assert [tree.exists(path) for path in ("a", "d", "x", "/a")] == [
        True,
        True,
        False,
        False,
    ]


TEXT = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -2,3 +2,3 @@\n x\n-y\n+z\n x\n"
BINARY = "diff --git a/a b/a\nindex 1..2\nBinary files a/a and b/a differ\n"


@pytest.mark.parametrize(
    ("diff", "store", "expected"),
    [
        (TEXT, FakeStore("new", a=b"w\nx\ny\nx\n"), ("clean", 0, (0,), False)),
        (TEXT, FakeStore("new", a=b"1\n2\n3\nx\ny\nx\n"), ("clean", 0, (2,), False)),
        (TEXT, FakeStore("t", a=b"w\nx\ny\nx\n"), ("clean", 0, (0,), True)),
        (TEXT, FakeStore("new", a=b"x\nother\nx\n"), ("clean-3way", 1, (), False)),
        (TEXT, FakeStore("new"), ("clean-3way", 1, (), False)),
        (
            TEXT,
            FakeStore("new", is_clean=False, a=b"w\nx\ny\nx\n"),
            ("conflict", 0, (0,), False),
        ),
        (
            TEXT,
            FakeStore("t", is_clean=False, a=b"w\nx\ny\nx\n"),
            ("conflict", 0, (0,), False),
        ),
        (BINARY, FakeStore("new", a=b"1"), ("clean", 0, (), False)),
    ],
)
@pytest.mark.parametrize("onto", ["t", "c"])
def test_verdict_depends_on_merge_and_hunks(
    diff: str,
    store: FakeStore,
    expected: tuple[str, int, tuple[int, ...], bool],
    onto: str,
) -> None:
    files = parse_diff(tuple(diff.splitlines()), 1).files
    fix: Any = SimpleNamespace(id="f", base="b", files=files, old_blobs={"a": "a-id"})
    applied = try_fix(store, fix, onto)  # type: ignore[arg-type]
    assert (
        applied.how,
        len(applied.misfits),
        applied.offsets,
        applied.is_empty,
    ) == expected
    assert store.asked[-1] == ("f", "t", "b")


@pytest.mark.parametrize("blobs", [{"a": "other-id"}, {}])
def test_changed_binary_file_conflicts(blobs: dict[str, str]) -> None:
    files = parse_diff(tuple(BINARY.splitlines()), 1).files
    fix: Any = SimpleNamespace(id="f", base="b", files=files, old_blobs=blobs)
    assert try_fix(FakeStore("new", a=b"1"), fix, "t").misfits  # type: ignore[arg-type]
    same: Any = SimpleNamespace(id="f", base="b", files=files, old_blobs={"a": "a-id"})
    assert try_fix(FakeStore("new"), same, "t").misfits  # type: ignore[arg-type]
