# SPDX-License-Identifier: GPL-2.0-or-later
"""Test naming the commits that introduced the bug on the command line."""

from tests.kit.backport_world import GROUND, World, format_function


def commit_untagged_fix(world: World) -> str:
    files = {"w.c": format_function(**GROUND, l40="late(40);")}
    return world.repo.commit("work: be late at 40\n", files)


def test_fix_without_tag_uses_the_given_commit(
    world: World,
) -> None:
    fix = commit_untagged_fix(world)
    unaffected, affected = (
        world.create_stable_branch("6.1", world.base),
        world.create_stable_branch("6.6", world.culprit),
    )
    assert world.read_branch_result(fix, "--onto", unaffected)["affected"] is None
    assert (
        world.read_branch_result(fix, "--onto", unaffected, "--fixes", world.culprit)["verdict"]
        == "not-affected"
    )
    assert (
        world.read_branch_result(fix, "--onto", affected, "--fixes", world.culprit[:12])["affected"]
        is True
    )


def test_explicit_culprit_overrides_the_tag(world: World) -> None:
    tip = world.create_stable_branch("6.1", world.culprit)
    assert world.read_branch_result(world.fix, "--onto", tip)["affected"] is True
    assert (
        world.read_branch_result(world.fix, "--onto", tip, "--fixes", world.groundwork)["verdict"]
        == "not-affected"
    )


def test_existing_tags_in_a_series_are_used(world: World) -> None:
    later = commit_untagged_fix(world)
    tip = world.create_stable_branch("6.1", world.culprit)
    answer = world.read_backport_json(
        f"{world.groundwork}..{later}", "--onto", tip, "--fixes", world.groundwork
    )
    assert [entry["branches"][0]["affected"] for entry in answer["series"]] == [
        True,
        False,
    ]


def test_unknown_culprit_is_a_usage_error(world: World) -> None:
    outcome = world.run_backport(world.fix, "--onto", "master", "--fixes", "nothing")
    assert outcome.code == 2
    assert "nothing" in outcome.err
