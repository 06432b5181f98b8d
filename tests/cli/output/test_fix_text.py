# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the colors of the changed words in a diff."""

from patchpilot.cli.output.fix_text import BOLD, GREEN, PLAIN, RED, color_diff


def test_changed_words_are_bold() -> None:
    lines = color_diff(
        [
            "-We recieve the",
            "-link.",
            "+We receive",
            "+the link.",
            "-+\ta  b;",
            "++\ta b;",
        ],
        colored=True,
    ).split("\n")
    assert lines[:4] == [
        f"{RED}-We {BOLD}recieve{PLAIN}{RED} the{PLAIN}",
        f"{RED}-link.{PLAIN}",
        f"{GREEN}+We {BOLD}receive{PLAIN}{GREEN}{PLAIN}",
        f"{GREEN}+the link.{PLAIN}",
    ]
    assert not any(BOLD in line for line in lines[4:])
