# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a conflicting change is applied to the branch's own lines, or reported as a
conflict.
"""

import pytest

from patchpilot.backports.adapt.three_way import CarryMethod, merge_lines
from patchpilot.backports.adapt.tokens import join_tokens, tokenize

HEAD = "int work(void)\n{\n\tbegin();\n"
TAIL = "\tend();\n\treturn 0;\n}\n"


def make_file_lines(middle_lines: str) -> list[str]:
    return (HEAD + middle_lines + TAIL).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "expected", "methods"),
    [
        pytest.param(
            "\told(1);\n",
            "\told(1);\n",
            "\tnew(1);\n",
            "\tnew(1);\n",
            set(),
            id="no conflict",
        ),
        pytest.param(
            "\tdo(one, 2);\n",
            "\tdo(ONE, 2);\n",
            "\tdo(ONE, 3);\n",
            "\tdo(one, 3);\n",
            {CarryMethod.TOKENS},
            id="other argument",
        ),
        pytest.param(
            '\tlog("rx of DEV_RX_A");\n',
            '\tlog("rx of RTE_RX_A");\n',
            '\tlog("tx of RTE_TX_A");\n',
            '\tlog("tx of DEV_TX_A");\n',
            {CarryMethod.TOKENS},
            id="part of a name in a string",
        ),
        pytest.param(
            "\t/* Ignore fds. */\n\tset('a');\n\tuse('b');\n",
            '\t/* Ignore all fds */\n\tset("a");\n\tuse("b");\n',
            '\t/* Close all fds */\n\tset("c");\n\tuse("b");\n',
            "\t/* Close all fds */\n\tset(\"c\");\n\tuse('b');\n",
            {CarryMethod.TOKENS},
            id="wording of a comment and quotes",
        ),
        pytest.param(
            "\ta();\n",
            "\ta();\n\tlater();\n",
            "\ta();\n\tadded();\n\tlater();\n",
            "\ta();\n\tadded();\n",
            {CarryMethod.EDGE},
            id="next line absent",
        ),
        pytest.param(
            "\tfree(p);\n",
            "\tfree(q->p);\n",
            "",
            "",
            {CarryMethod.REMOVED},
            id="removed line differs",
        ),
        pytest.param(
            "\tx = 2;\n",
            "\tx = 1;\n",
            "\tx = 2;\n",
            "\tx = 2;\n",
            set(),
            id="the same change",
        ),
        pytest.param(
            "\tif (a)\n\t\trun(o);\n",
            "\tif (a)\n\t\trun(b);\n",
            "\tif (ok) {\n\t\tif (a)\n\t\t\trun(b);\n\t}\n",
            "\tif (ok) {\n\t\tif (a)\n\t\t\trun(o);\n\t}\n",
            {CarryMethod.TOKENS},
            id="a new block around other lines",
        ),
    ],
)
def test_change_is_applied_to_the_branch_lines(
    ours: str, base: str, theirs: str, expected: str, methods: set[CarryMethod]
) -> None:
    sides = [make_file_lines(side) for side in (ours, base, theirs)]
    merged = merge_lines(*sides)
    assert "".join(merged.lines) == HEAD + expected + TAIL
    assert {carried.how for carried in merged.carried} == methods


def test_change_in_a_missing_function_is_dropped() -> None:
    first_function, second_function = (
        "int a(void)\n{\n\tx();\n}\n",
        "int gone(void)\n{\n\ty();\n\tz();\n}\n",
    )
    base = (first_function + second_function).splitlines(keepends=True)
    theirs = (first_function + second_function.replace("y();\n", "y();\n\tnew();\n")).splitlines(
        keepends=True
    )
    merged = merge_lines(first_function.splitlines(keepends=True), base, theirs)
    assert "".join(merged.lines) == first_function
    assert [carried.how for carried in merged.carried] == [CarryMethod.ABSENT]


@pytest.mark.parametrize("text", ["\tint a_b = 3;  \n", "no newline", "  ", "naïve_x++;\n", "\n"])
def test_tokens_restore_their_text(text: str) -> None:
    assert join_tokens(tokenize([text])) == text


def test_lines_added_by_both_sides_are_kept() -> None:
    base = make_file_lines("\ta();\n")
    merged = merge_lines(
        make_file_lines("\ta();\n\tours();\n"),
        base,
        make_file_lines("\ta();\n\tcompletely(different, thing);\n"),
    )
    assert [carried.how for carried in merged.carried] == [CarryMethod.BESIDE]
    alike = merge_lines(
        make_file_lines("\ta();\n\tcheck(p, q);\n"),
        base,
        make_file_lines("\ta();\n\tcheck(p, r);\n"),
    )
    assert [carried.how for carried in alike.carried] == [CarryMethod.OVER]


def test_partial_line_is_not_inserted() -> None:
    base = make_file_lines("\tr = do_it(a, 1);\n\tif (r)\n\t\tlog(r);\n\treturn r;\n")
    theirs = make_file_lines("\tr = do_it_safe(a, 1);\n\tif (r)\n\t\tlog(r);\n\treturn r;\n")
    ours = make_file_lines("\treturn 0;\n")
    merged = merge_lines(ours, base, theirs)
    assert merged.lines == ours
