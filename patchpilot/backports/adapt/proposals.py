# SPDX-License-Identifier: GPL-2.0-or-later
"""Proposes resolutions for the conflicts of a fix's merge, and builds the files for the selected
ones.

Each proposal has a reason; the most likely come first.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.backports.adapt.adaptation import adapt_files
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.alignment import align
from patchpilot.backports.adapt.conflicted_file import (
    Conflict,
    ConflictedFile,
    Lines,
    conflicted_files,
    content_of,
    merged_with,
)
from patchpilot.backports.adapt.line_origins import (
    Origin,
    origins,
    part_of,
    who_added_file,
)
from patchpilot.backports.adapt.renamed_names import absent_names, names_in, names_used
from patchpilot.backports.adapt.tokens import key
from patchpilot.backports.adapt.units import is_code
from patchpilot.backports.adapt.verify import problems
from patchpilot.backports.adapted_fix import SURE_ENOUGH
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.counted import counted
from patchpilot.model.hunk_fit import text_lines
from patchpilot.model.progress import Progress, silent

_MOST_ORIGINS = 3
# git blame may take seconds for each
_MOST_LOOKED_UP = 12


class Source(StrEnum):
    """The source of a proposal's lines."""

    ADAPTED = "adapted"
    PREREQUISITE = "prerequisite"
    DROPPED = "dropped"
    FIX = "fix"
    BRANCH = "branch"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed resolution of a conflict: its lines (None: no such file) and the reason.

    `confidence` is from 0 to 1 if it is known. `path` is the file whose whole content these lines
    become, if it is not the conflict's file; that file is then not in the branch. `commit` is the
    commit that the reason refers to, `steps` are sentences for the patch's message, and `unknown`
    are names in the lines that are missing from the branch.
    """

    source: Source
    lines: Lines | None
    why: str
    steps: tuple[str, ...]
    confidence: float | None = None
    commit: str = ""
    path: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposedConflict:
    """A conflict and its proposed resolutions, the most likely first."""

    conflict: Conflict
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The result of the selected proposals.

    Contains a path → mode and content mapping (None: file removed), the problem with it, and the
    names missing from the branch.
    """

    contents: Mapping[str, tuple[str, bytes] | None]
    problems: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def propose(
    scratch: Scratch,
    merge: Merge,
    onto: str,
    fix: FixCommit,
    tip: str,
    progress: Progress = silent,
) -> tuple[ProposedConflict, ...]:
    """Returns the conflicts of a fix's merge with a tree, each with its proposals.

    `onto` is the tree of the branch's `tip`.
    """
    files = conflicted_files(scratch, merge)
    every = [(file, conflict) for file in files for conflict in file.conflicts]
    found = []
    for number, (file, conflict) in enumerate(every):
        progress("reading the conflicts", number, len(every))
        came = (
            _came_with(scratch, fix, tip, file, conflict)
            if number < _MOST_LOOKED_UP
            else ()
        )
        known = [
            *_adapted(scratch, merge, onto, fix, tip, file, conflict),
            *_with_parts(scratch, onto, fix, file, conflict, came),
            *_sides(conflict, came),
        ]
        found.append(ProposedConflict(conflict, _ranked(known)))
    return tuple(found)


def decide(
    scratch: Scratch,
    merge: Merge,
    onto: str,
    fix: FixCommit,
    chosen: Mapping[str, Proposal],
) -> Decided:
    """Resolves the conflicted files of a merge with the proposal chosen for each conflict, by its
    key.
    """
    contents: dict[str, tuple[str, bytes] | None] = {}
    wrong: list[str] = []
    new: set[str] = set()
    for file in conflicted_files(scratch, merge):
        elsewhere = [
            chosen[conflict.key]
            for conflict in file.conflicts
            if chosen[conflict.key].path
        ]
        lines = (
            None
            if elsewhere
            else file.made(
                {
                    conflict.key: chosen[conflict.key].lines
                    for conflict in file.conflicts
                }
            )
        )
        contents[file.path] = None if lines is None else (file.mode, content_of(lines))
        for one in elsewhere:
            entry, merged = (
                scratch.entries(tree, [one.path])[one.path]
                for tree in (onto, merge.tree)
            )
            if one.path in contents or merged != entry:
                wrong.append(
                    f"{one.path}: another part of the fix changes this as well; make both changes"
                    " in a clone (Edit adaptation)"
                )
            contents[one.path] = (
                entry[0] if entry else file.mode,
                content_of(one.lines or ()),
            )
        if lines is None:
            continue
        sides = (file.ours or (), file.base or (), file.theirs or ())
        wrong += [
            f"{file.path}: {problem}" for problem in problems(file.path, lines, *sides)
        ]
        if is_code(file.path):
            new |= names_used(lines) - names_in(file.ours or ())
    return Decided(contents, tuple(wrong), _unknown(scratch, onto, fix, contents, new))


