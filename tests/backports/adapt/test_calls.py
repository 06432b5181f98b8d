# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls and variables of an adapted file that the branch has in another form."""

import pytest

from patchpilot.backports.adapt.calls import (
    other_returns,
    other_signatures,
    undeclared_variables,
)
from patchpilot.backports.object_store import Scratch
from patchpilot.backports.symbols import calls_in
from patchpilot.commits.repository import Repository
from tests.backports.world import FIXED, World, source


def test_the_arguments_of_calls_are_counted() -> None:
    text = (
        'if (any(1, both(2, "x, y"), c[3, 4]) && none()) '
        "/* comment(1) */ each(\n1,\n2); open(1, 2"
    )
    assert calls_in(text) == {("any", 3), ("both", 2), ("none", 0), ("each", 2)}


def test_a_comment_without_an_end_is_a_comment_to_the_end_of_the_file() -> None:
    assert calls_in("call(1); /* one(1) /* two(1, 2)") == {("call", 1)}


def function(*body: str) -> list[str]:
    return ["int work(void)\n", "{\n", *(f"\t{line}\n" for line in body), "}\n"]


def test_a_variable_that_only_the_fixs_tree_declares_is_found() -> None:
    ours = function("int here = 1;", "use(here);")
    base = function("struct node *p = 0;", "use(p);")
    assert undeclared_variables(
        ours, base, base, function("int here = 1;", "use(here);", "put(p);")
    ) == {"p"}
    assert not undeclared_variables(
        ours, base, base, function("int here = 1;", "struct node *p;", "put(p);")
    )


def test_a_variable_whose_declaration_the_fix_takes_away_is_found_where_the_branch_still_uses_it() -> (  # noqa: E501
    None
):
    base = function("int here = 1;", "use(here);")
    ours, made = (
        function("int here = 1;", "use(here);", "more(here);"),
        function("more(here);"),
    )
    assert undeclared_variables(ours, base, function("done();"), made) == {"here"}
    assert not undeclared_variables(
        ours, base, function("EACH(here)", "use(here);"), made
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("bool", "void", {"work"}),
        ("int", "struct error *", {"work"}),
        ("static inline int", "int", set()),
        ("int", "int", set()),
    ],
)
def test_a_return_of_the_fix_in_a_function_that_returns_another_type_is_found(
    ours: str, theirs: str, expected: set[str]
) -> None:
    mine, new, made = (
        [line.replace("int work", f"{words} work") for line in function(*body)]
        for words, body in (
            (ours, ("use(1);",)),
            (theirs, ("if (a)", "return;", "use(1);")),
            (ours, ("if (a)", "return;", "use(1);")),
        )
    )
    assert other_returns(mine, new, made) == expected
    assert not other_returns(mine, new, mine)
    assert not other_returns(mine, new, new)


def test_another_number_of_arguments_makes_an_adaptation_unsure(world: World) -> None:
    world.branch(
        "6.6",
        world.base,
        (
            "work: other",
            {
                "w.c": source(
                    l5="check(5, 1, 2);",
                    l6="check(6, 1, 2);",
                    l10="quick(10);",
                    l19="was(19);",
                )
            },
        ),
    )
    fix = world.repo.commit(
        "more",
        {
            "w.c": source(
                **FIXED,
                l18="check(18);",
            )
        },
    )
    (branch,) = world.ask(fix, "--onto", "linux-6.6.y", "--adapt")["branches"]
    assert branch["adaptation"]["confidence"] < 0.5


def test_a_number_of_arguments_that_no_side_has_is_the_merges_own(world: World) -> None:
    ours, base, theirs, made = (
        function(f"copy({words});")
        for words in (
            "v, MAX, to",
            "v, to",
            "v, MAX, wipe(), to",
            "v, MAX, wipe(), MAX, to",
        )
    )
    with Repository.open(world.repo.path) as repository, Scratch(repository) as scratch:
        assert other_signatures(scratch, world.base, [], ours, base, theirs, made) == {
            "copy"
        }
        assert not other_signatures(scratch, world.base, [], ours, base, theirs, ours)


def test_functions_that_a_macro_names_alike_are_not_compared() -> None:
    both = [
        line.replace("int work(void)", "DEFUN(work)")
        for body in (("int one = 1;", "use(one);"), ("use(two);",))
        for line in function(*body)
    ]
    made = [line.replace("use(two);", "use(one);") for line in both]
    assert not undeclared_variables(both, both, both, made)
