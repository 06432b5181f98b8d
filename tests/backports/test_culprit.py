# SPDX-License-Identifier: GPL-2.0-or-later
"""Test naming the commits that introduced the bug on the command line."""

from tests.backports.world import GROUND, World, function_source


def commit_untagged_fix(world: World) -> str:
    files = {"w.c": function_source(**GROUND, l40="late(40);")}
    return world.repo.commit("work: be late at 40\n", files)


def test_fix_without_tag_uses_the_given_commit(
    world: World,
) -> None:
    fix = commit_untagged_fix(world)
    unaffected, affected = (
        world.branch("6.1", world.base),
        world.branch("6.6", world.culprit),
    )
    assert world.branch_result(fix, "--onto", unaffected)["affected"] is None
    assert (
        world.branch_result(fix, "--onto", unaffected, "--fixes", world.culprit)[
            "verdict"
        ]
        == "not-affected"
    )
    assert (
        world.branch_result(fix, "--onto", affected, "--fixes", world.culprit[:12])[
            "affected"
        ]
        is True
    )


def test_explicit_culprit_overrides_the_tag(world: World) -> None:
    tip = world.branch("6.1", world.culprit)
    assert world.branch_result(world.fix, "--onto", tip)["affected"] is True
    assert (
        world.branch_result(world.fix, "--onto", tip, "--fixes", world.groundwork)[
            "verdict"
        ]
        == "not-affected"
    )


def test_existing_tags_in_a_series_are_used(world: World) -> None:
    later = commit_untagged_fix(world)
    tip = world.branch("6.1", world.culprit)
    answer = world.ask(
        f"{world.groundwork}..{later}", "--onto", tip, "--fixes", world.groundwork
    )
    assert [entry["branches"][0]["affected"] for entry in answer["series"]] == [
        True,
        False,
    ]


def test_unknown_culprit_is_a_usage_error(world: World) -> None:
    outcome = world.call(world.fix, "--onto", "master", "--fixes", "nothing")
    assert outcome.code == 2
    assert "nothing" in outcome.err
