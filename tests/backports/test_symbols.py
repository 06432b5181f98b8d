# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding calls in C code, and counting their arguments."""

from patchpilot.backports.symbols import find_calls


def test_arguments_of_calls_are_counted() -> None:
    text = (
        'if (any(1, both(2, "x, y"), c[3, 4]) && none()) /* comment(1) */ each(\n1,\n2); open(1, 2'
    )
    assert find_calls(text) == {("any", 3), ("both", 2), ("none", 0), ("each", 2)}


def test_unterminated_comment_reaches_the_end_of_file() -> None:
    assert find_calls("call(1); /* one(1) /* two(1, 2)") == {("call", 1)}
