# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the features that determine an adaptation's confidence."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.three_way import CarryMethod
from patchpilot.backports.adapt.tokens import normalize_line


def compute_adaptation_features(
    files: Mapping[str, AdaptedFile], fix_lines: int
) -> dict[str, float]:
    """Return the features of an adaptation as a mapping from name to value.

    `own` is computed from the number of the branch's own lines at the conflicts, `mixed` from the
    number of resulting lines that neither side contains, and `fix_lines` from the number of lines
    that the fix adds and removes. All three are logarithms. `absent` is 1 if a change was dropped
    because its code is missing from the branch. Conflicts in lists are ignored.
    """
    counts: Counter[str] = Counter(fix_lines=fix_lines)
    is_absent = False
    for file in files.values():
        carried = [carried for carried in file.carried if carried.how is not CarryMethod.LISTED]
        is_absent |= any(change.how is CarryMethod.ABSENT for change in carried)
        for change in {change.line: change for change in carried}.values():
            counts["own"] += (_count_lines(change.ours) - _count_lines(change.base)).total()
        if file.ours is not None:
            known_lines = _count_lines(file.ours) + _count_lines(file.theirs)
            counts["mixed"] += (_count_lines(file.made) - known_lines).total()
    features = {name: math.log1p(count) for name, count in counts.items() if count}
    return features | ({"absent": 1.0} if is_absent else {})


def _count_lines(lines: Iterable[str]) -> Counter[str]:
    return Counter(filter(None, map(normalize_line, lines)))
