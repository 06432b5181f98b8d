# SPDX-License-Identifier: GPL-2.0-or-later
"""Test formatting ages."""

import pytest

from patchpilot.model.ago import format_age


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (-5, "now"),
        (59, "now"),
        (20 * 60, "20 min ago"),
        (5 * 3600 + 1, "5 h ago"),
        (47 * 3600, "47 h ago"),
        (3 * 86400, "3 days ago"),
        (61 * 86400, "2023-09-14"),
    ],
)
def test_age_is_printed_in_one_unit(age: int, words: str) -> None:
    assert format_age(1_700_000_000 - age, 1_700_000_000) == words
