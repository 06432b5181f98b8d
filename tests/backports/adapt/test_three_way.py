# SPDX-License-Identifier: GPL-2.0-or-later
"""A change that conflicts is made in the branch's own lines, or reported as what it is."""

import pytest

from patchpilot.backports.adapt.adaptation import merge_file
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.features import features_of
from patchpilot.backports.adapt.three_way import How, merge_lines
from patchpilot.backports.adapt.tokens import tokenize, untokenize
from patchpilot.backports.adapt.units import openers, return_type, units

HEAD = "int work(void)\n{\n\tbegin();\n"
TAIL = "\tend();\n\treturn 0;\n}\n"


def lines(middle: str) -> list[str]:
    return (HEAD + middle + TAIL).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "expected", "ways"),
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
            {How.TOKENS},
            id="other argument",
        ),
        pytest.param(
            '\tlog("rx of DEV_RX_A");\n',
            '\tlog("rx of RTE_RX_A");\n',
            '\tlog("tx of RTE_TX_A");\n',
            '\tlog("tx of DEV_TX_A");\n',
            {How.TOKENS},
            id="part of a name in a string",
        ),
        pytest.param(
            "\ta();\n",
            "\ta();\n\tlater();\n",
            "\ta();\n\tadded();\n\tlater();\n",
            "\ta();\n\tadded();\n",
            {How.EDGE},
            id="next line absent",
        ),
        pytest.param(
            "\tfree(p);\n",
            "\tfree(q->p);\n",
            "",
            "",
            {How.REMOVED},
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
            {How.TOKENS},
            id="a new block around other lines",
        ),
        pytest.param(
            "\tflush();\n\tunlock(a);\n",
            "\tflush();\n",
            "\tbusy = true;\n\tflush();\n\tbusy = false;\n\tunlock(a);\n",
            "\tbusy = true;\n\tflush();\n\tbusy = false;\n\tunlock(a);\n",
            {How.REST},
            id="a part of what is added is there",
        ),
    ],
)
def test_a_change_is_made_in_the_branchs_own_lines(
    ours: str, base: str, theirs: str, expected: str, ways: set[How]
) -> None:
    sides = [lines(side) for side in (ours, base, theirs)]
    merged = merge_lines(*sides, blocks=openers(sides[1]))
    assert "".join(merged.lines) == HEAD + expected + TAIL
    assert {one.how for one in merged.carried} == ways


@pytest.mark.parametrize("end", ["", "\tmore();\n"], ids=["alone", "with another line"])
def test_what_the_fix_adds_is_indented_as_the_lines_next_to_it_are_in_the_branch(
    end: str,
) -> None:
    base = lines("\tif (on) {\n\t\tset(name);\n\t\tset(file);\n\t}\n" + end)
    theirs = lines(
        '\tif (on) {\n\t\tset(name);\n\t\tif (!file)\n\t\t\tset("none");\n\t\tset(file);\n\t}\n'
        + end
    )
    ours = lines("\tset(name);\n\tset(file);\n" + end)
    merged = merge_lines(ours, base, theirs, openers(base))
    assert merged.lines == lines(
        '\tset(name);\n\tif (!file)\n\t\tset("none");\n\tset(file);\n' + end
    )


def test_what_the_fix_adds_next_to_a_line_that_is_only_aligned_otherwise_keeps_its_indentation() -> (  # noqa: E501
    None
):
    base, ours = (
        lines(f"\tcall(one,\n{indent}two);\n") for indent in ("\t\t", "\t     ")
    )
    theirs = [*base[:5], "\tadded();\n", *base[5:]]
    assert merge_lines(ours, base, theirs, openers(base)).lines == [
        *ours[:5],
        "\tadded();\n",
        *ours[5:],
    ]


def test_a_change_inside_a_function_that_the_branch_lacks_is_left_out() -> None:
    before, other = (
        "int a(void)\n{\n\tx();\n}\n",
        "int gone(void)\n{\n\ty();\n\tz();\n}\n",
    )
    base = (before + other).splitlines(keepends=True)
    theirs = (before + other.replace("y();\n", "y();\n\tnew();\n")).splitlines(
        keepends=True
    )
    merged = merge_lines(before.splitlines(keepends=True), base, theirs, openers(base))
    assert "".join(merged.lines) == before
    assert [one.how for one in merged.carried] == [How.ABSENT]


def test_a_function_added_among_functions_that_the_branch_lacks_is_kept() -> None:
    first, gone, last = (
        "int first(void)\n{\n\tx();\n}\n",
        "int gone(void)\n{\n\ty();\n}\n",
        "int last(void)\n{\n\tz();\n}\n",
    )
    added = "int added(void)\n{\n\tn();\n}\n"
    base = (first + gone + gone.replace("gone", "away") + last).splitlines(
        keepends=True
    )
    theirs = (first + gone + added + gone.replace("gone", "away") + last).splitlines(
        keepends=True
    )
    merged = merge_lines(
        (first + last).splitlines(keepends=True), base, theirs, openers(base)
    )
    assert "".join(merged.lines) == first + added + last
    assert [one.how for one in merged.carried] == [How.HOLE]


