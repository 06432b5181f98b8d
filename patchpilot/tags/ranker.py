# SPDX-License-Identifier: GPL-2.0-or-later
"""Rank candidates by the weighted sum of their features, and convert the sum to a confidence.

The weights are fitted by `tests/lab/fit_fixes.py`.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables

MOST_MARGIN = 6.0
"""Larger differences between the scores of the first two candidates count as this one."""
OTHERS = 0.7
"""Share of the fixes whose first candidate is wrong that have a correct one among the others."""


class Weights(NamedTuple):
    """The fitted parameters of the ranker.

    They are the weights of a candidate's features, the weights that decide how certain the first
    candidate is, and the calibration curve. The curve consists of increasing (certainty,
    confidence) points, between which values are interpolated linearly.
    """

    candidate: Mapping[str, float]
    first: Mapping[str, float]
    curve: Sequence[tuple[float, float]]


@cache
def load_shipped_weights() -> Weights:
    """Load the weights shipped with patchpilot."""
    data = read_shipped_tables("ranking")["fixes"]
    curve = tuple((float(a), float(b)) for a, b in data["calibration"]["curve"])
    return Weights(data["candidate"], data["first"], curve)


def score_candidate(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    """Return the weighted sum of the features, ignoring those without a weight."""
    return sum(weights.get(name, 0.0) * value for name, value in values.items())


def describe_first(
    candidates: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]
) -> tuple[list[tuple[str, float]], dict[str, float]]:
    """Return the candidates with their shares, best first, and the features of the first place.

    They indicate how likely the first candidate introduced the bug. There must be a candidate.
    """
    scores = {
        candidate: score_candidate(weights, numbers) for candidate, numbers in candidates.items()
    }
    ordered = sorted(scores, key=lambda commit: (-scores[commit], commit))
    best = scores[ordered[0]]
    total = sum(math.exp(value - best) for value in scores.values())
    shares = [(commit, math.exp(scores[commit] - best) / total) for commit in ordered]
    margin = best - scores[ordered[1]] if len(ordered) > 1 else MOST_MARGIN
    share = shares[0][1]
    numbers = candidates[ordered[0]]
    return shares, {
        "bias": 1.0,
        "share": math.log((share + 1e-6) / (1 - share + 1e-3)),
        "margin": min(MOST_MARGIN, margin),
        **{name: numbers.get(name, 0.0) for name in ("code", "fresh", "tidy")},
    }


def rank_by_confidence(
    candidates: Mapping[str, Mapping[str, float]], weights: Weights
) -> list[tuple[str, float]]:
    """Rank the candidates by confidence, best first.

    The confidence is the probability, calibrated on known fixes, that the candidate introduced the
    bug.
    """
    if not candidates:
        return []
    shares, features = describe_first(candidates, weights.candidate)
    certainty = 1 / (1 + math.exp(-score_candidate(weights.first, features)))
    first = convert_to_confidence(certainty, weights.curve)
    remaining = sum(share for _, share in shares[1:]) or 1.0
    return [
        (commit, min(first, (1 - first) * OTHERS * share / remaining) if index else first)
        for index, (commit, share) in enumerate(shares)
    ]


def convert_to_confidence(raw: float, curve: Sequence[tuple[float, float]]) -> float:
    """Convert a raw value to a confidence, using the calibration curve."""
    if not curve:
        return raw
    previous = (0.0, 0.0)
    for point in (*curve, (1.0, max(1.0 - 1e-9, curve[-1][1]))):
        if raw <= point[0]:
            width = point[0] - previous[0]
            fraction = (raw - previous[0]) / width if width else 1.0
            return previous[1] + (point[1] - previous[1]) * fraction
        previous = point
    return previous[1]
