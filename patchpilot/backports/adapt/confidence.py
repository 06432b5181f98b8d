# SPDX-License-Identifier: GPL-2.0-or-later
"""The probability that an adaptation is what the stable maintainer would commit.

The model is fitted to real backports (`tests/lab/fit_adaptations.py`).
"""

import math
from collections.abc import Mapping

from patchpilot.cache.entries import shipped_tables

UNSURE = "unsure"
"""The feature of an adaptation that is never sure, whatever else it has: one in four was what the
maintainer made.
"""
TAKEN = 0.95
"""The confidence of a backport to another branch that applies: 98 of 101 were the same."""
_MOST_SURE = 0.79
"""No kind of adaptation was what the maintainer made more often than this: they also change what no
conflict asks for.
"""
_MOST_UNSURE = 0.45


def confidence_of(
    features: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> float:
    """Return the probability, from 0 to 1, that an adaptation with these features is correct.

    The default weights are those shipped with patchpilot.
    """
    weights = (
        shipped_tables("ranking")["adaptations"]["confidence"]
        if weights is None
        else weights
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
