# SPDX-License-Identifier: GPL-2.0-or-later
"""How likely an adaptation is what the stable maintainer would commit; measured on backports that really happened (`tests/kit/fit_adaptations.py`)."""

import math
import tomllib
from collections.abc import Mapping
from functools import cache

from patchpilot.errors import PackError
from patchpilot.resources import data_dir

_MOST = 6.0


@cache
def _weights() -> Mapping[str, float]:
    file = data_dir("checks") / "ranking" / "adaptations.toml"
    try:
        return {name: float(value) for name, value in tomllib.loads(file.read_text(encoding="utf-8"))["confidence"].items()}
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PackError(f"cannot read the weights in {file}: {error}", hint="reinstall patchpilot") from error


def limited(value: float) -> float:
    """A feature as it is weighted: more than a few of a kind say no more."""
    return min(_MOST, value)


def confidence_of(features: Mapping[str, float], *, most: float = 1.0) -> float:
    """The probability of an adaptation with these features to be right, from 0 to `most`."""
    weights = _weights()
    total = weights["bias"] + sum(weights.get(name, 0.0) * limited(value) for name, value in features.items())
    return round(min(most, 1 / (1 + math.exp(-total))), 2)
