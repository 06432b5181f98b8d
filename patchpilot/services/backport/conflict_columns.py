# SPDX-License-Identifier: GPL-2.0-or-later
"""The conflicts of a fix on a branch with the lines they come from: the branch, the base and the fix next to each other."""

import tempfile
from pathlib import Path

from patchpilot.backports.conflict_places import ConflictPlace as ConflictPlace
from patchpilot.backports.conflict_places import marked_places
from patchpilot.commits.repository import Repository
from patchpilot.model.hunk_fit import text_lines
from patchpilot.services.backport.backport_result import BranchResult

SIDES = ("branch", "base", "fix")
CONTEXT = 3
"""Common lines around a conflict, as a patch has them."""
MOST_CONFLICTS = 127
"""git merge-file ends with the number of conflicts, at most this."""


def conflict_columns(repository: Repository, fix: str, branch: BranchResult) -> tuple[ConflictPlace, ...]:
    """The conflicts of `fix` (an id) on a branch, each with its base and the lines around it.

    A file that one side renamed or deleted stays as the verdict has it.
    """
    parents = repository.commit(fix).parents
    found: list[ConflictPlace] = []
    for path in dict.fromkeys(place.path for place in branch.conflicts):
        known = [place for place in branch.conflicts if place.path == path]
        contents = [repository.blob(rev, path) for rev in (branch.tip, *parents[:1], fix)] if branch.tip else []
        read = [content for content in contents if content is not None]
        merged = _merged(repository, path, read) if len(read) == len(SIDES) and all(place.line for place in known) else []
        found += merged or known
    return tuple(found)


def _merged(repository: Repository, path: str, contents: list[bytes]) -> list[ConflictPlace]:
    with tempfile.TemporaryDirectory(prefix="patchpilot-conflict-") as folder:
        files = [Path(folder) / side for side in SIDES]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        done = repository.git("merge-file", "-p", "-q", "--diff3", *map(str, files), ok=range(MOST_CONFLICTS + 1))
    return marked_places(path, text_lines(done.out), CONTEXT)
