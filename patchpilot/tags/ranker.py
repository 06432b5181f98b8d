# SPDX-License-Identifier: GPL-2.0-or-later
"""The ranker: a weighted sum for each candidate, turned into shares of certainty.

Its weights are data, fitted by `tests/lab/fit_fixes.py`.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from patchpilot.errors import PackError
from patchpilot.resources import data_dir


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the features of a candidate, of the features of a whole list (for "none of
    these"), and the calibration curve.

    `curve` are (raw, confidence) points, both rising; between them it is straight.
    """

    candidate: Mapping[str, float]
    none: Mapping[str, float]
    curve: Sequence[tuple[float, float]]


@cache
def shipped() -> Weights:
    """The weights that ship with patchpilot."""
    file = data_dir("checks") / "ranking" / "fixes.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        return Weights(
            data["candidate"],
            data["none"],
            tuple((float(a), float(b)) for a, b in data["calibration"]["curve"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PackError(
            f"cannot read the ranking weights in {file}: {error}",
            hint="reinstall patchpilot",
        ) from error


def list_features(candidates: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Features of a whole list: whether the commit that introduced the bug is likely among the
    candidates.
    """
    removed = sorted(
        (candidate["removed"] for candidate in candidates.values()), reverse=True
    )
    return {
        "bias": 1.0,
        "few": 1.0 / (1 + len(candidates)),
        "many": math.log1p(len(candidates)),
        "adds_only": float(not removed or removed[0] == 0),
        "top_share": removed[0] if removed else 0.0,
        "mentioned": max(
            (candidate["mentioned"] for candidate in candidates.values()), default=0.0
        ),
    }


def score(weights: Mapping[str, float], numbers: Mapping[str, float]) -> float:
    """The weighted sum; a feature without a weight counts nothing."""
    return sum(weights.get(name, 0.0) * value for name, value in numbers.items())


def rank(
    candidates: Mapping[str, Mapping[str, float]], weights: Weights
) -> list[tuple[str, float]]:
    """Candidates, best first, each with its confidence: the probability that it introduced the bug,
    as measured on known fixes.
    """
    if not candidates:
        return []
    sums = {
        one: score(weights.candidate, numbers) for one, numbers in candidates.items()
    }
    none = score(weights.none, list_features(candidates))
    top = max([*sums.values(), none])
    total = math.exp(none - top) + sum(math.exp(value - top) for value in sums.values())
    ordered = sorted(sums, key=lambda one: (-sums[one], one))
    return [
        (one, calibrated(math.exp(sums[one] - top) / total, weights.curve))
        for one in ordered
    ]


def calibrated(raw: float, curve: Sequence[tuple[float, float]]) -> float:
    """The confidence that belongs to a raw share."""
    if not curve:
        return raw
    before = (0.0, 0.0)
    for point in (*curve, (1.0, max(1.0 - 1e-9, curve[-1][1]))):
        if raw <= point[0]:
            width = point[0] - before[0]
            part = (raw - before[0]) / width if width else 1.0
            return before[1] + (point[1] - before[1]) * part
        before = point
    return before[1]
