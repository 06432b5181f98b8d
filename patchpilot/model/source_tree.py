# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol of source trees, for directories and commits."""

from typing import Protocol, runtime_checkable

from patchpilot.cache import cached_re
from patchpilot.model.bounded_number import number

_VERSION = cached_re.compile(
    r"^(VERSION|PATCHLEVEL|SUBLEVEL)\s*=\s*(\d{0,9})(?!\d)", cached_re.MULTILINE
)


@runtime_checkable
class Tree(Protocol):
    """Read access to a source tree; paths are relative to its top and never leave it."""

    @property
    def label(self) -> str:
        """Its name in messages: a directory or a commit."""
        ...

    @property
    def version(self) -> tuple[int, int] | None:
        """(6, 1) from the top Makefile; None when it has no version."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content of a file, or None where there is no such file."""
        ...

    def exists(self, path: str) -> bool:
        """Whether this path is a file or directory."""
        ...

    def is_dir(self, path: str) -> bool:
        """Whether this path is a directory."""
        ...

    def files(self, directory: str = "") -> tuple[str, ...]:
        """All files below a directory, sorted."""
        ...


def makefile_version(makefile: bytes | None) -> tuple[int, int] | None:
    """(VERSION, PATCHLEVEL) of a kernel's top Makefile."""
    result = dict(_VERSION.findall((makefile or b"")[:2000].decode("utf-8", "replace")))
    if (
        result.get("VERSION", "").isdecimal()
        and result.get("PATCHLEVEL", "").isdecimal()
    ):
        return number(result["VERSION"]), number(result["PATCHLEVEL"])
    return None


def is_safe_path(path: str) -> bool:
    """Whether a path from a patch stays inside the tree."""
    return (
        bool(path)
        and not path.startswith("/")
        and "\0" not in path
        and ".." not in path.split("/")
    )


def ground_of(tree: Tree) -> Tree:
    """The tree without the patches of a series on top, for what is read once per run.

    The tree itself where there are none.
    """
    ground: Tree = getattr(tree, "ground", tree)
    return ground


def changed_below(tree: Tree, directory: str) -> tuple[str, ...]:
    """The files below a directory that differ from the tree without patches."""
    changed = getattr(tree, "changed", None)
    return tuple(changed(directory)) if changed else ()


def is_guess(tree: Tree, path: str) -> bool:
    """Whether a file's content is uncertain, because an earlier patch of the series does not apply
    to it.
    """
    guess = getattr(tree, "is_guess", None)
    return bool(guess and guess(path))
