# SPDX-License-Identifier: GPL-2.0-or-later
"""A fix adapted to a tree where it conflicts: the files as they become, what was decided, and how sure that is."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from patchpilot.backports.adapt.confidence import confidence_of
from patchpilot.backports.adapt.explain_steps import step_of
from patchpilot.backports.adapt.three_way import Carried, MergedLines, Way, merge_lines
from patchpilot.backports.adapt.units import is_code, openers
from patchpilot.backports.adapt.verify import new_names, problems
from patchpilot.backports.merging import Entry, Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.hunk_fit import text_lines

SURE_ENOUGH = 0.5
"""Below this confidence nothing is written unless it is asked for."""
_IN_PLACE = {Way.TOKENS, Way.EDGE}
_KINDS = {
    Way.ALREADY: "context",
    Way.TOKENS: "context",
    Way.EDGE: "context",
    Way.HOLE: "context",
    Way.REMOVED: "context",
    Way.BESIDE: "beside",
    Way.ABSENT: "dropped",
    Way.NO_FILE: "dropped",
    Way.OVER: "rewritten",
}


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A fix adapted to a tree: its kind (the least sure of its ways), its confidence (0 to 1) and its steps in words.

    `contents` has the mode and content of each adapted file, None for one that the branch does not have.
    """

    kind: str
    confidence: float
    steps: tuple[str, ...]
    contents: Mapping[str, tuple[str, bytes] | None]

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that were adapted."""
        return tuple(self.contents)

    def tree(self, scratch: Scratch, merge: Merge) -> str:
        """The tree of the merge with the adapted files in place of the conflicted ones."""
        entries: dict[str, Entry] = {
            path: (content[0], scratch.write("blob", content[1])) if content else None for path, content in self.contents.items()
        }
        return scratch.with_files(merge.tree, entries)


def adapt(scratch: Scratch, merge: Merge, onto: str) -> Adaptation | None:
    """Adapt the conflicted files of a merge onto a tree; None where one of them cannot be adapted, or where nothing is left to change."""
    contents: dict[str, tuple[str, bytes] | None] = {}
    carried: dict[str, tuple[Carried, ...]] = {}
    features: dict[str, float] = defaultdict(float)
    for path in merge.paths:
        sides = merge.stages.get(path, {})
        base, ours, theirs = (_content(scratch, sides.get(number)) for number in (1, 2, 3))
        if base is None or theirs is None or b"\0" in base + theirs + (ours or b""):
            return None
        if ours is None:
            contents[path], carried[path] = None, (Carried(Way.NO_FILE, 0),)
            features[Way.NO_FILE] += 1
            continue
        lines = text_lines(ours), text_lines(base), text_lines(theirs)
        merged = merge_lines(*lines, blocks=openers(lines[1]) if is_code(path) else ())
        if is_code(path):
            if problems(merged.lines, *lines):
                return None
            features["strange"] += len(new_names(merged.lines, lines))
        contents[path] = (sides[2][0], "".join(merged.lines).encode("utf-8", "surrogateescape"))
        carried[path] = tuple(merged.carried)
        _count(features, merged)
    ways = [one.way for each in carried.values() for one in each]
    steps = tuple(dict.fromkeys(step_of(path, one) for path, each in carried.items() for one in each))
    kind = max((_KINDS[way] for way in ways), key=list(dict.fromkeys(_KINDS.values())).index, default="context")
    made = Adaptation(kind, confidence_of(features), steps, contents)
    return made if made.tree(scratch, merge) != onto else None


def _count(features: dict[str, float], merged: MergedLines) -> None:
    for one in merged.carried:
        features[one.way] += 1
        features["apart"] = max(features["apart"], 1 - one.support)
        if one.way in _IN_PLACE:
            features["apart_in_place"] = max(features["apart_in_place"], 1 - one.support)


def _content(scratch: Scratch, entry: Entry | None) -> bytes | None:
    found = scratch.objects.get(entry[1]) if entry else None
    return found[2] if found and found[1] == "blob" else None
