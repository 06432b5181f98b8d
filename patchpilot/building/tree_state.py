# SPDX-License-Identifier: GPL-2.0-or-later
"""List the files of a commit with the ids of their contents.

The ids show whether cached results are still valid.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from patchpilot.cache.entries import CacheKind, get_or_compute
from patchpilot.commits.repository import ChangedFile, Repository

_BUILD_NAMES = ("Kconfig", "Makefile", "Kbuild")
_BUILD_FOLDERS = ("scripts/", "tools/objtool/", "tools/include/", "tools/scripts/")


_KIND = CacheKind("tree-files", (str(Path(__file__)),))


class TreeState:
    """The files of a commit, which are read on first use.

    If a similar commit is given, only the differences from it are read.
    """

    def __init__(
        self, repository: Repository, commit: str, similar: "TreeState | None" = None
    ) -> None:
        self.commit, self._repository, self._similar = commit, repository, similar

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Map paths to mode, type and object id, as printed by git ls-tree."""
        if self._similar is None:
            return dict(get_or_compute(_KIND, (self.commit,), self._list_files))
        files = dict(self._similar.files)
        for change in self._changes:
            if set(change.object_id) == {"0"}:
                files.pop(change.path, None)
            else:
                files[change.path] = f"{change.mode} blob {change.object_id}"
        return files

    @cached_property
    def build_digest(self) -> str:
        """Return a digest of the files that control the build (Kconfig, Makefiles and scripts)."""
        if self._similar and not any(_controls_build(change.path) for change in self._changes):
            return self._similar.build_digest

        def digest() -> str:
            return self.digest(filter(_controls_build, self.files))

        return get_or_compute(_KIND, (self.commit, "build"), digest)

    def digest(self, paths: Iterable[str]) -> str:
        """Return a digest of the contents of these files."""
        files = self.files
        rows = "\n".join(f"{path} {files.get(path, '')}" for path in sorted(paths))
        return hashlib.sha256(rows.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def read(self, path: str) -> str | None:
        """Return the text of a file, or None if it does not exist."""
        data = self._repository.blob(self.commit, path)
        return None if data is None else data.decode("utf-8", "replace")

    def grep(self, patterns: Iterable[str], *flags: str, paths: Sequence[str]) -> list[str]:
        """Return the matches of git grep.

        A path pattern such as `*.c` matches in every directory.
        """
        pattern_options = [option for pattern in patterns for option in ("-e", pattern)]
        outcome = self._repository.git(
            "grep", *flags, *pattern_options, self.commit, "--", *paths, env={"GIT_LITERAL_PATHSPECS": "0"}, ok=(0, 1)  # noqa: E501
        )  # fmt: skip
        rows = outcome.text.split("\0" if "-z" in flags else "\n")
        return [row.removeprefix(f"{self.commit}:") for row in rows if row]

    def _list_files(self) -> dict[str, str]:
        outcome = self._repository.git("ls-tree", "-r", "-z", "--full-tree", self.commit)
        rows = (row.partition("\t") for row in outcome.text.split("\0") if row)
        return {path: entry for entry, _, path in rows}

    @cached_property
    def _changes(self) -> tuple[ChangedFile, ...]:
        assert self._similar
        return self._repository.changed_files(self._similar.commit, self.commit)


def _controls_build(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(_BUILD_NAMES) or path.startswith(_BUILD_FOLDERS)
