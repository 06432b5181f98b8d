# SPDX-License-Identifier: GPL-2.0-or-later
"""Represent the fix to backport: its commit, its parent and its diff."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.commit import Commit
from patchpilot.model.patch import FileChange, parse_diff

_DIFF = ("diff-tree", "--root", "-r", "-p", "-M", "--full-index")
_COMMIT = re.compile(r"(?m)^([0-9a-f]{40})\n")


@dataclass(frozen=True)
class FixCommit:
    """A commit with its diff against its parent, which is read on first use if it is None."""

    repository: Repository
    commit: Commit
    diff: str | None = field(default=None, repr=False, compare=False)

    @classmethod
    def read(cls, repository: Repository, commit_id: str) -> "FixCommit":
        """Read a fix by its full id; raise UsageError for a merge, which has no patch."""
        commit = repository.commit(commit_id)
        if len(commit.parents) > 1:
            raise UsageError(
                f"{commit_id[:12]} is a merge commit, which has no patch to backport",
                hint="pass the commit from the merged branch that makes the change",
            )
        return cls(repository, commit)

    @classmethod
    def read_all(cls, repository: Repository, ids: Sequence[str]) -> "tuple[FixCommit, ...]":
        """Read several fixes by their full ids, running git once for all diffs."""
        fixes = [cls.read(repository, commit_id) for commit_id in ids]
        stdin = "".join(f"{fix.id}\n" for fix in fixes).encode()
        parts = _COMMIT.split(repository.git(*_DIFF, "--stdin", stdin=stdin).text)
        diffs = dict(zip(parts[1::2], parts[2::2], strict=True))
        return tuple(replace(fix, diff=diffs.get(fix.id, "")) for fix in fixes)

    @property
    def id(self) -> str:
        return self.commit.id

    @property
    def base(self) -> str | None:
        """Return the parent, or None for a root commit."""
        return self.commit.parents[0] if self.commit.parents else None

    @cached_property
    def diff_lines(self) -> tuple[str, ...]:
        """Return the diff, with full blob ids."""
        diff = self.diff
        if diff is None:
            diff = self.repository.git(*_DIFF, "--no-commit-id", self.id).text
        return tuple(diff.split("\n"))

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """Return the changes by file."""
        return parse_diff(self.diff_lines, 1).files

    @cached_property
    def old_blobs(self) -> dict[str, str]:
        """Map the path of each file with content hunks to its blob id before the fix."""
        result: dict[str, str] = {}
        for change in self.files:
            for line in self.diff_lines[change.patch_line : change.patch_line + 8]:
                if line.startswith("index ") and change.old_path:
                    result[change.old_path] = line[6:46]
                if line.startswith(("@@ ", "diff --git ")):
                    break
        return result

    @property
    def paths(self) -> tuple[str, ...]:
        """Return all paths in the fix, old and new."""
        return tuple(
            dict.fromkeys(
                path for change in self.files for path in (change.old_path, change.new_path) if path
            )
        )

    @property
    def size(self) -> tuple[int, int]:
        """Return the number of files, and of added and removed lines."""
        return len(self.files), sum(change.added + change.removed for change in self.files)
