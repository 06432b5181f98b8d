# SPDX-License-Identifier: GPL-2.0-or-later
"""What a clone that lacks history cannot answer."""

from patchpilot.commits.repository import Repository


def ends_at(repository: Repository, commit: str) -> bool:
    """Whether a shallow clone's history ends at this commit: it seems to have written all that is older."""
    if not repository.is_shallow():
        return False
    return commit in (repository.common_dir / "shallow").read_text(encoding="ascii", errors="replace").split()


def what_lacks(repository: Repository) -> list[str]:
    """What a shallow or partial clone cannot answer, with the command that completes it; nothing for a complete clone."""
    notes = []
    if repository.is_shallow():
        notes.append("the clone is shallow: what came before its first commit cannot be told; `git fetch --unshallow` brings it")
    if any((repository.common_dir / "objects" / "pack").glob("*.promisor")):
        notes.append("the clone is partial: files that were not fetched were not looked at; `git fetch --refetch --no-filter` brings them")
    return notes
