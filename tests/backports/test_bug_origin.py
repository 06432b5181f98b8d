# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a feature with the bug is not a prerequisite of the fix."""

import pytest

from tests.kit.backport_world import World, format_function


@pytest.fixture
def branch(world: World) -> str:
    return world.create_stable_branch("6.6", world.base)


def add_lines(text: str, *lines: str) -> dict[str, str]:
    start, separator, end = format_function().partition(text)
    return {"w.c": start + separator + "".join(f"\n\t{line}" for line in lines) + end}


def commit_feature_and_fix(world: World) -> tuple[str, str]:
    first, second, last = (f"feature({name});" for name in ("first", "second", "last"))
    feature = world.repo.commit("work: add a feature", add_lines("step(12);", first, second))
    message = "work: second thoughts\n\nIt hangs.\n"
    return feature, world.repo.commit(message, add_lines("step(12);", first, last))


def test_feature_that_contains_the_bug_is_not_proposed(world: World, branch: str) -> None:
    feature, fix = commit_feature_and_fix(world)
    verdict = world.read_branch_result(fix, "--onto", branch)
    assert verdict["prerequisites"] == []
    assert verdict["hints"][-1] == (
        f'the bug may not be here: {feature[:12]} ("work: add a feature") added the lines that the'
        " fix changes"
    )


def test_commit_that_replaces_the_fixed_line_stays_a_prerequisite(
    world: World, branch: str
) -> None:
    rename = world.repo.commit("work: rename", {"w.c": format_function(l12="renamed(12);")})
    fix = world.repo.commit(
        "work: second thoughts\n\nIt hangs.\n", {"w.c": format_function(l12="renamed(13);")}
    )
    verdict = world.read_branch_result(fix, "--onto", branch)
    assert [need["commit"] for need in verdict["prerequisites"]] == [rename]
    assert not any("may not be here" in hint for hint in verdict["hints"])


def test_feature_is_a_prerequisite_if_the_branch_has_the_bug(world: World, branch: str) -> None:
    feature, fix = commit_feature_and_fix(world)
    verdict = world.read_branch_result(fix, "--onto", branch, "--fixes", world.base)
    assert [need["commit"] for need in verdict["prerequisites"]] == [feature]
