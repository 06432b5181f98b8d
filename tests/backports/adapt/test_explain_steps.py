# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the notes of an adapted fix state what differs in the branch."""

import pytest

from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.explain_steps import describe_context_step, describe_step
from patchpilot.backports.adapt.three_way import CarriedChange, CarryMethod, merge_lines
from patchpilot.backports.adapted_fix import Adaptation


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


@pytest.mark.parametrize(
    ("ours", "base", "words"),
    [
        ("if (xfer->buf)\n", "if (t->buf)\n", "has xfer instead of t"),
        ("put(a, b);\n", "put(a);\n", "also has b"),
        ("put(a);\n", "put(a, b);\n", "lacks b"),
        ("put(1);\n", "put(2);\n", "differs from mainline's"),
        ("put(a, 1);\n", "get(a, 1L);\n", "has put instead of get"),
    ],
)
def test_note_names_what_the_branch_has_instead(ours: str, base: str, words: str) -> None:
    steps = tuple(
        describe_step("w.c", CarriedChange(CarryMethod.TOKENS, line, (ours,), (base,)))
        for line in (7, 19)
    )
    # git's conflict has one line, of which two parts are changed
    piece = describe_step("w.c", CarriedChange(CarryMethod.PIECE, 19, (ours,), (base,)))
    assert piece.text == steps[1].text
    adaptation = Adaptation("context", 0.9, steps, {})
    text = f"made the change in the branch's line, which {words}"
    assert adaptation.notes == (f"w.c: {text}",)
    assert [step[:6] for step in adaptation.advised_steps] == ["w.c:8:", "w.c:20"]


def test_line_that_the_branch_has_is_not_called_different() -> None:
    base = ["\tt = clamp(t, -1000L, 1000L);\n", "\tt = t / 1000 - offset;\n"]
    ours = ["\tt = clamp_val(t, -1000, 1000);\n", base[1]]
    theirs = [base[0], "\tt = t / 1000 + offset;\n"]
    (carried,) = merge_lines(ours, base, theirs).carried
    step = describe_step("w.c", carried)
    assert step.text == "w.c: made the change next to neighboring lines that differ"
    assert step.advice == "check the position of the change"


def test_code_of_another_form_is_left_to_a_person_unless_the_result_is_sure() -> None:
    base = ["\tlux = (lux * trim) >> SHIFT;\n"]
    ours = ["\tlux = lux * trim;\n", "\tlux >>= 13;\n"]
    carried = CarriedChange(CarryMethod.TOKENS, 7, tuple(ours), tuple(base))
    step = describe_step("w.c", carried)
    advice = "check every line here: the branch has 2 lines instead of mainline's 1"
    assert step.advice == advice
    for confidence, is_left in ((0.52, True), (0.97, False)):
        assert Adaptation("context", confidence, (step,), {}).is_conflict_left is is_left
    same_form = describe_step("w.c", CarriedChange(CarryMethod.TOKENS, 7, ("a;",), ("b;",)))
    assert not Adaptation("context", 0.52, (same_form,), {}).is_conflict_left
