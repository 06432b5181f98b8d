# SPDX-License-Identifier: GPL-2.0-or-later
"""A fix adapted to a tree, with the steps taken and the confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patchpilot.backports.merging import Entry, Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.json_form import json_form

SURE_ENOUGH = 0.5
"""Minimum confidence for writing an adaptation without being asked to."""


@json_form("kind", "confidence", "start?", "steps", "files", "range_diff?")
@dataclass(frozen=True, slots=True)
class Adaptation:
    """A fix adapted to a tree.

    Contains its kind (the least reliable method used), its confidence (0 to 1) and descriptions of
    its steps. `contents` maps each adapted file to its mode and content, or to None if the branch
    lacks the file. `features` determined the confidence. `made` is the resulting tree in the object
    store used for adapting. `start` is the backport to another branch used instead of the fix (""
    if none); if requested, `range_diff` compares the result with it or with the fix. `is_accepted`
    is set if the user accepted the adaptation after review.
    """

    kind: str
    confidence: float
    steps: tuple[str, ...]
    contents: Mapping[str, tuple[str, bytes] | None]
    features: Mapping[str, float] = field(default_factory=dict)
    made: str = ""
    start: str = ""
    range_diff: str = ""
    is_accepted: bool = False

    @property
    def is_sure(self) -> bool:
        """Return whether the adaptation can be used: it is likely correct, or the user accepted
        it.
        """
        return self.is_accepted or self.confidence >= SURE_ENOUGH

    @property
    def files(self) -> tuple[str, ...]:
        """Return the adapted paths."""
        return tuple(self.contents)

    def tree(self, scratch: Scratch, merge: Merge) -> str:
        """Write the merge's tree with the adapted files into another object store."""
        entries: dict[str, Entry] = {
            path: (content[0], scratch.write("blob", content[1])) if content else None
            for path, content in self.contents.items()
        }
        return scratch.write_with_files(merge.tree, entries)
