# SPDX-License-Identifier: GPL-2.0-or-later
"""Test evaluating malformed expressions of Kconfig files."""

import pytest

from patchpilot.building.kconfig_expression import parse_expression


@pytest.mark.parametrize("text", ["", "((((", "A &&", "!", 'A = "b', "||", "(" * 5000])
def test_malformed_expressions_evaluate_to_y(text: str) -> None:
    assert parse_expression(text)
