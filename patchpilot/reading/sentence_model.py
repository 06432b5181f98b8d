# SPDX-License-Identifier: GPL-2.0-or-later
"""A linear model that gives the likelihood that a reply or its sentences are, for example, a
request.

The weights are data, fitted by `tests/lab/fit_reading.py`.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache

from patchpilot.errors import PackError
from patchpilot.reading.sentence_features import together
from patchpilot.resources import data_dir

REQUESTS = "requests"
"""The name of the weights."""
BIAS = "bias"
"""The name of what is added to every sum."""
Weights = Mapping[str, float]


def share(weights: Weights, features: Mapping[str, float]) -> float:
    """Returns the likelihood (0 to 1) of a request for these features; unknown features are
    ignored.
    """
    total = weights.get(BIAS, 0.0)
    total += sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1.0 / (1.0 + math.exp(-total))


def asks(weights: Weights, names: Sequence[frozenset[str]]) -> float:
    """Returns the likelihood that sentences with these feature names, taken together, make a
    request.
    """
    return share(weights, together(names))


@cache
def shipped(name: str) -> Weights:
    """Returns the model weights shipped with patchpilot under this name: `requests`, or the kind
    of a reply.
    """
    file = data_dir("checks") / "reading" / f"{name}.tsv"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        return {name: float(weight) for name, weight in rows}
    except (OSError, ValueError) as error:
        raise PackError(
            f"cannot read the weights in {file}: {error}", hint="reinstall patchpilot"
        ) from error
