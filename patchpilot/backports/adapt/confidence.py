# SPDX-License-Identifier: GPL-2.0-or-later
"""How likely an adaptation is what the stable maintainer would commit.

Measured on backports that really happened (`tests/lab/fit_adaptations.py`).
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
    """A feature as it is weighted: more than a few of a kind say no more."""
    return min(_MOST, value)


def confidence_of(
    features: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> float:
    """The probability of an adaptation with these features to be right, from 0 to 1, by the shipped
    weights where none are given.
    """
    weights = _weights() if weights is None else weights
    total = weights["bias"] + sum(
        weights.get(name, 0.0) * limited(value) for name, value in features.items()
    )
    return round(
        min(_MOST_UNSURE if UNSURE in features else 1.0, 1 / (1 + math.exp(-total))), 2
    )
