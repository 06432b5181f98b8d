# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect the limits of shallow and partial clones."""

from patchpilot.commits.repository import Repository
from patchpilot.read_file import read_regular_file


def is_shallow_boundary(repository: Repository, commit: str) -> bool:
    """Return whether the history of a shallow clone ends at this commit.

    Blame attributes all older lines to such a commit.
    """
    return commit in read_shallow_commits(repository)


def read_shallow_commits(repository: Repository) -> frozenset[str]:
    """Return the commits at which the history of a shallow clone ends."""
    if not repository.is_shallow():
        return frozenset()
    data = read_regular_file(repository.common_dir / "shallow") or b""
    return frozenset(data.decode("ascii", "replace").split())


def list_missing_history_notes(repository: Repository) -> list[str]:
    """Return notes on missing history in a shallow or partial clone, with commands to fetch it."""
    notes = []
    if repository.is_shallow():
        notes.append(
            f"the clone is shallow: older history is missing; {repository.complete_history_hint()}"
        )
    elif repository.is_partial():
        notes.append(
            "the clone is partial: missing files were skipped; fetch them with `git fetch --refetch"
            " --no-filter`"
        )
    return notes
