# SPDX-License-Identifier: GPL-2.0-or-later
"""Read source trees from a directory, or from a commit in the object store."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.errors import MissingError
from patchpilot.model.source_tree import is_safe_path, parse_makefile_version

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


class DirectoryTree:
    """A source tree in a directory.

    Symbolic links that point outside of it are not followed.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise MissingError(
                f"{root}: no such directory",
                hint="pass the directory of a source tree to --tree",
            )
        self._real = self.root.resolve()

    @property
    def label(self) -> str:
        """Return the directory's path."""
        return str(self.root)

    @cached_property
    def version(self) -> tuple[int, int] | None:
        """Return (VERSION, PATCHLEVEL) from the tree's Makefile."""
        return parse_makefile_version(self.read("Makefile"))

    def _resolve_inside(self, path: str) -> Path | None:
        if not is_safe_path(path):
            return None
        result = self.root / path
        try:
            return result if result.resolve().is_relative_to(self._real) else None
        except (OSError, RuntimeError):
            return None

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if it does not exist."""
        result = self._resolve_inside(path)
        try:
            return result.read_bytes() if result and result.is_file() else None
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        resolved = self._resolve_inside(path)
        return bool(resolved and resolved.exists())

    def is_dir(self, path: str) -> bool:
        resolved = self._resolve_inside(path)
        return bool(resolved and resolved.is_dir())

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the paths of all files below a directory, sorted.

        Files in the git directory are omitted.
        """
        top = self.root / directory if directory else self.root
        result = []
        for folder, folders, names in os.walk(top):
            folders[:] = sorted(folder for folder in folders if folder != ".git")
            # Path objects are too slow, because a kernel tree has 80,000 files
            result += [
                os.path.relpath(os.path.join(folder, name), self.root)  # noqa: PTH118
                for name in names
            ]
        return tuple(sorted(result))

    def stamp(self, directory: str) -> str | None:
        """Return a cache key that changes with the files below a directory, or None if it does not
        exist.
        """
        import hashlib

        digest = hashlib.sha256(str(self._real).encode("utf-8", "surrogateescape"))
        folders = [str(self.root / directory)]
        try:
            while folders:
                with os.scandir(folders.pop()) as entries:
                    for entry in sorted(entries, key=lambda item: item.name):
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            state = entry.stat(follow_symlinks=False)
                            digest.update(
                                f"{entry.path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode(
                                    "utf-8", "surrogateescape"
                                )
                            )
        except OSError:
            return None
        return digest.hexdigest()


class CommitTree:
    """The tree of a commit, read without a checkout."""

    def __init__(self, repository: "Repository", commit_id: str) -> None:
        self.repository = repository
        self.commit_id = commit_id

    @property
    def label(self) -> str:
        """Return the first 12 digits of the commit id."""
        return self.commit_id[:12]

    @cached_property
    def version(self) -> tuple[int, int] | None:
        """Return (VERSION, PATCHLEVEL) from the tree's Makefile."""
        return parse_makefile_version(self.read("Makefile"))

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if it does not exist."""
        return self.repository.blob(self.commit_id, path) if is_safe_path(path) else None

    def exists(self, path: str) -> bool:
        return (
            is_safe_path(path)
            and self.repository.objects.info(f"{self.commit_id}:{path}") is not None
        )

    def is_dir(self, path: str) -> bool:
        info = (
            self.repository.objects.info(f"{self.commit_id}:{path}") if is_safe_path(path) else None
        )
        return bool(info and info[1] == "tree")

    def files(self, directory: str = "") -> tuple[str, ...]:
        """Return the paths of all files below a directory, sorted."""
        result = self.repository.git(
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            self.commit_id,
            *(["--", directory.rstrip("/") + "/"] if directory else []),
        )
        return tuple(sorted(name for name in result.text.split("\0") if name))

    def stamp(self, directory: str) -> str | None:
        """Return the object id of a directory as a cache key, or None if it does not exist."""
        result = self.repository.git(
            "rev-parse",
            "-q",
            "--verify",
            "--end-of-options",
            f"{self.commit_id}:{directory}",
            ok=(),
        )
        return result.text.strip() or None
