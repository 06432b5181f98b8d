# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a range is judged as fixes, and that other commits are stacked only with --all."""

from datetime import UTC, datetime

import pytest

from patchpilot.backports.targets import is_fix
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from tests.kit.backport_world import GROUND, World, format_function

FEATURE = {"n.c": format_function(l5="new(5);")}
FIXED_FEATURE = {"n.c": format_function(l5="new(5, all);")}


def add_feature_and_fix(world: World) -> tuple[str, str]:
    feature = world.repo.commit("new: add a feature", FEATURE)
    fix = world.repo.commit(
        f'new: use all\n\nFixes: {feature[:12]} ("new: add a feature")\n', FIXED_FEATURE
    )
    return feature, fix


def test_features_are_not_stacked_under_fixes(world: World) -> None:
    feature, fix = add_feature_and_fix(world)
    tip = world.create_stable_branch("6.6", world.groundwork)
    span = f"{world.groundwork}..{fix}"
    answer = world.read_backport_json(span, "--onto", tip)
    assert [
        (row["commit"], row["branches"][0]["verdict"], row["branches"][0]["stacked"])
        for row in answer["series"]
    ] == [(world.fix, "clean", 0), (fix, "not-affected", 1)]
    assert answer["left_out"] == 1
    output = world.run_backport(span, "--onto", tip).out
    assert "not judged: 1 commit of the range" in output
    answer = world.read_backport_json(span, "--onto", tip, "--all")
    branch = answer["branches"][0]
    assert (branch["affected"], branch["stacked"], branch["stacked_others"]) == (True, 2, 1)
    assert [row["commit"] for row in answer["series"]] == [world.fix, feature, fix]
    assert "1 without a fix" in world.run_backport(span, "--onto", tip, "--all").out


def test_range_without_fixes_is_a_series(world: World) -> None:
    feature = world.repo.commit("new: add a feature", FEATURE)
    more = world.repo.commit("new: add more", FIXED_FEATURE)
    tip = world.create_stable_branch("6.6", world.base)
    answer = world.read_backport_json(f"{world.fix}..{more}", "--onto", tip)
    assert [row["commit"] for row in answer["series"]] == [feature, more]
    assert (answer["left_out"], answer["branches"][0]["stacked_others"]) == (0, 0)


def test_commit_that_mainline_reverted_is_not_stacked(world: World) -> None:
    world.repo.git("revert --no-edit", world.fix)
    later = world.repo.commit(
        f'work: again\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n',
        {"w.c": format_function(**{**GROUND, "l30": "x(30);"})},
    )
    tip = world.create_stable_branch("6.6", world.groundwork)
    answer = world.read_backport_json(f"{world.groundwork}..{later}", "--onto", tip)
    assert [row["branches"][0]["verdict"] for row in answer["series"]] == [
        "clean",
        "not-affected",
        "not-affected",
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("net: add x\n\nText.\n", False),
        ('net: add x\n\nFixes: 123456789abc ("y")\n', True),
        ("net: use x\n\nCc: stable@vger.kernel.org\n", True),
        ("net: use x\n\nBUG: https://bugs.example.org/1\n", True),
        ('Revert "net: add x"\n\nIt broke.\n', True),
        ("net: avoid a leak\n", True),
    ],
)
def test_fixes_are_recognized(message: str, expected: bool) -> None:
    moment, person = datetime.fromtimestamp(0, UTC), Address("Ada", "ada@example.org")
    commit = Commit("a" * 40, "b" * 40, (), person, moment, person, moment, message)
    assert is_fix(commit) is expected
