# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an adaptation is proposed if it changes less than the prerequisites."""

import shlex

import pytest

from tests.kit.backport_world import FIXED, World, format_function


def commit_neighbor_and_fix(world: World) -> tuple[str, str, str]:
    """Commit a change to the line above another one, and a fix of that one; return both and a
    branch without them.
    """
    branch = world.create_stable_branch("6.6", world.fix)
    neighbor = world.repo.commit(
        "work: sleep longer", {"w.c": format_function(**FIXED, l30="sleep(30);", l31="more(31);")}
    )
    fix = world.repo.commit(
        f'work: go on\n\nIt hung.\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**FIXED, l30="sleep(30);", l31="more(31);", l32="step(32, on);")},
    )
    return neighbor, fix, branch


def test_adaptation_that_changes_less_is_proposed_with_both_prices(world: World) -> None:
    neighbor, fix, branch = commit_neighbor_and_fix(world)
    verdict = world.read_branch_result(fix, "--onto", branch)
    assert [need["commit"] for need in verdict["prerequisites"]][-1] == neighbor
    price = verdict["alternative"]
    assert (price["kind"], price["other_lines"]) == ("context", 0)
    assert price["imported_lines"] == 4
    assert price["imported_functions"] == 0
    output = " ".join(world.run_backport(fix, "--onto", branch).out.split())
    assert "adapting the fix changes less (--adapt" in output
    assert "its diff is the same, instead of" in output
    assert f"--onto {branch} --adapt" in output.partition("next: ")[2]
    adapted = world.run_backport(fix, "--onto", branch, "--adapt").out
    assert "--adapt --write" in adapted.partition("next: ")[2]


def test_trial_names_the_adaptation_that_is_proposed_instead(world: World) -> None:
    neighbor, fix, branch = commit_neighbor_and_fix(world)
    outcome = world.repo.patchpilot("find --try", fix, "--in", branch)
    assert f"cherry-pick -x {neighbor}   # a prerequisite\n" in outcome.out
    assert f"backport --adapt writes other code for {branch} than is tried here" in outcome.out


def test_prerequisite_that_is_a_fix_is_imported(world: World) -> None:
    branch = world.create_stable_branch("6.6", world.groundwork)
    tag = f'Fixes: {world.culprit[:12]} ("work: be quick")\n'
    lines = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20);"}
    world.repo.commit(f"work: again\n\n{tag}", {"w.c": format_function(**lines, l31="more(31);")})
    fix = world.repo.commit(
        f"work: go on\n\n{tag}",
        {"w.c": format_function(**lines, l31="more(31);", l32="step(32, on);")},
    )
    verdict = world.read_branch_result(fix, "--onto", branch)
    assert all(need["is_fix"] for need in verdict["prerequisites"])
    assert "alternative" not in verdict


MANY = "more(31);\n\tmore2(31);\n\tmore3(31);"
NEIGHBORS = {"l31": "more(31);", "l33": "x();"}


HELPER = "".join(f"helper({number});\n" for number in range(30))


@pytest.mark.parametrize(
    ("before", "after", "kind", "lines"),
    [
        ({**NEIGHBORS, "l34": "y();"}, {"l32": "step(32, on);", "l34": "y(1);"}, "rewritten", 8),
        ({"l31": MANY}, {"l31": MANY.replace("3(", "4(")}, "manual", 4),
    ],
    ids=["unsure", "not adapted"],
)
def test_small_conflict_is_resolved_instead_of_importing_a_feature(
    world: World, before: dict[str, str], after: dict[str, str], kind: str, lines: int
) -> None:
    branch = world.create_stable_branch("6.6", world.fix)
    feature = world.repo.commit(
        "work: add a helper", {"w.c": format_function(**FIXED, **before), "help.c": HELPER}
    )
    fix = world.repo.commit(
        f'work: go on\n\nIt hung.\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**FIXED, **{**before, **after})},
    )
    verdict = world.read_branch_result(fix, "--onto", branch)
    assert [need["commit"] for need in verdict["prerequisites"]] == [feature]
    price = verdict["alternative"]
    assert (price["kind"], price["other_lines"]) == (kind, lines)
    output = " ".join(world.run_backport(fix, "--onto", branch).out.split())
    assert f"resolving the conflict changes less: {lines} lines in conflict, instead of" in output
    assert "--write writes the prerequisites" in output
    program, command, *arguments = shlex.split(output.partition("next: ")[2])
    assert (program, command) == ("patchpilot", "backport")
    assert arguments == [fix, "--adapt", "--resolve", branch]
    resolving = world.read_backport_json(*arguments)["resolve"]
    assert resolving["conflicted"] == ["w.c"]
    written = world.run_backport(fix, "--onto", branch, "--write", world.repo.path.parent / "out")
    assert "add-a-helper.patch" in written.out


@pytest.mark.parametrize(
    ("before", "after", "is_adapted", "option"),
    [
        ({**NEIGHBORS, "l34": "y();"}, {"l32": "step(32, on);", "l34": "y(1);"}, True, "--resolve"),
        ({"l31": MANY}, {"l31": MANY.replace("3(", "4(")}, False, "--write"),
    ],
    ids=["unsure", "not adapted"],
)
def test_next_command_after_range_diff_does_its_work(
    world: World, before: dict[str, str], after: dict[str, str], is_adapted: bool, option: str
) -> None:
    branch = world.create_stable_branch("6.6", world.fix)
    world.repo.commit("work: neighbor", {"w.c": format_function(**FIXED, **before)})
    fix = world.repo.commit(
        f'work: go on\n\nIt hung.\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**FIXED, **{**before, **after})},
    )
    verdict = world.read_branch_result(fix, "--onto", branch, "--range-diff")
    assert verdict["prerequisites"]
    assert bool(verdict["adaptation"]) == is_adapted
    printed = world.run_backport(fix, "--onto", branch, "--range-diff").out.partition("next: ")[2]
    program, command, *arguments = shlex.split(printed)
    assert (program, command, option in arguments) == ("patchpilot", "backport", True)
    outcome = world.run_backport(*arguments)
    assert (outcome.code, "nothing written" in outcome.out) == (0, False)


def test_backport_to_another_branch_is_proposed_with_both_prices(world: World) -> None:
    world.create_stable_branch("6.6", world.fix)
    before = {**FIXED, **NEIGHBORS, "l34": "y();"}
    world.repo.commit("work: neighbor", {"w.c": format_function(**before)})
    fix = world.repo.commit(
        f'work: go on\n\nIt hung.\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**{**before, "l32": "step(32, on);", "l34": "y(1);"})},
    )
    adapted = format_function(**FIXED, l32="step(32, on);")
    message = f"work: go on\n\ncommit {fix} upstream.\n\nIt hung.\n"
    world.create_stable_branch("6.12", world.fix, (message, {"w.c": adapted}))
    verdict = world.read_branch_result(fix, "--onto", "linux-6.6.y")
    assert verdict["prerequisites"]
    price = verdict["alternative"]
    assert (price["kind"], price["confidence"]) == ("backport", 0.95)
    assert (price["other_lines"], price["imported_lines"]) == (2, 6)
    assert "--onto linux-6.6.y --adapt" in world.run_backport(fix).out.partition("next: ")[2]
