# SPDX-License-Identifier: GPL-2.0-or-later
"""Rank candidates by the weighted sum of their features, and convert the sum to a confidence.

The weights are fitted by `tests/lab/fit_fixes.py`.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables


class Weights(NamedTuple):
    """The fitted parameters of the ranker.

    They are the weights of a candidate's features, the weights of a list's features (for "none of
    these"), and the calibration curve. The curve consists of increasing (raw share, confidence)
    points, between which values are interpolated linearly.
    """

    candidate: Mapping[str, float]
    none: Mapping[str, float]
    curve: Sequence[tuple[float, float]]


@cache
def load_shipped_weights() -> Weights:
    """Load the weights shipped with patchpilot."""
    data = read_shipped_tables("ranking")["fixes"]
    curve = tuple((float(a), float(b)) for a, b in data["calibration"]["curve"])
    return Weights(data["candidate"], data["none"], curve)


def list_features(candidates: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the features of a whole list of candidates.

    They indicate how likely the list contains the commit that introduced the bug.
    """
    removed = sorted((candidate["removed"] for candidate in candidates.values()), reverse=True)
    return {
        "bias": 1.0,
        "few": 1.0 / (1 + len(candidates)),
        "many": math.log1p(len(candidates)),
        "top_share": removed[0] if removed else 0.0,
        "mentioned": max(
            (candidate["mentioned"] for candidate in candidates.values()), default=0.0
        ),
    }


def score_candidate(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    """Return the weighted sum of the features, ignoring those without a weight."""
    return sum(weights.get(name, 0.0) * value for name, value in values.items())


def rank_by_confidence(
    candidates: Mapping[str, Mapping[str, float]], weights: Weights
) -> list[tuple[str, float]]:
    """Rank the candidates by confidence, best first.

    The confidence is the probability, calibrated on known fixes, that the candidate introduced the
    bug.
    """
    if not candidates:
        return []
    scores = {
        candidate: score_candidate(weights.candidate, numbers)
        for candidate, numbers in candidates.items()
    }
    none_score = score_candidate(weights.none, list_features(candidates))
    best = max([*scores.values(), none_score])
    total = math.exp(none_score - best) + sum(math.exp(value - best) for value in scores.values())
    ordered = sorted(scores, key=lambda commit: (-scores[commit], commit))
    return [
        (
            commit,
            convert_to_confidence(math.exp(scores[commit] - best) / total, weights.curve),
        )
        for commit in ordered
    ]


def convert_to_confidence(raw: float, curve: Sequence[tuple[float, float]]) -> float:
    """Convert a raw share to a confidence, using the calibration curve."""
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
