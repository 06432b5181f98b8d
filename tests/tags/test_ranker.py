# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the confidence and the order of candidates."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.tags.ranker import (
    Weights,
    convert_to_confidence,
    load_shipped_weights,
    rank_by_confidence,
)


def test_shipped_weights_are_monotonic() -> None:
    weights = load_shipped_weights()
    shares = [share for _, share in weights.curve]
    assert shares == sorted(shares)
    assert weights.candidate["removed"] > 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_confidence_rises_with_the_share(one: float, other: float) -> None:
    curve = load_shipped_weights().curve
    low, high = sorted((one, other))
    assert 0 <= convert_to_confidence(low, curve) <= convert_to_confidence(high, curve) <= 1


def test_ranking_is_stable() -> None:
    weights = Weights({"removed": 2.0}, {}, ((1.0, 1.0),))
    rows = {
        "b": {"removed": 0.5, "mentioned": 0.0},
        "a": {"removed": 0.5, "mentioned": 0.0},
        "c": {"removed": 1.0, "mentioned": 0.0},
    }
    assert [name for name, _ in rank_by_confidence(rows, weights)] == ["c", "a", "b"]
    assert rank_by_confidence({}, weights) == []
