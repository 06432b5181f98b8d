# SPDX-License-Identifier: GPL-2.0-or-later
"""Choose the next commit to build in a bisection for the commit that fixed a bug.

`git bisect` halves the number of commits; this halves the total probability, which takes fewer
builds if the ranking is good.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

UNRANKED, UNFIXED = 0.3, 0.1
"""The probabilities that the fix is not among the ranked commits, and that there is no fix."""
_MOST = 100


class NextBuild(NamedTuple):
    """The commit to build, and an estimate of the remaining builds including this one."""

    commit: str
    builds: int


def next_build(
    parents: Mapping[str, Sequence[str]],
    likely: Mapping[str, float],
    searched: int,
    skipped: Collection[str] = (),
    *,
    is_good: bool = True,
) -> NextBuild | None:
    """Return the commit to build next, or None if no build can separate the commits.

    `parents` contains the commits that may be the fix, children first. `likely` maps some of them
    to probabilities from a search of `searched` commits. Without `is_good`, no build has had the
    fix yet, so the latest commit may be chosen, which may still have the bug.
    """
    weights = {
        commit: UNRANKED / searched + (1 - UNRANKED) * likely.get(commit, 0.0)
        for commit in parents
    }
    points = [
        commit
        for commit in _points(parents, likely)
        if commit not in skipped and not (is_good and commit == next(iter(parents)))
    ]
    if not points:
        return None
    shares = [*weights.values(), 0.0 if is_good else UNFIXED]
    total = sum(shares)
    gains = _weights_below(parents, weights, points)
    entropy = -sum(
        share / total * math.log2(share / total) for share in shares if share
    )
    nearest = min(points, key=lambda commit: abs(gains[commit] / total - 0.5))
    return NextBuild(nearest, max(1, math.ceil(entropy)))


def _points(
    parents: Mapping[str, Sequence[str]], likely: Mapping[str, float]
) -> Sequence[str]:
    """Return all commits or, if there are many, those that may halve the probability."""
    commits = list(parents)
    line = commits[:1]
    while line and (above := parents[line[-1]][:1]) and above[0] in parents:
        line += above
    best = sorted(parents.keys() & likely, key=lambda commit: -likely[commit])[:_MOST]
    around = (*best, *(above for commit in best for above in parents[commit][:1]))
    every = (*line[:: len(line) // _MOST + 1], *commits[:: len(commits) // _MOST + 1])
    return list(
        dict.fromkeys(commit for commit in (*around, *every) if commit in parents)
    )


def _weights_below(
    parents: Mapping[str, Sequence[str]],
    weights: Mapping[str, float],
    points: Sequence[str],
) -> dict[str, float]:
    """Return the total weight of each commit and its ancestors."""
    masks = {commit: 1 << at for at, commit in enumerate(points)}
    sums: dict[int, float] = {}
    for commit, weight in weights.items():
        mask = masks.pop(commit, 0)
        sums[mask] = sums.get(mask, 0.0) + weight
        for parent in parents[commit]:
            masks[parent] = masks.get(parent, 0) | mask
    return {
        commit: sum(weight for mask, weight in sums.items() if mask >> at & 1)
        for at, commit in enumerate(points)
    }
