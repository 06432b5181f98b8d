# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for an unpacked tree: without history its content is all there is."""

import shlex
from dataclasses import dataclass

from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.merging import Entry
from patchpilot.backports.object_store import EMPTY_TREE, Scratch
from patchpilot.backports.verdict import BranchVerdict
from patchpilot.errors import InputError
from patchpilot.model.hunk_fit import fit_file, misfits
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree

_THERE = "its result is there already"
_NO_HISTORY = "it has no history, so this is told from its content alone"


@dataclass(frozen=True, slots=True)
class DirectoryVerdict:
    """The verdict on a directory, why, how the patch applies, and what does not fit."""

    verdict: BranchVerdict
    reason: str
    applies: str | None
    conflicts: tuple[ConflictPlace, ...] = ()
    commands: tuple[str, ...] = ()


def judge_directory(patch: Patch, tree: Tree) -> DirectoryVerdict:
    """Whether a patch fits a tree, or is in it already: then every hunk's result is there."""
    if not patch.files:
        raise InputError(f"{patch.source}: there is no diff in it", hint="give a patch file as git format-patch writes it")
    told = _NO_HISTORY
    forward = misfits(patch.files, tree)
    backward = misfits(patch.files, tree, reverse=True)
    if forward and backward and _is_dos(patch):
        # git am and patch(1) drop what the way it came added, so that is what fits or not
        told = f"every line of the patch file ends in CR LF, judged as git am reads it, without the CRs; {_NO_HISTORY}"
        patch = patch._replace(lines=tuple(line.removesuffix("\r") for line in patch.lines))
        forward, backward = misfits(patch.files, tree), misfits(patch.files, tree, reverse=True)
    if not backward and (forward or _changes_lines(patch)):
        return DirectoryVerdict(BranchVerdict.FIXED, f"the content is already there: every hunk's result is in the tree; {told}", None)
    if not forward:
        commands = (f"patch -p1 -d {shlex.quote(tree.label)} < {shlex.quote(patch.source)}",) if patch.commit is None else ()
        return DirectoryVerdict(BranchVerdict.CLEAN, f"it applies as it is; {told}", "clean", (), commands)
    counts, places = _counted(patch, tree)
    return DirectoryVerdict(BranchVerdict.CONFLICT, f"{_in_words(*counts)}; {told}", "conflict", places)


def merges_into(judged: DirectoryVerdict, scratch: Scratch, fix: FixCommit, tree: Tree) -> DirectoryVerdict:
    """The verdict after a three-way merge with the files before the fix, which its repository has: as on a branch of this content."""
    if fix.base is None:
        return judged
    before, after = (scratch.entries(scratch.tree_of(one), fix.paths) for one in (fix.base, fix.id))
    here: dict[str, Entry] = {}
    for path in fix.paths:
        content = tree.read(path)
        known = before[path] or after[path]
        here[path] = (known[0] if known else "100644", scratch.write("blob", content)) if content is not None else None
    base, ours, theirs = (scratch.with_files(EMPTY_TREE, one) for one in (before, here, after))
    merge = scratch.merge_trees(base, ours, theirs)
    if not merge.clean or merge.tree == ours:
        return judged
    why = f"a three-way merge applies it, the patch alone does not; {_NO_HISTORY}"
    return DirectoryVerdict(BranchVerdict.THREE_WAY, why, BranchVerdict.THREE_WAY.value)


def _counted(patch: Patch, tree: Tree) -> tuple[tuple[int, int, int], tuple[ConflictPlace, ...]]:
    """How many hunks are there already, do not apply, and apply (each is one of them), and the places of the first two."""
    there = total = broken = 0
    places: list[ConflictPlace] = []
    for change in patch.files:
        forward = fit_file(change, tree).misfits
        # what keeps a whole file from fitting keeps each of its hunks
        undone = fit_file(change, tree, reverse=True).misfits
        stuck = {id(one.hunk) for one in undone}
        size = max(1, len(change.hunks))
        found = [one.hunk is not None and id(None) not in stuck and id(one.hunk) not in stuck for one in forward]
        whole = any(one.hunk is None for one in forward)
        # without a file to put them in none applies, and a file that is there as a whole has them all
        here = size if whole and not undone else sum(found)
        there += here
        broken += size - here if whole else len(forward) - here
        total += size
        places += [
            ConflictPlace(one.path, one.line, kind=_THERE if is_there or (whole and not undone) else one.why)
            for one, is_there in zip(forward, found, strict=True)
        ]
    return (there, broken, total - there - broken), tuple(places)


def _in_words(there: int, broken: int, fits: int) -> str:
    total = there + broken + fits
    if not there:
        return f"{broken} of {total} hunks do not apply"
    parts = [f"{there} {'is' if there == 1 else 'are'} there already"]
    parts += [f"{broken} {'does' if broken == 1 else 'do'} not apply"] if broken else []
    parts += [f"{fits} {'applies' if fits == 1 else 'apply'}"] if fits else []
    return f"of its {total} hunks {' and '.join([', '.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)}"


def _changes_lines(patch: Patch) -> bool:
    return any(change.removed for change in patch.files)


def _is_dos(patch: Patch) -> bool:
    diff = [line for line in patch.lines[patch.diff_line - 1 :] if line]
    return bool(diff) and all(line.endswith("\r") for line in diff)
