# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapts a fix to a branch by choosing a resolution for each conflict.

Handles the proposed resolutions, the user's choices, and the resulting adaptation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from patchpilot.backports.adapt.conflicted_file import Conflict
from patchpilot.backports.adapt.explain_steps import with_causes
from patchpilot.backports.adapt.proposals import Decided, decide, propose
from patchpilot.backports.adapt.proposals import Proposal as Proposal
from patchpilot.backports.adapt.proposals import Source as Source
from patchpilot.backports.adapt.verify import is_marked as is_marked
from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.backports.conflict_places import ConflictPlace
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.model.hunk_fit import text_lines
from patchpilot.model.progress import Progress, silent
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
from patchpilot.services.backport.backport_targets import form_of
from patchpilot.services.backport.build_objects import OBJECTS
from patchpilot.services.backport.build_objects import Built as Built
from patchpilot.services.backport.conflict_columns import (
    ConflictColumns,
    conflict_columns,
)
from patchpilot.services.backport.saved_choices import Choices as Choices
from patchpilot.services.backport.saved_choices import read_choices, save_choices
from patchpilot.services.backport.work_clone import build

CHOSEN = "chosen"
"""The kind of an adaptation that a person chose."""
EARLIER = "previous choices: "


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """A conflict with its proposed resolutions, the most likely first.

    `columns` has the versions of the conflict with their context lines. `files` has the
    branch's lines of other files that the proposals change.
    """

    conflict: Conflict
    proposals: tuple[Proposal, ...]
    columns: ConflictColumns
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenConflicts:
    """The conflicts of a fix on a branch, and the choices saved for them.

    `changed` describes changes to the fix or the branch since the choices were made; it is
    empty if there were none.
    """

    conflicts: tuple[OpenConflict, ...]
    choices: Choices
    changed: str = ""

    def take(self, key: str, proposal: Proposal) -> "OpenConflicts":
        """Returns the conflicts after choosing a proposal for the conflict with this key.

        Lines that the user wrote become one of the conflict's proposals.
        """
        choices = self.choices.take(key, proposal)
        conflicts = (
            replace(one, proposals=_with_chosen(one.proposals, choices, key))
            if one.conflict.key == key
            else one
            for one in self.conflicts
        )
        return replace(self, conflicts=tuple(conflicts), choices=choices)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The adaptation that results from the user's choices, with its problems and doubts.

    An adaptation with problems is not written; doubts are for the user to check.
    """

    adaptation: Adaptation
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def open_conflicts(
    repository: Repository,
    result: BackportResult,
    branch: BranchResult,
    progress: Progress = silent,
) -> OpenConflicts:
    """Returns the conflicts of the fix on a branch.

    If the fix or the branch changed since a conflict's resolution was chosen, that resolution
    becomes a proposal for the same conflict.
    """
    assert result.commit
    with Scratch(repository) as scratch:
        fix, tree = (
            FixCommit.read(repository, result.commit),
            scratch.tree_of(branch.tip),
        )
        merge = scratch.pick(fix.id, tree, fix.base)
        found = propose(scratch, merge, tree, fix, branch.tip, progress)
    choices, changed = read_choices(repository, result.commit, branch)
    keys = {one.conflict.key for one in found}
    choices = replace(
        choices,
        count=len(found),
        made=tuple((key, one) for key, one in choices.made if key in keys),
    )
    columns = _columns(
        repository, result.commit, branch, [one.conflict for one in found]
    )
    conflicts = []
    for one, its in zip(found, columns, strict=True):
        proposals = _with_chosen(one.proposals, choices, one.conflict.key)
        files = {
            path: tuple(text_lines(repository.blob(branch.tip, path) or b""))
            for path in {known.path for known in proposals} - {""}
        }
        conflicts.append(OpenConflict(one.conflict, proposals, its, files))
    return OpenConflicts(tuple(conflicts), choices, changed)


def _with_chosen(
    known: Sequence[Proposal], choices: Choices, key: str
) -> tuple[Proposal, ...]:
    """The proposals of a conflict, before them what was chosen before the fix or the branch
    changed, and what the user wrote.
    """
    earlier = choices.earlier.get(key)
    before = (
        [replace(earlier, why=f"{EARLIER}{earlier.why.removeprefix(EARLIER)}")]
        if earlier
        else []
    )
    mine = [
        one for of, one in choices.made if of == key and one.source is Source.EDITED
    ]
    found: dict[tuple[str, tuple[str, ...] | None], Proposal] = {}
    for one in (*before, *reversed(mine), *known):
        found.setdefault((one.path, one.lines), one)
    return tuple(found.values())


def _columns(
    repository: Repository,
    fix: str,
    branch: BranchResult,
    conflicts: Sequence[Conflict],
) -> list[ConflictColumns]:
    """The versions of each conflict, with the lines around them where these are known."""
    read = conflict_columns(repository, fix, branch)
    found = []
    for conflict in conflicts:
        same = [one for one in conflicts if one.path == conflict.path]
        known = [one for one in read if one.place.path == conflict.path]
        sides = (
            [line.rstrip("\n") for line in side or ()]
            for side in (conflict.ours, conflict.theirs, conflict.base)
        )
        ours, theirs, base = map(tuple, sides) if conflict.line else ((), (), ())
        plain = ConflictColumns(
            ConflictPlace(conflict.path, conflict.line, ours, theirs, base=base)
        )
        found.append(known[same.index(conflict)] if len(known) == len(same) else plain)
    return found


def save(repository: Repository, branch: BranchResult, choices: Choices) -> None:
    """Saves the user's choices for a fix's conflicts."""
    save_choices(repository, choices, branch)


def edited(conflict: OpenConflict, lines: Sequence[str], note: str) -> Proposal:
    """Returns the proposal for a resolution that the user wrote.

    `note` describes the resolution in the patch's message.
    """
    return Proposal(
        Source.EDITED, tuple(lines), note, (f"{conflict.conflict.place}: {note}",)
    )


def outcome(
    repository: Repository,
    result: BackportResult,
    branch: BranchResult,
    known: OpenConflicts,
) -> Outcome:
    """Returns the adaptation that results from the choices for all conflicts.

    The adaptation is verified in the same way as an automatic one.
    """
    assert result.commit
    chosen = {
        one.conflict.key: known.choices.chosen[one.conflict.key]
        for one in known.conflicts
    }
    with Scratch(repository) as scratch:
        fix, tree = (
            FixCommit.read(repository, result.commit),
            scratch.tree_of(branch.tip),
        )
        merge = scratch.pick(fix.id, tree, fix.base)
        decided = decide(scratch, merge, tree, fix, chosen)
        steps = dict.fromkeys(
            step for one in chosen.values() for step in _steps(one, branch)
        )
        found = Adaptation(CHOSEN, 1.0, tuple(steps), decided.contents)
        is_empty = found.tree(scratch, merge) == tree
    problems = (
        *decided.problems,
        *(["nothing is left of the fix"] if is_empty else []),
    )
    return Outcome(found, problems, _doubts(decided))


def _steps(chosen: Proposal, branch: BranchResult) -> tuple[str, ...]:
    return (
        with_causes(chosen.steps, branch.causes)
        if chosen.source is Source.ADAPTED
        else chosen.steps
    )


def _doubts(decided: Decided) -> tuple[str, ...]:
    return tuple(f"the branch does not have {name}" for name in decided.unknown)


def build_objects_of(
    repository: Repository,
    result: BackportResult,
    branch: BranchResult,
    adapted: Adaptation,
    progress: Progress = silent,
) -> Built:
    """Compiles the objects that an adapted fix changes, before and after the fix."""
    chosen = replace(branch, adaptation=replace(adapted, is_accepted=True))
    return build(
        repository,
        [(replace(result, branches=(chosen,)), chosen)],
        form_of(repository, None),
        OBJECTS,
        progress,
    )