@pytest.mark.parametrize(
    "text", ["\tint a_b = 3;  \n", "no newline", "  ", "naïve_x++;\n", "\n"]
)
def test_tokens_give_back_their_text(text: str) -> None:
    assert untokenize(tokenize([text])) == text


def test_units_are_functions_structures_and_tables_with_their_comments() -> None:
    text = (
        "#include <x.h>\n"
        "\n/* first */\n"
        "static int\n"
        "one(int a)\n"
        "{\n"
        "\tif (a) {\n"
        "\t}\n"
        "}\n"
        "\nstruct two {\n"
        "\tint x;\n"
        "};\n"
        "\nstatic const char *three[] = {\n"
        '\t"{",\n'
        "};\n"
        "\nint proto(void);\n"
    )
    found = units(text.splitlines(keepends=True))
    assert [(unit.name, unit.start, unit.end) for unit in found] == [
        ("one", 2, 9),
        ("two", 10, 13),
        ("three", 14, 17),
    ]


def test_a_macro_that_makes_a_declaration_is_no_part_of_the_function_below() -> None:
    text = (
        "WRAP(bool, one)\n"
        "WRAP(int, two, (a))\n"
        "static int three(void)\n"
        "{\n"
        "\tx();\n"
        "}\n"
        "\n/* below */\n"
        "EACH(four)\n"
        "{\n"
        "\ty();\n"
        "}\n"
    )
    lines_ = text.splitlines(keepends=True)
    found = units(lines_)
    assert [(unit.name, unit.start, unit.end) for unit in found] == [
        ("three", 2, 6),
        ("EACH", 7, 12),
    ]
    assert [return_type(lines_, unit) for unit in found] == [("int",), ()]


def test_lines_that_both_sides_added_are_kept_unless_they_are_nearly_the_same() -> None:
    base = lines("\ta();\n")
    both = merge_lines(
        lines("\ta();\n\tours();\n"),
        base,
        lines("\ta();\n\tcompletely(different, thing);\n"),
        openers(base),
    )
    assert [one.how for one in both.carried] == [How.BESIDE]
    alike = merge_lines(
        lines("\ta();\n\tcheck(p, q);\n"),
        base,
        lines("\ta();\n\tcheck(p, r);\n"),
        openers(base),
    )
    assert [one.how for one in alike.carried] == [How.OVER]


def test_a_statement_that_no_side_indents_so_is_counted() -> None:
    ours, crooked = (
        f"int work(void)\n{{\n\tif (a) {{\n\t\tb();\n\t\tc();\n\t}}\n{more}}}\n".splitlines(
            keepends=True
        )
        for more in ("", "\td();\n\t\te();\n")
    )
    files = [AdaptedFile("100644", ours, ours, ours, made) for made in (ours, crooked)]
    assert ["crooked" in features_of({"w.c": file}, (), 1) for file in files] == [
        False,
        True,
    ]


def test_a_part_of_a_line_that_the_branch_does_not_have_is_not_put_into_another_one() -> (
    None
):
    base = lines("\tr = do_it(a, 1);\n\tif (r)\n\t\tlog(r);\n\treturn r;\n")
    theirs = lines("\tr = do_it_safe(a, 1);\n\tif (r)\n\t\tlog(r);\n\treturn r;\n")
    ours = lines("\treturn 0;\n")
    merged = merge_lines(ours, base, theirs, openers(base))
    assert merged.lines == ours


def test_whether_the_lines_around_a_change_lead_to_another_place_is_known() -> None:
    # the base has two alike loops; the branch has only the other one, with other lines before it
    loop = "\tfor (i = 0; i < n; i++)\n\t\tclear({0}, i);\n\tflush({0});\n"
    base = lines(loop.format("rx") + loop.format("tx"))
    theirs = [line.replace("flush(tx)", "flush_all(tx)") for line in base]
    found = []
    for ours in (
        lines(loop.format("rx") + loop.format("port")),
        lines("\tclear(port, i);\n\tflush(port);\n" * 2),
    ):
        file = AdaptedFile("100644", ours, base, theirs)
        merge_file("w.c", file)
        found.append("elsewhere" in features_of({"w.c": file}, (), 2))
    assert found == [False, True]


@pytest.mark.parametrize(
    ("ours", "fixed", "is_agreed"),
    [
        ("run(one, 1);", "run(ONE, 2);", True),
        ("run(ONE_MORE, 1);", "run(TWO, 1);", False),
    ],
)
def test_whether_whole_names_give_the_same_result_is_known(
    ours: str, fixed: str, is_agreed: bool
) -> None:
    sides = [lines(f"\t{line}\n") for line in (ours, "run(ONE, 1);", fixed)]
    merged = merge_lines(*sides, openers(sides[1]))
    assert [one.is_agreed for one in merged.carried] == [is_agreed]
    assert (
        features_of(
            {"a.c": AdaptedFile("100644", *sides, merged.lines, tuple(merged.carried))},
            (),
            2,
        ).get("disagreed", False)
        is not is_agreed
    )
