# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the fixes whose files a given .config does not compile, by the tree's Makefiles.

Nothing from the tree is run.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from patchpilot.building.makefiles import needs_of
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import InputError
from patchpilot.read_file import read_regular_file

_ENABLED = re.compile(r"^CONFIG_(\w+)=[ym]$", re.MULTILINE)
_SOURCES = (".c", ".S", ".rs", ".dts")


class Configuration:
    """The symbols that a .config enables, for the Makefiles of one commit."""

    def __init__(self, repository: Repository, file: Path, commit: str) -> None:
        data = read_regular_file(file)
        if data is None:
            raise InputError(f"{file}: no such file", hint="name the .config of your kernel")
        self._enabled = frozenset(_ENABLED.findall(data.decode("utf-8", "replace")))
        if not self._enabled:
            raise InputError(f"{file}: enables no CONFIG_ symbol", hint="name a kernel's .config")
        self._tree = CommitTree(repository, commit)
        self._read = cache(self._read_text)
        self.find_missing_symbol = cache(self._find_missing_symbol)

    def explain_not_compiled(self, paths: Iterable[str]) -> str:
        """Return why none of a fix's source files is compiled, or "" if one is, or it is unknown.

        Headers and other files do not count next to source files; a fix without source files is
        always compiled.
        """
        sources = [path for path in paths if path.endswith(_SOURCES)]
        missing = [(path, self.find_missing_symbol(path)) for path in sources]
        if not missing or not all(symbol for _, symbol in missing):
            return ""
        return ", ".join(dict.fromkeys(f"CONFIG_{symbol}" for _, symbol in missing)) + " is not set"

    def _find_missing_symbol(self, path: str) -> str:
        """Return the symbol without which a file is not compiled, or ""."""
        needs = needs_of(self._read, path)
        unset = [
            next((symbol for symbol in need.symbols if symbol not in self._enabled), "")
            for need in needs
        ]
        return unset[0] if unset and all(unset) else ""

    def _read_text(self, path: str) -> str | None:
        data = self._tree.read(path)
        return data.decode("utf-8", "replace") if data is not None else None


def read_changed_paths(
    repository: Repository, commits: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """Map commits to the paths that they change; git is run once."""
    stdin = "".join(f"{commit}\n" for commit in commits).encode()
    options = ("-r", "--root", "--no-renames", "--name-only", "-z", "--stdin")
    paths: dict[str, list[str]] = {}
    commit = ""
    for field in repository.git("diff-tree", *options, stdin=stdin).text.split("\0"):
        if _COMMIT.fullmatch(field):
            commit = field
        elif field:
            paths.setdefault(commit, []).append(field)
    return {commit: tuple(names) for commit, names in paths.items()}


_COMMIT = re.compile(r"[0-9a-f]{40}")
