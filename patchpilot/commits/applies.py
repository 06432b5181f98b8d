# SPDX-License-Identifier: GPL-2.0-or-later
"""Check whether a fix applies to a tree: cleanly, with a three-way merge, or not at all."""

from dataclasses import dataclass
from enum import StrEnum

from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.merging import Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.hunk_fit import Fit, Misfit, fit_file
from patchpilot.model.source_tree import is_safe_path


class AppliesHow(StrEnum):
    """How a fix applies to a tree."""

    CLEAN = "clean"
    THREE_WAY = "clean-3way"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The result of applying a fix to a tree.

    `misfits` contains the hunks that apply only in a three-way merge, and `offsets` the line
    offsets of hunks. `is_empty` is set if the fix changes nothing in this tree.
    """

    how: AppliesHow
    merge: Merge
    misfits: tuple[Misfit, ...]
    offsets: tuple[int, ...]
    is_empty: bool


class ScratchTree:
    """A tree's files, read from the temporary object store."""

    def __init__(self, scratch: ScratchStore, tree: str) -> None:
        self.scratch = scratch
        self.tree = tree

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, or None."""
        return self.scratch.blob(self.tree, path) if is_safe_path(path) else None

    def exists(self, path: str) -> bool:
        """Return whether a file or directory exists."""
        return is_safe_path(path) and self.scratch.objects.get(f"{self.tree}:{path}") is not None


def try_fix(scratch: ScratchStore, fix: FixCommit, onto: str) -> ApplyResult:
    """Cherry-pick a fix onto a commit or tree in the object store.

    The merge shows whether there is a conflict. If the context of all hunks is present, the fix
    applies without a merge.
    """
    tree = onto if _is_tree_object(scratch, onto) else scratch.tree_of(onto)
    merge = scratch.pick(fix.id, tree, fix.base)
    target = ScratchTree(scratch, tree)
    file_fits = [_compute_fit(fix, index, target) for index in range(len(fix.files))]
    misfits = tuple(misfit for fit in file_fits for misfit in fit.misfits)
    offsets = tuple(offset for fit in file_fits for offset in fit.offsets)
    if not merge.clean:
        outcome = AppliesHow.CONFLICT
    elif misfits:
        outcome = AppliesHow.THREE_WAY
    else:
        outcome = AppliesHow.CLEAN
    return ApplyResult(outcome, merge, misfits, offsets, merge.clean and merge.tree == tree)


def _is_tree_object(scratch: ScratchStore, name: str) -> bool:
    entry = scratch.objects.get(name)
    return bool(entry and entry[1] == "tree")


def _compute_fit(fix: FixCommit, index: int, target: ScratchTree) -> Fit:
    change = fix.files[index]
    if change.is_binary and change.old_path:
        blob = target.scratch.objects.get(f"{target.tree}:{change.old_path}")
        if blob and blob[0] == fix.old_blobs.get(change.old_path):
            return Fit((), ())
    return fit_file(change, target)
