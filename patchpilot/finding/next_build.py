# SPDX-License-Identifier: GPL-2.0-or-later
"""Choose the next commit to build when bisecting for the commit that fixed a bug.

`git bisect` halves the number of commits. If the ranking is good, halving the total probability
takes fewer builds.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

UNRANKED = 0.3
"""The probability that the fix is not among the ranked commits."""
UNFIXED, UNLIKELY_FIXED = 0.1, 1.0
"""The odds that there is no fix, and the same if the ranked commits are probably not the fix.

The latest commit is then built first, because it shows whether there is anything to search.
"""
_LEAST_SPLIT = 0.1
"""The least probability on each side of a preferred commit."""
_MOST = 100


class NextBuild(NamedTuple):
    """The commit to build, and an estimate of the remaining builds including this one."""

    commit: str
    builds: int


def choose_next_build(
    parents: Mapping[str, Sequence[str]],
    likely: Mapping[str, float],
    searched: int,
    skipped: Collection[str] = (),
    *,
    is_good: bool = True,
    unfixed: float = UNFIXED,
    preferred: Sequence[Collection[str]] = (),
) -> NextBuild | None:
    """Return the commit to build next, or None if no build can narrow the search further.

    `parents` contains the commits that may be the fix, children first. `likely` contains
    probabilities for some of them, from a search of `searched` commits. If `is_good` is False, no
    build has had the fix yet. The latest commit, which may still have the bug, can then be chosen,
    and `unfixed` contains the odds that it does.
    `preferred` lists groups of commits that are easier to test, such as releases: the best commit
    of the first group that splits the probability is chosen.
    """
    weights = {
        commit: UNRANKED / searched + (1 - UNRANKED) * likely.get(commit, 0.0) for commit in parents
    }
    releases = [commit for group in preferred for commit in group if commit in parents]
    candidates = [
        commit
        for commit in (*_select_build_candidates(parents, likely), *releases)
        if commit not in skipped and not (is_good and commit == next(iter(parents)))
    ]
    if not candidates:
        return None
    shares = [*weights.values(), 0.0 if is_good else unfixed]
    total = sum(shares)
    gains = _total_weights(parents, weights, candidates)
    entropy = -sum(share / total * math.log2(share / total) for share in shares if share)

    def distance(commit: str) -> float:
        return abs(gains[commit] / total - 0.5)

    nearest = min(candidates, key=distance)
    for group in preferred:
        best = min((commit for commit in candidates if commit in group), key=distance, default="")
        if best and distance(best) <= 0.5 - _LEAST_SPLIT:
            nearest = best
            break
    return NextBuild(nearest, max(1, math.ceil(entropy)))


def _select_build_candidates(
    parents: Mapping[str, Sequence[str]], likely: Mapping[str, float]
) -> Sequence[str]:
    """Return the commits that may be built.

    If there are many, return only the ones that could split the probability in half.
    """
    commits = list(parents)
    first_parents = commits[:1]
    while (
        first_parents
        and (first_parent := parents[first_parents[-1]][:1])
        and first_parent[0] in parents
    ):
        first_parents += first_parent
    best = sorted(parents.keys() & likely, key=lambda commit: -likely[commit])[:_MOST]
    likely_area = (
        *best,
        *(first_parent for commit in best for first_parent in parents[commit][:1]),
    )
    spread = (
        *first_parents[:: len(first_parents) // _MOST + 1],
        *commits[:: len(commits) // _MOST + 1],
    )
    return list(dict.fromkeys(commit for commit in (*likely_area, *spread) if commit in parents))


def _total_weights(
    parents: Mapping[str, Sequence[str]],
    weights: Mapping[str, float],
    candidates: Sequence[str],
) -> dict[str, float]:
    masks = {commit: 1 << index for index, commit in enumerate(candidates)}
    sums: dict[int, float] = {}
    for commit, weight in weights.items():
        mask = masks.pop(commit, 0)
        sums[mask] = sums.get(mask, 0.0) + weight
        for parent in parents[commit]:
            masks[parent] = masks.get(parent, 0) | mask
    return {
        commit: sum(weight for mask, weight in sums.items() if mask >> index & 1)
        for index, commit in enumerate(candidates)
    }
