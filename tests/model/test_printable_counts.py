# SPDX-License-Identifier: GPL-2.0-or-later
"""Test counting nouns, and ranges of numbers."""

from patchpilot.model.printable import format_count, format_number_ranges, list_number_ranges


def test_counted_nouns_are_pluralized() -> None:
    assert [format_count(number, "mail") for number in (0, 1, 2)] == [
        "0 mails",
        "1 mail",
        "2 mails",
    ]
    assert [format_count(number, "patch", "patches") for number in (1, 3)] == [
        "1 patch",
        "3 patches",
    ]


def test_consecutive_numbers_are_a_range() -> None:
    numbers = [20, 12, 13, 14, 13]
    assert list_number_ranges(numbers) == [(12, 14), (20, 20)]
    assert format_number_ranges(numbers) == ["12-14", "20"]
    assert not format_number_ranges(())