def _unknown(
    scratch: Scratch,
    onto: str,
    fix: FixCommit,
    paths: Iterable[str],
    names: Collection[str],
) -> tuple[str, ...]:
    """Those of the names that the base's tree has and the branch's does not.

    They are looked for near the `paths` first.
    """
    if not names or fix.base is None:
        return ()
    near = sorted({path.rpartition("/")[0] for path in paths} - {""} | {"include"})
    return tuple(
        sorted(
            absent_names(
                scratch,
                onto,
                scratch.tree_of(fix.base),
                names,
                [one for one in near if scratch.has(onto, one)],
            )
        )
    )


def _ranked(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """The proposals, the surest first: the same lines only once, with the surest reason."""
    ranks = {
        Source.PREREQUISITE: 1,
        Source.DROPPED: 2,
        Source.ADAPTED: 3,
        Source.FIX: 4,
        Source.BRANCH: 5,
    }
    order = sorted(
        proposals,
        key=lambda one: (
            0
            if (one.confidence or 0) >= SURE_ENOUGH
            else ranks[one.source] + 2.5 * bool(one.unknown)
        ),
    )
    found: dict[tuple[str, Lines | None], Proposal] = {}
    for one in order:
        found.setdefault((one.path, one.lines), one)
    return tuple(found.values())


def _adapted(
    scratch: Scratch,
    merge: Merge,
    onto: str,
    fix: FixCommit,
    tip: str,
    file: ConflictedFile,
    conflict: Conflict,
) -> Iterator[Proposal]:
    """The fix's change of this conflict adapted to the branch, as `adapt` does with the whole of
    it.
    """
    if (
        fix.base is None
        or conflict.base is None
        or conflict.theirs is None
        or (not conflict.line and conflict.ours is not None)
    ):
        return
    ours, base, theirs = (
        file.sides(conflict)
        if conflict.line
        else (None, conflict.base, conflict.theirs)
    )
    found = adapt_files(
        scratch,
        merge,
        onto,
        fix,
        {file.path: AdaptedFile(file.mode, ours, base, theirs)},
        tip,
    )
    for path, content in found.contents.items() if found else ():
        lines = tuple(text_lines(content[1])) if content else None
        inside = (
            file.inside(conflict, lines)
            if lines is not None and path == file.path and conflict.line
            else lines
        )
        if found is None or (path == file.path and (lines is None or inside is None)):
            continue
        why = "; ".join(
            step.partition(": ")[2] if step.startswith(path) else step
            for step in found.steps
        )
        yield Proposal(
            Source.ADAPTED,
            inside,
            why,
            found.steps,
            found.confidence,
            path="" if path == file.path else path,
        )


def _came_with(
    scratch: Scratch, fix: FixCommit, tip: str, file: ConflictedFile, conflict: Conflict
) -> tuple[Origin, ...]:
    """The commits, missing from the branch, with which the lines came that the base of a conflict
    has and the branch has not.
    """
    if fix.base is None or file.base is None:
        return ()
    if not conflict.line:
        added = (
            who_added_file(scratch.repository, fix.base, tip, file.path)
            if conflict.ours is None
            else None
        )
        return (added,) if added else ()
    start = conflict.line - 1
    _, base, _ = file.sides(conflict)
    here = {
        there: at
        for at, there in align(
            [key(line) for line in file.base], [key(line) for line in base]
        ).items()
    }
    own = {key(line) for line in conflict.ours or ()}
    lines = [
        here[start + at]
        for at, line in enumerate(conflict.base or ())
        if start + at in here and key(line) and key(line) not in own
    ]
    return origins(scratch.repository, fix.base, tip, file.path, lines)


def _with_parts(
    scratch: Scratch,
    onto: str,
    fix: FixCommit,
    file: ConflictedFile,
    conflict: Conflict,
    came: Sequence[Origin],
) -> Iterator[Proposal]:
    """What comes of the conflict with only the part of a missing commit before it that made the
    lines.
    """
    if (
        not conflict.line
        or file.ours is None
        or file.base is None
        or file.theirs is None
    ):
        return
    repository = scratch.repository
    for one in came[:_MOST_ORIGINS]:
        parents = repository.commit(one.commit).parents
        before, after = (
            tuple(text_lines(repository.blob(commit, one.path) or b""))
            for commit in (parents[0] if parents else one.commit, one.commit)
        )
        ours, left = merged_with(
            repository,
            file.path,
            file.ours,
            before,
            tuple(part_of(before, after, one.lines)),
        )
        if left or ours == file.ours:
            continue
        merged, conflicts = merged_with(
            repository, file.path, ours, file.base, file.theirs
        )
        lines = file.inside(conflict, merged)
        if lines is None or any(
            _overlap(other, conflict, len(lines)) for other in conflicts
        ):
            continue
        names = names_used(lines) - names_in(file.ours) if is_code(file.path) else ()
        unknown = _unknown(scratch, onto, fix, [file.path], names)
        said = f'with the part of {one.commit[:12]} ("{one.subject}") that these lines need'
        why = (
            f"{said}; the branch does not have {', '.join(unknown)}"
            if unknown
            else said
        )
        yield Proposal(
            Source.PREREQUISITE,
            lines,
            why,
            (f"{conflict.place}: {said}",),
            commit=one.commit,
            unknown=unknown,
        )


def _overlap(other: Conflict, conflict: Conflict, size: int) -> bool:
    return other.line <= conflict.line + size and conflict.line <= other.line + len(
        other.ours or ()
    )


def _sides(conflict: Conflict, came: Sequence[Origin]) -> Iterator[Proposal]:
    """The conflict as the fix has it, and as the branch has it: there the fix changes nothing,
    which is right where its code is not there.
    """
    place, words = conflict.place, _side_words(conflict)
    yield Proposal(
        Source.FIX,
        conflict.theirs,
        words[0],
        (f"{place}: took {words[0].partition(';')[0]}",),
    )
    source = f'{came[0].commit[:12]} ("{came[0].subject}")' if came else ""
    if came and not {key(line) for line in conflict.ours or ()} - _TRIVIAL:
        why = f"the code was added by {source}, which is missing from the branch"
        yield Proposal(
            Source.DROPPED,
            conflict.ours,
            why,
            (f"{place}: dropped the change: {why}",),
            commit=came[0].commit,
        )
    else:
        why = f"{words[1]}; the branch lacks {source}" if came else words[1]
        yield Proposal(
            Source.BRANCH,
            conflict.ours,
            why,
            (f"{place}: kept {words[1].partition(';')[0]}",),
        )


def _side_words(conflict: Conflict) -> tuple[str, str]:
    """What it means to take the fix's side, and the branch's."""
    if conflict.line:
        known = {
            key(line) for line in (*(conflict.base or ()), *(conflict.theirs or ()))
        }
        lost = sum(key(line) not in known for line in conflict.ours or ())
        fix = "the lines of the fix" + (
            f"; {counted(lost, 'line')} that only the branch has would be lost"
            if lost
            else ""
        )
        return fix, "the lines of the branch; the change is dropped"
    fix = (
        "the file of the fix"
        if conflict.theirs is not None
        else "the fix's deletion of the file"
    )
    return (
        fix,
        "the branch's file"
        if conflict.ours is not None
        else "the branch without the file",
    )


_TRIVIAL = {"", "{", "}", "};", "*/", "return;", "break;"}
"""Lines, without white space, that say nothing about which code it is."""
