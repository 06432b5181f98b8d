# SPDX-License-Identifier: GPL-2.0-or-later
"""Test adapting files in which calls and variables are different in the branch."""

from patchpilot.backports.adapt.absent_names import find_undeclared_variables
from patchpilot.backports.symbols import find_calls


def test_arguments_of_calls_are_counted() -> None:
    text = (
        'if (any(1, both(2, "x, y"), c[3, 4]) && none()) /* comment(1) */ each(\n1,\n2); open(1, 2'
    )
    assert find_calls(text) == {("any", 3), ("both", 2), ("none", 0), ("each", 2)}


def test_unterminated_comment_reaches_the_end_of_file() -> None:
    assert find_calls("call(1); /* one(1) /* two(1, 2)") == {("call", 1)}


def make_function_lines(*body: str) -> list[str]:
    return ["int work(void)\n", "{\n", *(f"\t{line}\n" for line in body), "}\n"]


def test_undeclared_variable_is_found() -> None:
    ours = make_function_lines("int here = 1;", "use(here);")
    base = make_function_lines("struct node *p = 0;", "use(p);")
    assert find_undeclared_variables(
        ours, base, base, make_function_lines("int here = 1;", "use(here);", "put(p);")
    ) == {"p"}
    assert not find_undeclared_variables(
        ours,
        base,
        base,
        make_function_lines("int here = 1;", "struct node *p;", "put(p);"),
    )


def test_variable_still_used_on_the_branch_is_found() -> None:
    base = make_function_lines("int here = 1;", "use(here);")
    ours, adapted = (
        make_function_lines("int here = 1;", "use(here);", "more(here);"),
        make_function_lines("more(here);"),
    )
    assert find_undeclared_variables(ours, base, make_function_lines("done();"), adapted) == {
        "here"
    }
    assert not find_undeclared_variables(
        ours, base, make_function_lines("EACH(here)", "use(here);"), adapted
    )


def test_macro_generated_functions_are_not_compared() -> None:
    lines = [
        line.replace("int work(void)", "DEFUN(work)")
        for body in (("int one = 1;", "use(one);"), ("use(two);",))
        for line in make_function_lines(*body)
    ]
    adapted = [line.replace("use(two);", "use(one);") for line in lines]
    assert not find_undeclared_variables(lines, lines, lines, adapted)
