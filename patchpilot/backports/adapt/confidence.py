# SPDX-License-Identifier: GPL-2.0-or-later
"""The probability that an adaptation is what the stable maintainer would commit.

The model is fitted to real backports (`tests/lab/fit_adaptations.py`).
"""

import math
import tomllib
from collections.abc import Mapping
from functools import cache

from patchpilot.errors import PackError
from patchpilot.resources import data_dir

UNSURE = "unsure"
"""The feature of an adaptation that is never sure, whatever else it has: one in four was what the
maintainer made.
"""
_MOST = 6.0
_MOST_UNSURE = 0.45


@cache
def _weights() -> Mapping[str, float]:
    file = data_dir("checks") / "ranking" / "adaptations.toml"
    try:
        return {
            name: float(value)
            for name, value in tomllib.loads(file.read_text(encoding="utf-8"))[
                "confidence"
            ].items()
        }
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PackError(
            f"cannot read the weights in {file}: {error}", hint="reinstall patchpilot"
        ) from error


def limited(value: float) -> float:
    """Returns a feature's value for weighting, with large counts capped."""
    return min(_MOST, value)


def confidence_of(
    features: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> float:
    """Returns the probability, from 0 to 1, that an adaptation with these features is correct.

    The default weights are those shipped with patchpilot.
    """
    weights = _weights() if weights is None else weights
    total = weights["bias"] + sum(
        weights.get(name, 0.0) * limited(value) for name, value in features.items()
    )
    return round(
        min(_MOST_UNSURE if UNSURE in features else 1.0, 1 / (1 + math.exp(-total))), 2
    )
