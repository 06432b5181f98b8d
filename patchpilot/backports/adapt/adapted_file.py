# SPDX-License-Identifier: GPL-2.0-or-later
"""Define a file being adapted to a branch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from patchpilot.backports.adapt.three_way import CarriedChange


@dataclass(slots=True)
class AdaptedFile:
    """A file being adapted: its mode, the three sides' lines, and the resulting lines.

    `ours` is None if the branch lacks the file.
    """

    mode: str
    ours: Sequence[str] | None
    base: Sequence[str]
    theirs: Sequence[str]
    made: list[str] = field(default_factory=list)
    carried: tuple[CarriedChange, ...] = ()
