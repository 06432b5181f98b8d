# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapt a fix to a tree with which it conflicts.

The result contains the adapted files, a description of each step, and the confidence.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from patchpilot.backports.adapt.absent_names import (
    find_absent_names,
    find_names,
    find_undeclared_variables,
    find_used_names,
)
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.confidence import TAKEN, UNSURE, compute_confidence
from patchpilot.backports.adapt.explain_steps import (
    CHECK_IT,
    describe_context_step,
    describe_foreign_names,
    describe_step,
)
from patchpilot.backports.adapt.features import compute_adaptation_features
from patchpilot.backports.adapt.placed_changes import FARTHEST
from patchpilot.backports.adapt.three_way import CarriedChange, CarryMethod, merge_lines
from patchpilot.backports.adapt.verify import is_code_file, is_sound_result
from patchpilot.backports.adapted_fix import Adaptation, AdaptedStep, OtherBackport
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.merging import Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.hunk_fit import split_text_lines

_KINDS = {
    CarryMethod.BESIDE: "beside",
    CarryMethod.ABSENT: "dropped",
    CarryMethod.NO_FILE: "dropped",
    CarryMethod.PIECE: "rewritten",
    CarryMethod.OVER: "rewritten",
}
_LEAST_CERTAIN_LAST = ("context", "beside", "dropped", "rewritten")

# exclude Makefile: an entry for a file missing from the branch would break the build
_LIST = re.compile(r"(?:.*/)?(?:ChangeLog|CHANGES|NEWS|CREDITS|MAINTAINERS|Kconfig|release_)[^/]*")


def is_list_file(path: str) -> bool:
    """Return whether a file is a list to which both sides can add entries independently."""
    return _LIST.fullmatch(path) is not None


def adapt_conflicts(
    scratch: ScratchStore,
    merge: Merge,
    onto: str,
    fix: FixCommit,
    backports: Iterable[OtherBackport] = (),
    changelogs: Sequence[str] = (),
) -> Adaptation | None:
    """Adapt the conflicted files of a fix's merge to a tree.

    A change to one of the `changelogs` is left out if more than its position conflicts. If one of
    the fix's `backports` to other branches applies, use the first such backport unchanged. Return
    None for a root commit, if a file cannot be adapted, or if no changes remain.
    """
    for backport in backports:
        if adopted := _adapt_from_backport(scratch, merge, onto, backport):
            return adopted
    files = _merge_conflicted_files(scratch, merge, changelogs)
    if fix.base is None or not files:
        return None
    unknown_names = _find_unknown_names(scratch, files, merge, onto, scratch.tree_of(fix.base))
    adaptation = make_adaptation(files, fix.size[1], unknown_names)
    result = adaptation.tree(scratch, merge) if adaptation else onto
    if adaptation is None or result == onto:
        return None
    # a backport of only the tests or comments does not include the fix
    if any(map(is_code_file, fix.paths)) and not any(
        map(is_code_file, scratch.changed(onto, result))
    ):
        features = {**adaptation.features, UNSURE: 1.0}
        adaptation = replace(adaptation, features=features, confidence=compute_confidence(features))
    return replace(adaptation, made=result)


def _adapt_from_backport(
    scratch: ScratchStore, merge: Merge, onto: str, backport: OtherBackport
) -> Adaptation | None:
    """Return a maintainer's backport as an adaptation, or None if it does not apply."""
    fix = FixCommit.read(scratch.repository, backport.commit)
    picked = scratch.pick(fix.id, onto, fix.base)
    if not picked.clean or picked.tree == onto:
        return None
    contents = {
        path: (entry[0], scratch.content(entry) or b"") if entry else None
        for path, (_, entry) in scratch.changed(merge.tree, picked.tree).items()
    }
    step = f"took the backport to {backport.branch}, {fix.id[:12]}, which applies here unchanged"
    return Adaptation(
        "backport", TAKEN, (AdaptedStep(step),), contents, made=picked.tree, start=fix.id
    )


