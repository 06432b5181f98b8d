# SPDX-License-Identifier: GPL-2.0-or-later
"""A file that is adapted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from patchpilot.backports.adapt.three_way import Carried


@dataclass(slots=True)
class AdaptedFile:
    """A file that is adapted: its mode, the lines of the three sides (`ours` None: not in the
    branch), the lines as they become.

    `is_confirmed`: placing the changes by the lines around them, without what the base has
    elsewhere, gives the same.
    """

    mode: str
    ours: Sequence[str] | None
    base: Sequence[str]
    theirs: Sequence[str]
    made: list[str] = field(default_factory=list)
    carried: tuple[Carried, ...] = ()
    is_confirmed: bool = True
