# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a fix that was adapted to a tree. It has the steps taken and a confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from patchpilot.commits.merging import Entry, Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.model.json_form import json_form

SURE_ENOUGH = 0.65
"""Minimum confidence at which an adaptation is written without confirmation."""
NOT_ADAPTED = "the fix cannot be adapted"
_READY_KINDS = ("backport", "context")
"""The kinds of adaptations that are written without confirmation.

With the other kinds, maintainers of other projects made another patch as often as the same.
"""


def _is_sure(kind: str, confidence: float) -> bool:
    return kind in _READY_KINDS and confidence >= SURE_ENOUGH


class OtherBackport(NamedTuple):
    """A backport of the fix to another branch, by the branch's name and the commit's id."""

    branch: str
    commit: str


class AdaptedStep(NamedTuple):
    """A change of an adaptation.

    `text` starts with the file, as the message of the patch states it. `advice` is what the user
    should check, or "", at the line of the file, or 0. `has_other_form` is set if the branch has
    another number of lines for the code that was changed.
    """

    text: str
    advice: str = ""
    line: int = 0
    has_other_form: bool = False


@json_form()
@dataclass(frozen=True, slots=True)
class AdaptationPrice:
    """The changes of an adaptation and of the prerequisites besides the fix.

    `other_lines` is the number of lines that the adaptation adds or removes and the fix does not,
    or the reverse; if a person must resolve the conflict, it is the number of lines in conflict.
    `kind` is `manual` if the fix cannot be adapted. `imported_lines` is the number of lines that
    the prerequisites change, in `imported_functions` functions that the fix does not change.
    """

    kind: str
    confidence: float
    other_lines: int
    imported_lines: int
    imported_functions: int

    @property
    def is_sure(self) -> bool:
        """Return whether the adaptation is written. Otherwise, a person resolves the conflict."""
        return _is_sure(self.kind, self.confidence)


@json_form("kind confidence start? steps=advised_steps files range_diff?")
@dataclass(frozen=True, slots=True)
class Adaptation:
    """A fix adapted to a tree.

    `kind` is the least reliable method that was used. `confidence` is the likelihood (0 to 1) that
    the result is correct, derived from `features`. `steps` describes the changes. `contents` maps
    each adapted file to its mode and content, or to None if the branch lacks it. `made` is the
    resulting tree in the object store used for adapting. `start` is the backport to another branch
    that was used instead of the fix, or "". `range_diff`, if requested, compares the result with
    that backport or with the fix.
    """

    kind: str
    confidence: float
    steps: tuple[AdaptedStep, ...]
    contents: Mapping[str, tuple[str, bytes] | None]
    features: Mapping[str, float] = field(default_factory=dict)
    made: str = ""
    start: str = ""
    range_diff: str = ""

    @property
    def is_sure(self) -> bool:
        """Return whether the adaptation is written because it is likely correct. Otherwise, it is
        a draft, which is reviewed in a clone.
        """
        return _is_sure(self.kind, self.confidence)

    @property
    def is_conflict_left(self) -> bool:
        """Return whether a person must decide: a clone then has git's conflict and no draft.

        A change was omitted because its code is missing from the branch, which may have it
        elsewhere, or a draft changes code that has another form in the branch.
        """
        has_other_form = any(step.has_other_form for step in self.steps)
        return "absent" in self.features or (has_other_form and not self.is_sure)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the steps without lines and advice, as the message of the patch states them."""
        return tuple(dict.fromkeys(step.text for step in self.steps))

    @property
    def advised_steps(self) -> tuple[str, ...]:
        """Return the steps with their lines and what the user should check."""
        return tuple(
            "; ".join(filter(None, (text.replace(":", f":{line}:", 1) if line else text, advice)))
            for text, advice, line, _ in self.steps
        )

    @property
    def draft_words(self) -> str:
        """Describe a draft in a few words."""
        return f"adapted with a confidence of {self.confidence:.2f} only ({self.kind})"

    @property
    def files(self) -> tuple[str, ...]:
        """Return the paths of the adapted files."""
        return tuple(self.contents)

    def tree(self, scratch: ScratchStore, merge: Merge) -> str:
        """Write the tree of a merge with the adapted files to another object store."""
        entries: dict[str, Entry] = {
            path: (content[0], scratch.write("blob", content[1])) if content else None
            for path, content in self.contents.items()
        }
        return scratch.write_with_files(merge.tree, entries)