def make_adaptation(
    files: Mapping[str, AdaptedFile],
    fix_lines: int,
    unknown_names: Collection[str] = (),
) -> Adaptation | None:
    """Return the adaptation for merged files, or None if a file fails the checks.

    `fix_lines` is the number of lines that the fix changes; `unknown_names` contains names that the
    branch does not declare.
    """
    if any(
        file.ours is not None
        and not is_sound_result(path, file.made, file.ours, file.base, file.theirs)
        for path, file in files.items()
    ):
        return None
    methods = [carried.how for file in files.values() for carried in file.carried]
    steps = [
        describe_step(path, carried) for path, file in files.items() for carried in file.carried
    ]
    steps += [
        describe_context_step(path, file)
        for path, file in files.items()
        if file.ours is not None and not file.carried
    ]
    foreign_steps = [
        step
        for path, file in files.items()
        if is_code_file(path)
        for step in describe_foreign_names(path, file)
    ]
    steps += foreign_steps
    # other words of a step, such as the "s" of "branch's", may be names too
    known_names = find_names(step.text.rpartition(" use ")[2] for step in foreign_steps)
    if unnamed := [it for it in sorted(unknown_names) if it not in known_names]:
        names = ", ".join(unnamed)
        steps.append(AdaptedStep(f"the branch does not have {names}", CHECK_IT))
    kinds = {_KINDS.get(how, "context") for how in methods}
    kind = max(kinds, key=_LEAST_CERTAIN_LAST.index, default="context")
    features = compute_adaptation_features(files, fix_lines)
    is_far = any(
        len(carried.ours) - len(carried.base) > FARTHEST
        for file in files.values()
        for carried in file.carried
    )
    if unknown_names or is_far or kind == "rewritten":
        features[UNSURE] = 1.0
    return Adaptation(
        kind,
        compute_confidence(features),
        # two methods may have changed parts of the same line
        tuple({(step.text, step.line): step for step in reversed(steps)}.values())[::-1],
        {
            path: (file.mode, "".join(file.made).encode("utf-8", "surrogateescape"))
            if file.ours is not None
            else None
            for path, file in files.items()
        },
        features,
    )


def _merge_conflicted_files(
    scratch: ScratchStore, merge: Merge, changelogs: Sequence[str]
) -> dict[str, AdaptedFile]:
    """Merge the conflicted files; return {} if any of them cannot be adapted."""
    files = {}
    for path in merge.paths:
        is_changelog = any(fnmatchcase(path, pattern) for pattern in changelogs)
        file = _read_sides(scratch, merge, path)
        if file:
            merge_file(file, is_list=is_changelog or is_list_file(path))
        if is_changelog and not (file and file.is_merged_list):
            file = _leave_out(scratch, merge, path)
        if file is None:
            return {}
        files[path] = file
    return files


def _leave_out(scratch: ScratchStore, merge: Merge, path: str) -> AdaptedFile:
    """Return a file as it is in the branch."""
    entry = merge.stages.get(path, {}).get(2)
    content = scratch.content(entry) if entry else None
    ours = None if content is None else split_text_lines(content)
    carried = (CarriedChange(CarryMethod.LEFT_OUT, 0),)
    return AdaptedFile(entry[0] if entry else "", ours, (), (), list(ours or ()), carried)


def _read_sides(scratch: ScratchStore, merge: Merge, path: str) -> AdaptedFile | None:
    """Read the versions of a conflicted file in the base, the branch and the fix.

    Return None if the file is binary, or if the fix adds or deletes it.
    """
    sides = merge.stages.get(path, {})
    contents = {number: scratch.content(entry) for number, entry in sides.items()}
    if not {1, 3} <= contents.keys() or any(
        content is None or b"\0" in content for content in contents.values()
    ):
        return None
    lines = {number: split_text_lines(content or b"") for number, content in contents.items()}
    return AdaptedFile(sides[2][0] if 2 in sides else "", lines.get(2), lines[1], lines[3])


def merge_file(file: AdaptedFile, *, is_list: bool) -> None:
    """Merge the fix's change into the branch's version of a file, which may be a list.

    If the branch lacks the file, drop the change.
    """
    if file.ours is None:
        file.carried = (CarriedChange(CarryMethod.NO_FILE, 0),)
        return
    merged = merge_lines(file.ours, file.base, file.theirs, is_list=is_list)
    file.made, file.carried = merged.lines, tuple(merged.carried)


def _find_unknown_names(
    scratch: ScratchStore,
    files: Mapping[str, AdaptedFile],
    merge: Merge,
    onto: str,
    base: str,
) -> set[str]:
    new_names = set()
    undeclared = set()
    for path in filter(is_code_file, scratch.changed(onto, merge.tree).keys() | files):
        file = files.get(path)
        ours = _read_lines(scratch, onto, path)
        lines = file.made if file else _read_lines(scratch, merge.tree, path)
        new_names |= find_used_names(lines) - find_names(ours)
        if file and file.ours is not None:
            undeclared |= find_undeclared_variables(ours, file.base, file.theirs, lines)
            # joining parts of two names can create a name that neither side uses
            undeclared |= find_names(lines) - find_names(ours) - find_names(file.theirs)
    return undeclared | find_absent_names(
        scratch, onto, base, new_names, _list_related_directories(merge.paths)
    )


def _list_related_directories(paths: Sequence[str]) -> list[str]:
    return sorted({path.rpartition("/")[0] for path in paths} - {""} | {"include", "lib"})


def _read_lines(scratch: ScratchStore, tree: str, path: str) -> Sequence[str]:
    return split_text_lines(scratch.blob(tree, path) or b"")
