# SPDX-License-Identifier: GPL-2.0-or-later
"""Test counting nouns."""

from patchpilot.model.printable import format_count


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
