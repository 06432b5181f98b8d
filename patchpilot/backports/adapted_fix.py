# SPDX-License-Identifier: GPL-2.0-or-later
"""A fix adapted to a tree, as a value: what was decided, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patchpilot.backports.merging import Entry, Merge
from patchpilot.backports.object_store import Scratch
from patchpilot.model.json_form import json_form

SURE_ENOUGH = 0.5
"""Below this confidence nothing is written unless it is asked for."""


@json_form("kind", "confidence", "steps", "files")
@dataclass(frozen=True, slots=True)
class Adaptation:
    """A fix adapted to a tree: its kind (the least sure of its ways), its confidence (0 to 1) and
    its steps in words.

    `contents` has the mode and content of each adapted file, None for one that the branch does not
    have; `features` are what the confidence was computed from; `made` is the tree that results, in
    the object store that it was adapted in.
    """

    kind: str
    confidence: float
    steps: tuple[str, ...]
    contents: Mapping[str, tuple[str, bytes] | None]
    features: Mapping[str, float] = field(default_factory=dict)
    made: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether it is likely enough to be written without being asked for."""
        return self.confidence >= SURE_ENOUGH

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that were adapted."""
        return tuple(self.contents)

    def tree(self, scratch: Scratch, merge: Merge) -> str:
        """The tree of the merge with the adapted files in place of the conflicted ones, in another
        object store.
        """
        return merged_tree(scratch, merge, self.contents)


def merged_tree(
    scratch: Scratch, merge: Merge, contents: Mapping[str, tuple[str, bytes] | None]
) -> str:
    """The tree of a merge with these files in place of the conflicted ones."""
    entries: dict[str, Entry] = {
        path: (content[0], scratch.write("blob", content[1])) if content else None
        for path, content in contents.items()
    }
    return scratch.with_files(merge.tree, entries)
