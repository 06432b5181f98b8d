# SPDX-License-Identifier: GPL-2.0-or-later
"""Estimate the probability that a stable maintainer would commit an adaptation unchanged.

The model is fitted to real backports (`tests/lab/fit_adaptations.py`).
"""

import math
from collections.abc import Mapping

from patchpilot.cache.entries import read_shipped_tables

UNSURE = "unsure"
"""Feature of an uncertain adaptation; one in four equaled the maintainer's."""
TAKEN = 0.95
"""Confidence in a backport to another branch that applies unchanged: 98 of 101 equaled the
maintainer's.
"""
_MOST_SURE = 0.79
"""Upper limit of the confidence: no kind of adaptation equaled the maintainer's more often, because
maintainers also change lines without a conflict.
"""
_MOST_UNSURE = 0.45


def compute_confidence(
    features: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> float:
    """Return the probability, from 0 to 1, that an adaptation with these features is correct.

    The default weights are those shipped with patchpilot.
    """
    weights = (
        read_shipped_tables("ranking")["adaptations"]["confidence"] if weights is None else weights
    )
    total = weights["bias"] + sum(
        weights.get(name, 0.0) * value for name, value in features.items()
    )
    return round(
        min(
            _MOST_UNSURE if UNSURE in features else _MOST_SURE,
            1 / (1 + math.exp(-total)),
        ),
        2,
    )
