# SPDX-License-Identifier: GPL-2.0-or-later
"""A patch file adapted to an unpacked tree: what the file was before the fix is known from the hunks alone."""

from collections import defaultdict
from collections.abc import Sequence

from patchpilot.backports.adapt.adaptation import Adaptation, concluded, merge_file
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.alignment import align
from patchpilot.backports.adapt.tokens import key
from patchpilot.model.file_diff import FileChange, Hunk
from patchpilot.model.hunk_fit import fit_file, sides, text_lines
from patchpilot.model.patch import Patch
from patchpilot.model.source_tree import Tree

PLAIN_FILE = "100644"
# a hunk of which fewer lines are in the file belongs nowhere there
_LEAST_FOUND = 0.4
_NEAR = 4
_MOST_PLACES = 50


def adapt_patch(patch: Patch, tree: Tree) -> Adaptation | None:
    """Adapt the files of a patch that do not fit a tree; None where one of them is new, deleted, renamed or binary, or a hunk has no place."""
    files: dict[str, AdaptedFile] = {}
    for change in patch.files:
        if fit_file(change, tree).misfits:
            file = _read(change, tree)
            if file is None:
                return None
            merge_file(change.path, file)
            if file.made == file.ours:
                continue
            files[change.path] = file
    lines = sum(change.added + change.removed for change in patch.files)
    return concluded(files, lines) if files else None


def _read(change: FileChange, tree: Tree) -> AdaptedFile | None:
    if change.is_binary or change.is_rename or change.old_path is None or change.new_path is None:
        return None
    content = tree.read(change.path)
    if content is None:
        return AdaptedFile("", None, [], [])
    ours = text_lines(content)
    found = before_and_after(ours, change.hunks)
    return AdaptedFile(PLAIN_FILE, ours, *found) if found and b"\0" not in content else None


def before_and_after(ours: Sequence[str], hunks: Sequence[Hunk]) -> tuple[list[str], list[str]] | None:
    """The lines of a file before and after a fix, as far as its hunks show them: elsewhere it is `ours`. None where a hunk has no place."""
    keys = [key(line) for line in ours]
    before: list[str] = []
    after: list[str] = []
    done = drift = 0
    for hunk in hunks:
        old, new = sides(hunk)
        place = _place(keys, [key(line) for line in old], max(0, hunk.old_start - 1 + drift))
        if place is None or place[0] < done:
            return None
        drift = place[0] - (hunk.old_start - 1)
        between = ours[done : place[0]]
        before += [*between, *old]
        after += [*between, *new]
        done = place[1]
    rest = ours[done:]
    return [*before, *rest], [*after, *rest]


def _place(ours: Sequence[str], old: Sequence[str], meant: int) -> tuple[int, int] | None:
    """The range of lines of the file that a hunk is about: where most of its lines are, rare ones first, the nearest to its intended line."""
    places: dict[str, list[int]] = {}
    for at, line in enumerate(ours):
        if line:
            places.setdefault(line, []).append(at)
    votes: defaultdict[int, float] = defaultdict(float)
    for number, line in enumerate(old):
        found = places.get(line, ())
        for at in found if len(found) <= _MOST_PLACES else ():
            votes[at - number] += 1 / len(found)
    if not votes:
        return None
    around = {start: sum(votes.get(start + step, 0.0) for step in range(-_NEAR, _NEAR + 1)) for start in votes}
    start = max(around, key=lambda one: (round(around[one], 6), votes[one], -abs(one - meant)))
    low = max(0, start - _NEAR)
    pairs = align(old, ours[low : start + len(old) + _NEAR])
    if len(pairs) < _LEAST_FOUND * len(old):
        return None
    first, last = min(pairs), max(pairs)
    return max(0, low + pairs[first] - first), min(len(ours), low + pairs[last] + len(old) - last)
