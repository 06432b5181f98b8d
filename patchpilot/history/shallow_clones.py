# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect the limits of shallow and partial clones."""

from patchpilot.commits.git_reading import complete_history_hint
from patchpilot.commits.repository import Repository


def ends_at(repository: Repository, commit: str) -> bool:
    """Return whether the history of a shallow clone ends at this commit.

    Blame attributes all older lines to such a commit.
    """
    return commit in shallow_commits(repository)


def shallow_commits(repository: Repository) -> frozenset[str]:
    """Return the commits at which the history of a shallow clone ends."""
    if not repository.is_shallow():
        return frozenset()
    file = repository.common_dir / "shallow"
    return frozenset(file.read_text(encoding="ascii", errors="replace").split())


def missing_history_notes(repository: Repository) -> list[str]:
    """Return notes on missing history in a shallow or partial clone, with commands to fetch it."""
    notes = []
    if repository.is_shallow():
        notes.append(
            f"the clone is shallow: older history is missing; {complete_history_hint()}"
        )
    if repository.is_partial():
        notes.append(
            "the clone is partial: missing files were skipped; fetch them with `git fetch --refetch"
            " --no-filter`"
        )
    return notes
