# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the functions of a clean fix that differ in the branch are named."""

from tests.kit.backport_world import World, format_function

BODY = """int helper(int n)
{{
	return {helper};
}}

int work(int n)
{{
	start(n);
	a(n);
	b(n);
	c(n);
	{work};
	d(n);
	e(n);
	f(n);
	return {result};
}}

int other(int n)
{{
	return {other};
}}
"""
START = {"helper": "1", "work": "step(n)", "result": "n", "other": "1"}


def write(world: World, subject: str, **changes: str) -> str:
    return world.repo.commit(f"{subject}\n", {"d.c": BODY.format(**START | changes)})


def test_functions_that_differ_are_named_with_their_commits(world: World) -> None:
    write(world, "d: start")
    tip = world.create_stable_branch("6.6", "master")
    changed = write(world, "d: step twice", work="step(2 * n)")
    helped = write(world, "d: help more", work="step(2 * n)", helper="2")
    write(world, "d: other", work="step(2 * n)", helper="2", other="2")
    fix = write(world, "d: fix it", work="step(2 * n)", helper="2", other="2", result="helper(n)")
    branch = world.read_branch_result(fix, "--onto", tip)
    assert branch["verdict"].startswith("clean")
    assert [
        (row["function"], row["why"], [cause["commit"] for cause in row["commits"]])
        for row in branch["differences"]
    ] == [
        ("work", "the fix changes it", [changed]),
        ("helper", "the fix calls it", [helped]),
    ]
    output = " ".join(world.run_backport(fix, "--onto", tip).out.split())
    assert f"differs: work() in d.c: {changed[:12]}" in output


def test_function_with_another_name_in_the_branch_is_compared(world: World) -> None:
    """Its name alone is no difference."""
    write(world, "d: start")
    old = BODY.format(**START).replace("work(", "old_work(")
    renamed = world.create_stable_branch("6.6", "master", ("d: old name", {"d.c": old}))
    changed = write(world, "d: step twice", work="step(2 * n)")
    fix = write(world, "d: fix it", work="step(2 * n)", result="n + 1")
    (row,) = world.read_branch_result(fix, "--onto", renamed)["differences"]
    assert (row["function"], [it["commit"] for it in row["commits"]]) == ("work", [changed])
    new = old.replace("step(n)", "step(2 * n)")
    same = world.create_stable_branch("6.1", "master", ("d: all but the name", {"d.c": new}))
    assert world.read_branch_result(fix, "--onto", same)["differences"] == []


def test_adapted_fix_names_the_other_commits_of_the_branch(world: World) -> None:
    """Those that caused the conflict are its causes."""
    ground = {"l10": "quick(10);", "l19": "check(19);", "l20": "verify(20);"}
    rename = ("work: rename", {"w.c": format_function(**ground)})
    renamed = world.create_stable_branch("6.6", world.groundwork, rename)
    branch = world.read_branch_result(world.fix, "--onto", renamed, "--adapt")
    assert (branch["adaptation"] is None, branch["differences"]) == (False, [])
    own = ("work: own", {"w.c": format_function(**ground, l45="own(45);")})
    tip = world.create_stable_branch("6.1", world.groundwork, rename, own)
    (row,) = world.read_branch_result(world.fix, "--onto", tip, "--adapt")["differences"]
    assert row["function"] == "work"
    assert tip in [it["commit"] for it in row["commits"]]


def test_own_commits_and_backports_of_a_branch(world: World) -> None:
    write(world, "d: start")
    helped = write(world, "d: help more", helper="2")
    fix = write(world, "d: fix it", helper="2", result="helper(n)")
    own = BODY.format(**START | {"helper": "2", "work": "own(n)"})
    same = BODY.format(**START | {"helper": "2 /* two */"})
    backport = f"d: help more\n\ncommit {helped} upstream.\n"
    tip = world.create_stable_branch("6.6", f"{helped}~1", (backport, {"d.c": same}))
    assert world.read_branch_result(fix, "--onto", tip)["differences"] == []
    tip = world.create_stable_branch(
        "6.1", f"{helped}~1", (backport, {"d.c": same}), ("own", {"d.c": own})
    )
    (row,) = world.read_branch_result(fix, "--onto", tip)["differences"]
    assert (row["function"], [cause["commit"] for cause in row["commits"]]) == ("work", [tip])


def test_branch_with_the_same_functions_has_no_differences(world: World) -> None:
    write(world, "d: start")
    tip = world.create_stable_branch("6.6", "master")
    write(world, "d: other", other="2")
    fix = write(world, "d: fix it", other="2", result="n + 1")
    assert world.read_branch_result(fix, "--onto", tip)["differences"] == []
