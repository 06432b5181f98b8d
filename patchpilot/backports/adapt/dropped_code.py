# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds where the branch has the code of dropped changes.

A change is dropped if the branch lacks its code at that place; the code may be in another file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.alignment import align
from patchpilot.backports.adapt.renamed_names import names_in
from patchpilot.backports.adapt.three_way import How
from patchpilot.backports.adapt.tokens import IDENTIFIER, key
from patchpilot.backports.object_store import Scratch
from patchpilot.errors import GitError

_AROUND = 2
_MOST_LINES = 2
# a line with fewer names than this may be in any file
_FEWEST_NAMES = 3
_TIMEOUT = 5.0


def found_elsewhere(
    scratch: Scratch, tree: str, near: Sequence[str], files: Mapping[str, AdaptedFile]
) -> dict[str, str]:
    """Maps each file with a dropped change to another file in the branch with the change's lines.

    Keys and values are paths. Only the folders `near` the file are searched.
    """
    places = {
        path: files_with_change(scratch, tree, near, file)
        for path, file in files.items()
    }
    return {path: found[0] for path, found in places.items() if found}


def files_with_change(
    scratch: Scratch, tree: str, near: Sequence[str], file: AdaptedFile
) -> list[str]:
    """Returns the files in the branch that contain the lines of a file's dropped change.

    Only the folders `near` the file are searched.
    """
    lines = _telling([line for part in _dropped(file) for line in part])
    if not lines or not near:
        return []
    try:
        return scratch.files_with(
            tree, lines, "-F", "--all-match", paths=near, timeout=_TIMEOUT
        )
    except GitError:
        return []


def is_torn(files: Iterable[AdaptedFile]) -> bool:
    """Whether a dropped change uses a name that the fix introduces.

    If so, the branch gets the name but only some of its uses.
    """
    return any(
        one.how is How.ABSENT and not new.isdisjoint(names_in(one.theirs))
        for file in files
        for new in [(names_in(file.theirs) - names_in(file.base)) & names_in(file.made)]
        for one in file.carried
    )


def _dropped(file: AdaptedFile) -> Iterator[Sequence[str]]:
    """The lines of the base around each change that was dropped."""
    for one in file.carried:
        if one.how is How.ABSENT:
            yield from _around_changes(one.base, one.theirs)
        elif one.how is How.NO_FILE:
            yield from _around_changes(file.base, file.theirs)


def _around_changes(
    base: Sequence[str], theirs: Sequence[str]
) -> Iterator[Sequence[str]]:
    kept = align([key(line) for line in base], [key(line) for line in theirs])
    for at in range(len(base)):
        if at not in kept or kept.get(at + 1, kept[at] + 1) != kept[at] + 1:
            yield base[max(0, at - _AROUND) : at + _AROUND + 1]


def _telling(lines: Sequence[str]) -> list[str]:
    """The lines that are most likely to be in one place only."""
    names = {line.strip(): len(set(IDENTIFIER.findall(line))) for line in lines}
    return sorted(
        (line for line, count in names.items() if count >= _FEWEST_NAMES),
        key=lambda line: (-names[line], line),
    )[:_MOST_LINES]
