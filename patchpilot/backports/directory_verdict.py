# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the verdict for an unpacked tree without history, using only its content."""

import shlex
from dataclasses import replace

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.present_lines import find_present_lines
from patchpilot.commits.applies import AppliesHow
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.errors import InputError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.model.hunk_fit import find_misfit_hunks, fit_file
from patchpilot.model.patch import Patch
from patchpilot.model.printable import join_words
from patchpilot.model.source_tree import Tree

_THERE = "already applied"
_NO_HISTORY = "no git history, judged by content only"


def judge_directory(patch: Patch, tree: Tree) -> tuple[BranchResult, Patch]:
    """Check whether a patch applies to a tree or was already applied.

    It was already applied if the tree contains the post-image of every hunk. Return the verdict and
    the patch that was tested.
    """
    if not patch.files:
        raise InputError(
            f"{patch.source}: no diff found",
            hint="pass a patch file written by `git format-patch`",
        )
    basis = _NO_HISTORY
    forward = find_misfit_hunks(patch.files, tree)
    backward = find_misfit_hunks(patch.files, tree, reverse=True)
    if "CRLF" in patch.damage:
        basis = (
            "every line of the patch file ends with CR LF; judged without the CRs, as git am"
            f" applies it; {_NO_HISTORY}"
        )
        if forward and backward:
            # the files of the tree may have the CRs as well
            dos_patch = patch._replace(lines=tuple(map(_add_cr, patch.lines)))
            dos_forward = find_misfit_hunks(dos_patch.files, tree)
            dos_backward = find_misfit_hunks(dos_patch.files, tree, reverse=True)
            if not (dos_forward and dos_backward):
                basis, patch = _NO_HISTORY, dos_patch
                forward, backward = dos_forward, dos_backward
    result = BranchResult(
        tree.label,
        f"{tree.version[0]}.{tree.version[1]}" if tree.version else None,
        "",
        BranchVerdict.FIXED,
        f"already applied: the tree has the result of every hunk; {basis}",
    )
    if not backward and (forward or any(change.removed for change in patch.files)):
        return replace(result, landed_by="content"), patch
    if not forward:
        command = f"patch -p1 -d {shlex.quote(tree.label)} < {shlex.quote(patch.source)}"
        clean = replace(
            result,
            verdict=BranchVerdict.CLEAN,
            reason=f"applies cleanly; {basis}",
            applies=AppliesHow.CLEAN,
            commands=(command,) if patch.commit is None else (),
        )
        return clean, patch
    counts, conflicts = _count_hunks(patch, tree)
    conflict = replace(
        result,
        verdict=BranchVerdict.CONFLICT,
        reason=f"{_describe_counts(*counts)}; {basis}",
        applies=AppliesHow.CONFLICT,
        conflicts=conflicts,
    )
    return conflict, patch


def merge_into_directory(
    result: BranchResult, scratch: ScratchStore, fix: FixCommit, tree: Tree
) -> BranchResult:
    """Return the verdict after a three-way merge.

    The merge base consists of the files before the fix, read from the fix's repository.
    """
    if fix.base is None:
        return result
    before, after = (
        scratch.entries(scratch.tree_of(commit), fix.paths) for commit in (fix.base, fix.id)
    )
    entries = {}
    for path in fix.paths:
        content = tree.read(path)
        old_entry = before[path] or after[path]
        entries[path] = (
            (old_entry[0] if old_entry else "100644", scratch.write("blob", content))
            if content is not None
            else None
        )
    base, ours, theirs = (
        scratch.write_with_files(EMPTY_TREE, files) for files in (before, entries, after)
    )
    merge = scratch.merge_trees(base, ours, theirs)
    if not merge.clean:
        return result
    if merge.tree == ours:
        return replace(
            result,
            verdict=BranchVerdict.FIXED,
            reason=f"the fix changes nothing here: its content is already there; {_NO_HISTORY}",
            applies=None,
            landed_by="content",
            conflicts=(),
        )
    return replace(
        result,
        verdict=BranchVerdict.THREE_WAY,
        reason=f"applies with a three-way merge only; {_NO_HISTORY}",
        applies=AppliesHow.THREE_WAY,
        conflicts=(),
    )


def look_for_lines(result: BranchResult, patch: Patch, tree: Tree) -> BranchResult:
    """Return `unknown` with the lines of a fix that are in the tree, if they are probably the fix.

    Otherwise, return the verdict as it is.
    """
    lines = find_present_lines(patch.files, tree)
    if not lines:
        return result
    return replace(
        result,
        verdict=BranchVerdict.UNKNOWN,
        reason=(
            "probably there: the tree has every line that the fix adds, and none that it removes;"
            f" {_NO_HISTORY}"
        ),
        present=lines,
        conflicts=(),
    )


def _count_hunks(
    patch: Patch, tree: Tree
) -> tuple[tuple[int, int, int], tuple[ConflictPlace, ...]]:
    """Return how many hunks are already applied, do not apply, and apply.

    Also return the locations of the hunks that are already applied or do not apply.
    """
    applied_count = total = broken = 0
    conflicts = []
    for change in patch.files:
        forward_misfits = fit_file(change, tree).misfits
        # fit_file reports on a whole file, so compare its hunks in both directions
        reverse_misfits = fit_file(change, tree, reverse=True).misfits
        unreverted = {id(misfit.hunk) for misfit in reverse_misfits}
        size = max(1, len(change.hunks))
        applied = [
            misfit.hunk is not None
            and id(None) not in unreverted
            and id(misfit.hunk) not in unreverted
            for misfit in forward_misfits
        ]
        affects_whole_file = any(misfit.hunk is None for misfit in forward_misfits)
        # if the file is missing, no hunk applies; if a new file is already present, all are applied
        applied_in_file = size if affects_whole_file and not reverse_misfits else sum(applied)
        applied_count += applied_in_file
        broken += (
            size - applied_in_file if affects_whole_file else len(forward_misfits) - applied_in_file
        )
        total += size
        conflicts += [
            ConflictPlace(
                misfit.path,
                misfit.line,
                kind=_THERE
                if is_applied or (affects_whole_file and not reverse_misfits)
                else misfit.why,
            )
            for misfit, is_applied in zip(forward_misfits, applied, strict=True)
        ]
    return (applied_count, broken, total - applied_count - broken), tuple(conflicts)


def _describe_counts(applied: int, broken: int, applicable: int) -> str:
    total = applied + broken + applicable
    if not applied:
        return f"{broken} of {total} hunks do not apply"
    parts = [f"{applied} {'is' if applied == 1 else 'are'} already applied"]
    parts += [f"{broken} {'does' if broken == 1 else 'do'} not apply"] if broken else []
    parts += [f"{applicable} {'applies' if applicable == 1 else 'apply'}"] if applicable else []
    return f"of {total} hunks, {join_words(parts)}"


def _add_cr(line: str) -> str:
    """Add a CR to a line of a hunk."""
    is_code = line[:1] in (" ", "+", "-") and not line.startswith(("--- ", "+++ "))
    return f"{line}\r" if is_code else line
