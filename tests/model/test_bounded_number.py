# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that numbers of any length are parsed."""

import pytest

from patchpilot.model.bounded import LARGEST, parse_limited_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("17", 17),
        ("0" * 5000 + "17", 17),
        ("9" * 5000, LARGEST),
        ("999999999", 999_999_999),
        ("0000000005", 5),
        ("000000000000", 0),
        ("1000000000", 1_000_000_000),
        ("1000000001", 1_000_000_000),
        ("00000000000999999999", 999_999_999),
        ("", 0),
        ("-1", 0),
        ("x", 0),
        ("²", 0),
        ("1 ", 0),
    ],
)
def test_number_is_bounded(text: str, value: int) -> None:
    assert parse_limited_number(text) == value
