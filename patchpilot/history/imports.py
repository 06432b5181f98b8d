# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize commits that import code whose history is elsewhere.

Examples are the first commit of a repository, and squashed imports.
"""

import re
from collections.abc import Iterable

from patchpilot.commits.repository import Repository
from patchpilot.history.shallow_clones import is_shallow_boundary
from patchpilot.model.commit import Commit
from patchpilot.projects.loading import projects

_ID = re.compile(r"[0-9a-f]{40}(?: \(from [0-9a-f]{40}\))?$")
MANY_FILES = 1000
"""Number of added files from which a commit is an import."""
SOME_FILES = 200
"""Number of added files from which a commit is an import if its subject suggests it."""
MOSTLY = 0.8
_RELEASE = r"^(?:(?:{names}|kernel|release|version)[ -]*)?:?\s*v?\d+(?:\.\d+)+(?:[-.]?rc\d+)?$"
_VENDORED = re.compile(r"^Squashed '[^']+' (?:content|changes) from ")
_IMPORT = re.compile(
    r"^(?:initial|first)\b|\bimport(?:s|ed|ing)?\b|\bsquash(?:ed)?\b", re.IGNORECASE
)
_IMPORTED_RELEASE = re.compile(r"^import(?:s|ed|ing)?\b.*\bv?\d+\.\d+", re.IGNORECASE)


class ImportCheck:
    """Distinguishes commits that only import code from ordinary changes.

    git is run once to count the files that the `expected` commits add and change.
    """

    def __init__(self, repository: Repository, expected: Iterable[str] = ()) -> None:
        self._repository = repository
        self._expected = list(expected)
        self._counts: dict[str, tuple[int, int]] = {}

    def reason(self, commit: Commit) -> str:
        """Return why a commit only imports code whose history is elsewhere.

        Return "" for ordinary changes. Also return "" for a first commit that Fixes: tags may name
        by convention.
        """
        reason = _find_message_reason(self._repository, commit)
        return reason if reason is not None else _find_size_reason(commit, *self._files(commit.id))

    def _files(self, commit: str) -> tuple[int, int]:
        """Return the number of files that a commit adds, and the number that it changes."""
        if commit not in self._counts:
            commits = dict.fromkeys((commit, *self._expected))
            self._expected = []
            self._counts |= count_changed_files(self._repository, commits)
        return self._counts.get(commit, (0, 0))


def _find_message_reason(repository: Repository, commit: Commit) -> str | None:
    """Return the reason found in the commit itself, or None if its size must decide."""
    if any(commit.id in project.tags.first_commits for project in projects().values()):
        return ""
    if is_shallow_boundary(repository, commit.id):
        return "the lines are older than the history of this shallow clone"
    if len(commit.parents) > 1:
        return f"{commit.reference} is a merge; the lines come from the commits that it merges"
    if not commit.parents:
        return f"{commit.reference} is the first commit of this history; the lines are older"
    if _is_release_subject(commit.subject):
        return f"{commit.reference} is a release, not a change"
    if _VENDORED.match(commit.subject) or _IMPORTED_RELEASE.match(commit.subject):
        return f"{commit.reference} imports code without its history"
    return None


def _find_size_reason(commit: Commit, added: int, touched: int) -> str:
    if (
        added >= (SOME_FILES if _IMPORT.search(commit.subject) else MANY_FILES)
        and added >= MOSTLY * touched
    ):
        return (
            f"{commit.reference} adds {added} files at once, so their history is not in this"
            " repository"
        )
    return ""


def _is_release_subject(subject: str) -> bool:
    names = "|".join(
        re.escape(name) for project in projects().values() for name in project.release_names
    )
    return re.match(_RELEASE.replace("{names}", names), subject, re.IGNORECASE) is not None


def count_changed_files(
    repository: Repository, commits: Iterable[str]
) -> dict[str, tuple[int, int]]:
    """Map each commit to the number of files that it adds and changes, relative to its first
    parent.
    """
    options = (
        "-r",
        "-m",
        "--first-parent",
        "--no-renames",
        "--name-status",
        "-z",
        "--stdin",
    )
    result = repository.git(
        "diff-tree",
        *options,
        stdin="".join(f"{commit}\n" for commit in commits).encode(),
    )
    counts: dict[str, tuple[int, int]] = {}
    fields = iter(result.text.split("\0"))
    commit = ""
    for field in fields:
        if _ID.match(field):
            commit = field[:40]
            counts[commit] = (0, 0)
        elif field and commit:
            added, touched = counts[commit]
            counts[commit] = (added + (field == "A"), touched + 1)
            next(fields, None)
    return counts
