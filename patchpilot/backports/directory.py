# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for an unpacked tree: without history its content is all there is."""

import shlex
from dataclasses import dataclass, replace

from patchpilot.backports.conflict import Place
from patchpilot.backports.hunks import misfits
from patchpilot.backports.verdict import Verdict
from patchpilot.errors import InputError
from patchpilot.model.patch import Patch
from patchpilot.model.tree import Tree

_NO_HISTORY = "it has no history, so this is told from its content alone"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a directory, why, how the patch applies, and what does not fit."""

    verdict: Verdict
    reason: str
    applies: str | None
    conflicts: tuple[Place, ...] = ()
    commands: tuple[str, ...] = ()


def judge_directory(patch: Patch, tree: Tree) -> Judged:
    """Whether a patch fits a tree, or is in it already: then every hunk's result is there."""
    if not patch.files:
        raise InputError(f"{patch.source}: there is no diff in it", hint="give a patch file as git format-patch writes it")
    told = _NO_HISTORY
    forward = misfits(patch.files, tree)
    backward = misfits(patch.files, tree, reverse=True)
    if forward and backward and _is_dos(patch):
        # git am and patch(1) drop what the way it came added, so that is what fits or not
        told = f"every line of the patch file ends in CR LF, judged as git am reads it, without the CRs; {_NO_HISTORY}"
        patch = replace(patch, lines=tuple(line.removesuffix("\r") for line in patch.lines))
        forward, backward = misfits(patch.files, tree), misfits(patch.files, tree, reverse=True)
    if not backward and (forward or _changes_lines(patch)):
        return Judged(Verdict.FIXED, f"the content is already there: every hunk's result is in the tree; {told}", None)
    if not forward:
        commands = (f"patch -p1 -d {shlex.quote(tree.label)} < {shlex.quote(patch.source)}",) if patch.commit is None else ()
        return Judged(Verdict.CLEAN, f"it applies as it is; {told}", "clean", (), commands)
    total = sum(max(1, len(change.hunks)) for change in patch.files)
    there = total - len(backward)
    part = f"{there} of its {total} hunks are there already; " if 0 < there < total else ""
    places = tuple(Place(one.path, one.line, kind=one.why) for one in forward)
    return Judged(Verdict.CONFLICT, f"{part}{len(forward)} of {total} hunks do not apply; {told}", "conflict", places)


def _changes_lines(patch: Patch) -> bool:
    return any(change.removed for change in patch.files)


def _is_dos(patch: Patch) -> bool:
    diff = [line for line in patch.lines[patch.diff_line - 1 :] if line]
    return bool(diff) and all(line.endswith("\r") for line in diff)
