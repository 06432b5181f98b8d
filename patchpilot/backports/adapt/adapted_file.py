# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a file that is being adapted to a branch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from patchpilot.backports.adapt.three_way import CarriedChange, CarryMethod


@dataclass(slots=True)
class AdaptedFile:
    """A file that is being adapted to a branch.

    It has a mode, the lines of the three sides, and the resulting lines. `ours` is None if the
    branch lacks the file.
    """

    mode: str
    ours: Sequence[str] | None
    base: Sequence[str]
    theirs: Sequence[str]
    made: list[str] = field(default_factory=list)
    carried: tuple[CarriedChange, ...] = ()

    @property
    def is_merged_list(self) -> bool:
        """Return whether all conflicting changes are entries that were added to a list."""
        return all(change.how is CarryMethod.LISTED for change in self.carried)
