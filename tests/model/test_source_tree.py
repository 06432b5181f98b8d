# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the version and the paths of a tree, and a tree without patches."""

import pytest

from patchpilot.model.source_tree import (
    changed_files_below,
    is_guessed_content,
    is_safe_path,
    parse_makefile_version,
    unpatched_tree,
)
from tests.kit.snippets import MemoryTree


@pytest.mark.parametrize(
    ("makefile", "version"),
    [
        (b"VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 0\n", (6, 18)),
        (b"VERSION=5\nPATCHLEVEL=4\n", (5, 4)),
        (b"VERSION = \nPATCHLEVEL = 18\n", None),
        (b"VERSION = 6\nPATCHLEVEL =\n", None),
        (b"PATCHLEVEL = 18\n", None),
        (b"VERSION = 6\n", None),
        (b"#" * 3000 + b"\nVERSION = 6\nPATCHLEVEL = 1\n", None),
        (b"", None),
        (None, None),
    ],
)
def test_makefile_contains_the_version(
    makefile: bytes | None, version: tuple[int, int] | None
) -> None:
    assert parse_makefile_version(makefile) == version


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.c", True),
        ("a..b/c", True),
        ("", False),
        ("/a", False),
        ("../a", False),
        ("a/../b", False),
        ("a\0b", False),
    ],
)
def test_path_outside_the_tree_is_unsafe(path: str, safe: bool) -> None:
    assert is_safe_path(path) is safe


def test_unpatched_tree_has_no_changes() -> None:
    tree = MemoryTree({"a/b.c": "x"})
    assert unpatched_tree(tree) is tree
    assert changed_files_below(tree, "a") == ()
    assert is_guessed_content(tree, "a/b.c") is False

    class Layered(MemoryTree):
        ground = tree

        def changed(self, directory: str) -> list[str]:
            return [f"{directory}/b.c"]

        def is_guess(self, path: str) -> bool:
            return path == "a/b.c"

    layered = Layered({})
    assert unpatched_tree(layered) is tree
    assert changed_files_below(layered, "a") == ("a/b.c",)
    assert (
        is_guessed_content(layered, "a/b.c"),
        is_guessed_content(layered, "a/c.c"),
    ) == (True, False)
