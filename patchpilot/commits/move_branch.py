# SPDX-License-Identifier: GPL-2.0-or-later
"""Move a branch, and update the checked-out files if the tree changes."""

from pathlib import Path

from patchpilot.commits import rewrite
from patchpilot.commits.branch_move_journal import (
    BranchMove,
    record_move_start,
    refuse_locked,
    remove_move_record,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import RewriteResult, find_current_ref, move_branch_ref
from patchpilot.commits.undo_refs import Undo
from patchpilot.errors import RefusedError

MAX_NAMED = 1000
"""Maximum number of paths passed to git as arguments; above this, check all files."""


def list_changed_paths(repository: Repository, old: str, new: str) -> tuple[str, ...]:
    """Return the paths of files that differ between two commits."""
    return tuple(file.path for file in repository.changed_files(old, new))


def refuse_dirty_files(repository: Repository, ref: str | None, paths: tuple[str, ...]) -> None:
    """Raise `RefusedError` if a branch's checked-out files cannot be updated safely.

    This is the case if a file in `paths` has uncommitted changes, or if the branch is checked out
    in another worktree.
    """
    _must_update_files(repository, ref, paths)


def _must_update_files(repository: Repository, ref: str | None, paths: tuple[str, ...]) -> bool:
    """Return whether the checked-out files must be updated when a branch is moved.

    Raise the same errors as `refuse_dirty_files`.
    """
    if not paths:
        return False
    is_current = _is_current_branch(repository, ref)
    _refuse_other_worktrees(repository, ref, 1 if is_current and not repository.bare else 0)
    if not is_current or repository.bare:
        return False
    # more paths would exceed the limit of a command line
    path_arguments = ("--", *paths) if len(paths) <= MAX_NAMED else ()
    result = repository.git(
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        *path_arguments,
        runs_filters=True,
    )
    modified = [
        entry[3:] for entry in result.out.decode("utf-8", "surrogateescape").split("\0") if entry
    ]
    path_set = set(paths)
    dirty = [path for path in modified if path in path_set]
    if dirty:
        raise RefusedError(
            f"{dirty[0]} has uncommitted changes"
            + (f" (and {len(dirty) - 1} more)" if len(dirty) > 1 else ""),
            hint="commit or stash them (git stash), then try again",
        )
    return True


def _is_current_branch(repository: Repository, ref: str | None) -> bool:
    return find_current_ref(repository) == ref


def _refuse_other_worktrees(repository: Repository, ref: str | None, max_worktrees: int) -> None:
    """Raise RefusedError if the branch is checked out in more than `max_worktrees` worktrees.

    Users can force git to check it out more than once.
    """
    if ref is None:
        return
    entries = (
        repository.git("worktree", "list", "--porcelain", "-z")
        .out.decode("utf-8", "surrogateescape")
        .split("\0\0")
    )
    # ignore worktrees whose directory is gone
    trees = [set(entry.split("\0")) for entry in entries if "\0prunable" not in entry]
    worktrees = [
        entry.removeprefix("worktree ")
        for tree in trees
        if f"branch {ref}" in tree
        for entry in tree
        if entry.startswith("worktree ")
    ]
    others = [tree for tree in worktrees if Path(tree) != repository.top] or worktrees
    if len(worktrees) > max_worktrees:
        raise RefusedError(
            f"{ref.removeprefix('refs/heads/')} is also checked out in {others[0]}, whose files"
            " would not be updated",
            hint=(
                "check out another branch there first (git switch)"
                if max_worktrees
                else "run the command in that worktree"
            ),
        )


def apply_branch_move(
    repository: Repository, rewriting: RewriteResult, command: str
) -> Undo | None:
    """Write the undo record, then move the branch, its index and its working tree.

    Return None if there is nothing to do.
    """
    if rewriting.old != rewriting.new:
        paths = list_changed_paths(repository, rewriting.old, rewriting.new)
        refuse_dirty_files(repository, rewriting.ref, paths)
    return rewrite.apply_rewrite(repository, rewriting, command, move_checked_out_branch)


def move_checked_out_branch(
    repository: Repository, ref: str | None, new: str, old: str, reflog_message: str
) -> None:
    """Move a branch from `old` to `new`, and update the checked-out files.

    `ref` is None for a detached HEAD. Raise `RefusedError` if the branch has moved, or if files to
    update have uncommitted changes. A single git command updates files and branch, and continues
    even if this process is killed. Staged changes to other files remain staged.
    """
    if not _must_update_files(repository, ref, list_changed_paths(repository, old, new)):
        move_branch_ref(repository, ref, new, old, reflog_message)
        return
    if repository.find("HEAD") != old:
        raise RefusedError(
            "the branch has moved in the meantime",
            hint="nothing was changed; check the branch with `git log`, then try again",
        )
    # `reset --keep` would unstage changes to other files, and could lose content that is only in
    # the index
    branch_options = ("--no-track", "-B", ref.removeprefix("refs/heads/")) if ref else ("--detach",)
    refuse_locked(repository, ref)
    record_move_start(repository, BranchMove(ref, old, new, reflog_message))
    result = repository.git(
        "checkout",
        "--quiet",
        "--no-recurse-submodules",
        "--no-overwrite-ignore",
        *branch_options,
        new,
        "--",
        env={"GIT_REFLOG_ACTION": reflog_message},
        ok=(),
    )
    if result.code:
        # the first lines are the reason; the remaining lines explain how to switch branches
        reason = (
            " ".join(line.strip() for line in result.error_text.splitlines()[:2]) or "git failed"
        )
        remove_move_record(repository)
        raise RefusedError(
            f"the working tree could not be updated: {reason}",
            hint="nothing was changed; run `git status`",
        )
    remove_move_record(repository)
