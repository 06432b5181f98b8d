# SPDX-License-Identifier: GPL-2.0-or-later
"""Test formatting the matrix of verdicts as text."""

from tests.kit.backport_world import World, format_function


def print_backport_text(world: World, *arguments: object) -> str:
    result = world.run_backport(*arguments)
    assert result.code == 0, result.err
    return result.out


def test_text_fits_in_80_columns(world: World) -> None:
    code = "if (" + " || ".join(f"condition({number})" for number in range(9)) + ")"
    subject = (
        "work: a subject that is as long as some people write them, with no end in sight for"
        " anybody who reads it"
    )
    base = world.repo.commit(subject, {"w.c": format_function(l10="quick(10);", l20=code)})
    last_commit = world.repo.commit(
        f"{subject} again", {"w.c": format_function(l10="quick(10);", l20="last(20);")}
    )
    world.create_stable_branch(
        "6.6",
        world.culprit,
        ("own", {"w.c": format_function(l10="quick(10);", l20="own(20);")}),
    )
    output = print_backport_text(world, f"{world.groundwork}..{last_commit}", "--all")
    assert output.count("linux-6.6.y  conflict") == 3
    assert output.count("not in this repository: 5.10, 5.15, 6.1, 6.12, 6.18\n") == 1
    assert base[:12] in output
    long = [line for line in output.splitlines() if len(line) > 80]
    assert all(line.lstrip().startswith(("+", "-", "git ", "next: ")) for line in long), long
    assert [
        line
        for line in output.splitlines()
        if line.startswith("        + ") and line.endswith(code)
    ], output


def test_tree_order_is_explained_once(
    world: World,
) -> None:
    world.repo.branch("topic", "master")
    unmerged_fix = world.repo.commit("work: mine", {"other.c": format_function(l40="mine(40);")})
    world.repo.checkout("master")
    for version in ("6.6", "6.12"):
        world.create_stable_branch(version, world.groundwork)
    assert "needed in newer trees" not in (output := print_backport_text(world, unmerged_fix))
    assert "only after that, newer trees first" in output
    assert "needed in newer trees first: linux-6.12.y" in print_backport_text(world, world.fix)
