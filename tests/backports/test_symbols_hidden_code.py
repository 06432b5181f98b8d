# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no comment mark or quote in C hides calls and functions from `backport`."""

import pytest

from patchpilot.backports.adapt.absent_names import find_used_names
from patchpilot.backports.adapt.three_way import merge_lines
from patchpilot.backports.changed_functions import find_enclosing_function
from patchpilot.backports.symbols import find_calls
from patchpilot.model.c_scanner import read_code
from tests.kit.hidden_code import MARK, TRICKS

FUNCTION = "int crob(void)\n{\n\tgrob_two(a, b);\n}"


@pytest.mark.parametrize("trick", TRICKS)
def test_marks_hide_no_call(trick: str) -> None:
    text = TRICKS[trick].replace(MARK, FUNCTION)
    assert ("grob_two", 2) in find_calls(text)
    lines = text.split("\n")
    assert "grob_two" in find_used_names(lines)
    function = find_enclosing_function(read_code(lines), lines.index("\tgrob_two(a, b);"))
    assert function is not None
    assert function.name == "crob"


def test_comment_is_not_read_as_code() -> None:
    text = (
        "/*\nint crob(void)\n}\n\n grob(1); don't */ // brob(1)\nvoid vrob(void)\n{\n\txrob(1);\n"
    )
    assert find_calls(text) == {("vrob", 1), ("xrob", 1)}
    lines = text.split("\n")
    function = find_enclosing_function(read_code(lines), 4)
    assert function is None


def test_assignment_through_a_pointer_is_not_a_comment() -> None:
    base = ["\t*p = frob(one, two);\n"]
    ours = ["\t*p = frob(one, six);\n"]
    theirs = ["\t*p = frob(one, two) + 1;\n"]
    assert merge_lines(ours, base, theirs).lines == ["\t*p = frob(one, six) + 1;\n"]
