# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer for an unpacked tree: without history its content is all there is."""

import shlex
from dataclasses import dataclass

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
    forward = misfits(patch.files, tree)
    backward = misfits(patch.files, tree, reverse=True)
    if not backward and (forward or _changes_lines(patch)):
        return Judged(Verdict.FIXED, f"the content is already there: every hunk's result is in the tree; {_NO_HISTORY}", None)
    if not forward:
        commands = (f"patch -p1 -d {shlex.quote(tree.label)} < {shlex.quote(patch.source)}",) if patch.commit is None else ()
        return Judged(Verdict.CLEAN, f"it applies as it is; {_NO_HISTORY}", "clean", (), commands)
    total = sum(max(1, len(change.hunks)) for change in patch.files)
    there = total - len(backward)
    part = f"{there} of its {total} hunks are there already; " if 0 < there < total else ""
    places = tuple(Place(one.path, one.line, kind=one.why) for one in forward)
    return Judged(Verdict.CONFLICT, f"{part}{len(forward)} of {total} hunks do not apply; {_NO_HISTORY}", "conflict", places)


def _changes_lines(patch: Patch) -> bool:
    return any(change.removed for change in patch.files)
