# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the protocol of source trees, which directories and commits implement."""

import re
from typing import Protocol, runtime_checkable

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.bounded import parse_limited_number

_VERSION = lazy_pattern(r"^(VERSION|PATCHLEVEL|SUBLEVEL)\s*=\s*(\d{0,9})(?!\d)", re.MULTILINE)


class Files(Protocol):
    """Read access to the files of a source tree.

    Paths are relative to its top directory and cannot leave it.
    """

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if it does not exist."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether this path exists, as a file or directory."""
        ...


@runtime_checkable
class Tree(Files, Protocol):
    """A source tree with a label and version."""

    @property
    def label(self) -> str:
        """Return the name of the tree in messages, which is a directory or a commit."""
        ...

    @property
    def version(self) -> tuple[int, int] | None:
        """Return the version in the top Makefile, such as (6, 1), or None."""
        ...

    def is_dir(self, path: str) -> bool:
        """Return whether this path is a directory."""
        ...

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return all files below a directory, sorted."""
        ...


def parse_makefile_version(makefile: bytes | None) -> tuple[int, int] | None:
    """Return (VERSION, PATCHLEVEL) in the top-level Makefile of a kernel tree."""
    release = parse_makefile_release(makefile)
    return release[:2] if release else None


def parse_makefile_release(makefile: bytes | None) -> tuple[int, int, int] | None:
    """Return (VERSION, PATCHLEVEL, SUBLEVEL) in the top-level Makefile of a kernel tree."""
    result = dict(_VERSION.findall((makefile or b"")[:2000].decode("utf-8", "replace")))
    version, patch_level = result.get("VERSION", ""), result.get("PATCHLEVEL", "")
    if version.isdecimal() and patch_level.isdecimal():
        numbers = (version, patch_level, result.get("SUBLEVEL") or "0")
        first, second, third = map(parse_limited_number, numbers)
        return first, second, third
    return None


def is_safe_path(path: str) -> bool:
    """Return whether a path from a patch stays inside the tree."""
    return (
        bool(path) and not path.startswith("/") and "\0" not in path and ".." not in path.split("/")
    )


def unpatched_tree(tree: Tree) -> Tree:
    """Return the tree to which no patches are applied.

    Read data that is read only once per run from this tree.
    """
    ground: Tree = getattr(tree, "ground", tree)
    return ground


def changed_files_below(tree: Tree, directory: str) -> tuple[str, ...]:
    """Return the files below a directory that are changed by patches applied to the tree."""
    changed = getattr(tree, "changed", None)
    return tuple(changed(directory)) if changed else ()


def is_guessed_content(tree: Tree, path: str) -> bool:
    """Return whether a file's content is uncertain, because a patch does not apply to it."""
    guess = getattr(tree, "is_guess", None)
    return bool(guess and guess(path))
