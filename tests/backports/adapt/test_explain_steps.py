# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the notes of an adapted fix state what differs in the branch."""

import pytest

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.explain_steps import describe_context_step


@pytest.mark.parametrize(
    ("branch_line", "words"),
    [
        ("\tstep( 2 );", "the lines around the change differ in white space only"),
        ("\t/* all of them */\n\tstep(2);", "a comment next to the change differs in the branch"),
        ("\tother(2);", "another line next to the change differs in the branch"),
    ],
)
def test_note_states_what_differs_around_the_change(branch_line: str, words: str) -> None:
    base = [f"\tstep({number});\n" for number in range(20)]
    theirs = [*base[:3], "\tcheck(3);\n", *base[4:]]
    ours = [*base[:2], *(f"{line}\n" for line in branch_line.split("\n")), *base[3:]]
    # a difference far away explains nothing
    ours[-1] = "\tlast();\n"
    assert describe_context_step("w.c", AdaptedFile("", ours, base, theirs)).text == f"w.c: {words}"
