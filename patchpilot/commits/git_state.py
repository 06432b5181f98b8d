# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect unfinished git operations such as a rebase, merge or cherry-pick.

This includes a rebase in another worktree.
"""

from dataclasses import dataclass

from patchpilot.commits.branch_move_journal import find_unfinished_move
from patchpilot.commits.git_reading import find_rebased_ref
from patchpilot.commits.repository import Repository
from patchpilot.model.action import Action, Advice

_MARKS = (
    ("rebase-merge", "a rebase", "git rebase --continue (or --abort)"),
    ("rebase-apply/applying", "git am", "git am --continue (or --abort)"),
    ("rebase-apply", "a rebase", "git rebase --continue (or --abort)"),
    ("CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --continue (or --abort)"),
    ("REVERT_HEAD", "a revert", "git revert --continue (or --abort)"),
    ("MERGE_HEAD", "a merge", "git merge --continue (or --abort)"),
    ("BISECT_LOG", "a bisection", "git bisect reset"),
)


@dataclass(frozen=True, slots=True)
class UnfinishedOperation:
    """An unfinished git operation, such as "a rebase", and how to finish it."""

    label: str
    hint: Advice


def find_busy_operation(
    repository: Repository, ref: str | None = None
) -> UnfinishedOperation | None:
    """Return the git operation that is not finished in this worktree, or None.

    With `ref`, also return a rebase of that branch in another worktree.
    """
    if find_unfinished_move(repository):
        return UnfinishedOperation(
            "an interrupted update of the branch's files",
            Action("undo", ("restore",), "restore the files before you commit: {}"),
        )
    for marker, operation, command in _MARKS:
        if (repository.git_dir / marker).exists():
            return UnfinishedOperation(operation, f"run `{command}` first")
    for worktree in sorted((repository.common_dir / "worktrees").glob("*")):
        if worktree != repository.git_dir and ref and find_rebased_ref(worktree) == ref:
            return UnfinishedOperation(
                f"a rebase of this branch in worktree {worktree.name}",
                "finish it there first",
            )
    return None
