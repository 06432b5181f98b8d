# SPDX-License-Identifier: GPL-2.0-or-later
"""A fix adapted to a tree with which it conflicts: the resulting files, the decisions, and the
confidence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.calls import (
    absent_headers,
    other_returns,
    other_signatures,
    undeclared_variables,
)
from patchpilot.backports.adapt.confidence import UNSURE, confidence_of
from patchpilot.backports.adapt.dropped_code import (
    files_with_change,
    found_elsewhere,
    is_torn,
)
from patchpilot.backports.adapt.explain_steps import (
    elsewhere_step,
    renamed_step,
    space_step,
    step_of,
    twin_step,
)
from patchpilot.backports.adapt.features import features_of
from patchpilot.backports.adapt.moved_code import (
    changed_units,
    find_file,
    merge_units,
    nearest_folder,
    unchanged_twins,
)
from patchpilot.backports.adapt.placed_changes import before_and_after, changes_between
from patchpilot.backports.adapt.renamed_names import (
    absent_names,
    names_in,
    names_used,
    other_names,
    rename,
)
from patchpilot.backports.adapt.three_way import Carried, How, MergedLines, merge_lines
from patchpilot.backports.adapt.tokens import key
from patchpilot.backports.adapt.units import is_code, openers
from patchpilot.backports.adapt.verify import is_sound
from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.merging import Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.symbols import who_added
from patchpilot.model.hunk_fit import text_lines

_UNSURE_WAYS = {How.OVER, How.PIECE}
_SURE_WHEN_MOVED = {How.TOKENS, How.EDGE, How.REMOVED}
_KINDS = {
    How.ALREADY: "context",
    How.TOKENS: "context",
    How.EDGE: "context",
    How.HOLE: "context",
    How.REMOVED: "context",
    How.REST: "context",
    How.BESIDE: "beside",
    How.ABSENT: "dropped",
    How.NO_FILE: "dropped",
    How.MOVED: "moved",
    How.PIECE: "rewritten",
    How.OVER: "rewritten",
}


def adapt(
    scratch: Scratch, merge: Merge, onto: str, fix: FixCommit, tip: str | None = None
) -> Adaptation | None:
    """Adapt the conflicted files of a fix's merge to a tree.

    With the branch's `tip`, the commits that renamed something are named in the steps. Return
    None for a root commit, if a file cannot be adapted, or if no changes remain.
    """
    adapted = _files(scratch, merge)
    if fix.base is None or not adapted:
        return None
    near = _folders_in(scratch, onto, merge.paths)
    for path in [path for path, file in adapted.items() if file.ours is None]:
        moved = _moved(scratch, onto, path, adapted[path]) if is_code(path) else None
        moved = moved or _placed(scratch, merge, onto, near, adapted[path])
        if moved and moved[0] not in adapted:
            adapted |= {path: replace(adapted[path], carried=()), moved[0]: moved[1]}
    base = scratch.tree_of(fix.base)
    renamed, unknown = _rename(scratch, adapted, merge, onto, base)
    for path, file in adapted.items():
        if is_code(path) and file.ours is not None:
            unknown |= _unknown_in(scratch, onto, base, near, file, file.ours)
    steps = [
        renamed_step(name, here, _renamed_since(scratch, fix, name, adapted, tip))
        for name, here in renamed.items()
    ]
    lost = found_elsewhere(scratch, onto, near, adapted)
    steps += [elsewhere_step(path, place) for path, place in lost.items()]
    moved_files = [
        (path, file)
        for path, file in adapted.items()
        if any(one.how is How.MOVED for one in file.carried)
    ]
    twins = [
        twin_step(path, name)
        for path, file in moved_files
        for name in unchanged_twins(file.ours or (), file.made)
    ]
    steps += twins
    found = concluded(adapted, fix.size[1], renamed, unknown, steps)
    made = found.tree(scratch, merge) if found else onto
    if found is None or made == onto:
        return None
    # tests or text alone are not the fix
    if (
        lost
        or twins
        or is_torn(adapted.values())
        or (
            any(map(is_code, fix.paths))
            and not any(map(is_code, scratch.changed(onto, made)))
        )
    ):
        features = {**found.features, UNSURE: 1.0}
        found = replace(found, features=features, confidence=confidence_of(features))
    return replace(found, made=made)


def _unknown_in(
    scratch: Scratch,
    onto: str,
    base: str,
    near: Sequence[str],
    file: AdaptedFile,
    ours: Sequence[str],
) -> set[str]:
    """What an adapted file uses in a way that does not match the branch."""
    sides = (ours, file.base, file.theirs, file.made)
    return (
        other_signatures(scratch, onto, near, *sides)
        | absent_headers(scratch, onto, base, ours, file.made)
        | undeclared_variables(*sides)
        | other_returns(ours, file.theirs, file.made)
    )


def concluded(
    files: Mapping[str, AdaptedFile],
    fix_lines: int,
    renamed: Collection[str] = (),
    unknown: Collection[str] = (),
    more_steps: Sequence[str] = (),
) -> Adaptation | None:
    """Returns the adaptation for merged files, with its steps and confidence, or None if a file
    is not sound.

    `fix_lines` is the number of lines that the fix changes, `renamed` are the names that were
    replaced, and `unknown` are the names that the branch does not declare.
    """
    if any(
        file.ours is not None
        and not is_sound(path, file.made, file.ours, file.base, file.theirs)
        for path, file in files.items()
    ):
        return None
    ways = [one.how for file in files.values() for one in file.carried]
    steps = [step_of(path, one) for path, file in files.items() for one in file.carried]
    steps += [
        space_step(path)
        for path, file in files.items()
        if file.ours is not None and not file.carried
    ]
    kind = max(
        (_KINDS[how] for how in ways),
        key=list(dict.fromkeys(_KINDS.values())).index,
        default="context",
    )
    features = features_of(files, unknown, fix_lines)
    if unknown or not _UNSURE_WAYS.isdisjoint(ways):
        features[UNSURE] = 1.0
    return Adaptation(
        "renamed" if renamed and kind == "context" else kind,
        confidence_of(features),
        tuple(dict.fromkeys([*steps, *more_steps])),
        {
            path: (file.mode, "".join(file.made).encode("utf-8", "surrogateescape"))
            if file.ours is not None
            else None
            for path, file in files.items()
        },
        features,
    )


def _files(scratch: Scratch, merge: Merge) -> dict[str, AdaptedFile]:
    """The conflicted files of a merge, merged; none where one cannot be adapted."""
    files: dict[str, AdaptedFile] = {}
    for path in merge.paths:
        file = _read(scratch, merge, path)
        if file is None:
            return {}
        merge_file(path, file)
        files[path] = file
    return files


def _read(scratch: Scratch, merge: Merge, path: str) -> AdaptedFile | None:
    """The sides of a conflicted file.

    None for a binary one, and for one that the fix adds or deletes.
    """
    sides = merge.stages.get(path, {})
    contents = {number: scratch.content(entry) for number, entry in sides.items()}
    if not {1, 3} <= contents.keys() or any(
        content is None or b"\0" in content for content in contents.values()
    ):
        return None
    lines = {number: text_lines(content or b"") for number, content in contents.items()}
    return AdaptedFile(
        sides[2][0] if 2 in sides else "", lines.get(2), lines[1], lines[3]
    )


def merge_file(path: str, file: AdaptedFile) -> None:
    """Applies the fix's change of a file to the branch's lines.

    A file missing from the branch is skipped.
    """
    if file.ours is None:
        file.carried = (Carried(How.NO_FILE, 0),)
        return
    merged = _merged(path, file.ours, file.base, file.theirs)
    file.made, file.carried = merged.lines, tuple(merged.carried)
    if merged.carried:
        sides = before_and_after(file.ours, changes_between(file.base, file.theirs))
        file.is_confirmed = sides is not None and [
            *map(key, _merged(path, file.ours, *sides).lines)
        ] == [*map(key, merged.lines)]


def _merged(
    path: str, ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]
) -> MergedLines:
    return merge_lines(ours, base, theirs, openers(base) if is_code(path) else ())


def _moved(
    scratch: Scratch, tree: str, path: str, file: AdaptedFile
) -> tuple[str, AdaptedFile] | None:
    """The file that has the code which the fix changes in a file missing from the branch,
    with the change made; None where there is none.
    """
    changed = changed_units(file.base, file.theirs)
    there = (
        find_file(scratch, tree, path, [one.name for one, _ in changed])
        if changed
        else None
    )
    ours = _lines(scratch, tree, there) if there else []
    merged = (
        merge_units(ours, file.base, file.theirs, changed) if changed and ours else None
    )
    if not there or not merged:
        return None
    return there, _read_moved(scratch, tree, there, file, ours, merged)


def _placed(
    scratch: Scratch, merge: Merge, tree: str, near: Sequence[str], file: AdaptedFile
) -> tuple[str, AdaptedFile] | None:
    """The one file near it that has the lines around the changes of a file that the branch does not
    have, with the changes made; None where there is none.
    """
    places = files_with_change(scratch, tree, near, file)
    if len(places) != 1 or places[0] in scratch.changed(tree, merge.tree):
        return None
    (there,) = places
    ours = _lines(scratch, tree, there)
    sides = before_and_after(ours, changes_between(file.base, file.theirs))
    if not sides:
        return None
    merged = _merged(there, ours, *sides)
    if merged.lines == ours or not _SURE_WHEN_MOVED.issuperset(
        one.how for one in merged.carried
    ):
        return None
    first = next(
        (
            at
            for at, (one, other) in enumerate(zip(ours, merged.lines, strict=False))
            if one != other
        ),
        0,
    )
    merged.carried.append(Carried(How.MOVED, first))
    return there, _read_moved(scratch, tree, there, file, ours, merged)


def _read_moved(
    scratch: Scratch,
    tree: str,
    there: str,
    file: AdaptedFile,
    ours: Sequence[str],
    merged: MergedLines,
) -> AdaptedFile:
    entry = scratch.entries(tree, [there])[there]
    assert entry is not None
    return AdaptedFile(
        entry[0],
        list(ours),
        file.base,
        file.theirs,
        merged.lines,
        tuple(merged.carried),
    )


def _rename(
    scratch: Scratch,
    files: Mapping[str, AdaptedFile],
    merge: Merge,
    onto: str,
    base: str,
) -> tuple[dict[str, str], set[str]]:
    """Replace the names missing from the branch by those it has in their place: the replaced
    names, and those left.
    """
    code = {
        path: file
        for path, file in files.items()
        if is_code(path) and file.ours is not None
    }
    new = set().union(
        *(names_used(file.made) - names_in(file.ours or []) for file in code.values())
    )
    for path in scratch.changed(onto, merge.tree):
        if is_code(path) and path not in merge.paths:
            new |= names_used(_lines(scratch, merge.tree, path)) - names_in(
                _lines(scratch, onto, path)
            )
    unknown = absent_names(scratch, onto, base, new, _near(merge.paths))
    renamed: dict[str, str] = {}
    for file in code.values() if unknown else ():
        ours = file.ours or []
        here = names_in(ours)
        names = {
            one: other
            for one, other in other_names(ours, file.base).items()
            if one in unknown and other in here
        }
        file.made = rename(file.made, names)
        renamed |= names
    return renamed, unknown - renamed.keys()


def _renamed_since(
    scratch: Scratch,
    fix: FixCommit,
    name: str,
    files: Mapping[str, AdaptedFile],
    tip: str | None,
) -> str | None:
    """The commit, not in the branch, that introduced a name to a conflicted file."""
    path = next(
        (path for path, file in files.items() if name in names_in(file.base)), None
    )
    return who_added(scratch, fix, name, path, tip) if tip and path else None


def _folders_in(scratch: Scratch, tree: str, paths: Sequence[str]) -> list[str]:
    """The folders near files as a tree has them.

    In place of one that it does not have, the folder above.
    """
    return sorted(
        {nearest_folder(scratch, tree, f"{folder}/") for folder in _near(paths)} - {""}
    )


def _near(paths: Sequence[str]) -> list[str]:
    """The folders of files, and those of shared headers."""
    return sorted(
        {path.rpartition("/")[0] for path in paths} - {""} | {"include", "lib"}
    )


def _lines(scratch: Scratch, tree: str, path: str) -> Sequence[str]:
    return text_lines(scratch.blob(tree, path) or b"")
