# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the variables that an adapted file uses but that its branch lacks."""

from patchpilot.backports.adapt.absent_names import find_undeclared_variables


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


def test_variable_of_a_function_with_another_name_is_found() -> None:
    def make_lines(head: str, *body: str) -> list[str]:
        return [f"{line}\n" for line in head.split("\n")] + make_function_lines(*body)[1:]

    old, new = "if (xfer->buf)", "if (t->buf)"
    ours = make_lines("int do_xfer(struct a *hw, struct b *xfer)", old)
    base = make_lines("int txrx(struct a *hw,\n\t\tstruct b *t)", new)
    theirs = make_lines("int txrx(struct a *hw,\n\t\tstruct b *t)", new, "put(t->buf);")
    head = "int do_xfer(struct a *hw, struct b *xfer)"
    assert find_undeclared_variables(
        ours, base, theirs, make_lines(head, old, "put(t->buf);", "hw->t = 0;")
    ) == {"t"}
    for body in (
        ("put(xfer->buf);",),
        ("hw->t = xfer->t;", 'say("%d\\t", 1); /* t */'),
        ("for (int t = 0; t < 2; t++)", "\tput(t);"),
    ):
        assert not find_undeclared_variables(ours, base, theirs, make_lines(head, old, *body))
