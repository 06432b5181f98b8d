# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the risk of each prerequisite, by its kind and size."""

import pytest

from patchpilot.backports.prerequisite_queue import Risk, prerequisite_risk
from patchpilot.backports.prerequisites import PrerequisiteNeed


@pytest.mark.parametrize(
    ("size", "is_fix", "risk"),
    [
        (12, True, Risk.LOW),
        (12, False, Risk.MEDIUM),
        (101, True, Risk.HIGH),
        (100, False, Risk.MEDIUM),
    ],
)
def test_prerequisite_risk_depends_on_kind_and_size(size: int, is_fix: bool, risk: Risk) -> None:
    assert prerequisite_risk(PrerequisiteNeed("1" * 40, "x", size, is_fix), 100) is risk


def test_size_is_not_risky_without_a_limit() -> None:
    assert prerequisite_risk(PrerequisiteNeed("1" * 40, "x", 9999), 0) is Risk.MEDIUM
