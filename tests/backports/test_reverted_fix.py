# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a fix which mainline reverted is not requested, and that the later fix is named."""

from pathlib import Path

import pytest

from tests.kit.backport_world import FIXED, GROUND, World, format_function

BETTER = {"w.c": format_function(**{**GROUND, "l20": "check(20, every);"})}


def revert_fix(world: World, *, has_id: bool = True) -> str:
    text = f"This reverts commit {world.fix}." if has_id else "It broke the start."
    return world.repo.commit(
        f'Revert "work: do not forget step 20"\n\n{text}\n',
        {"w.c": format_function(**GROUND)},
    )


def fix_again(world: World, revert: str, how: str) -> str:
    tags = {
        "bug": f'Fixes: {world.culprit[:12]} ("work: be quick")',
        "revert": f'Fixes: {revert[:12]} ("Revert "work: do not forget step 20"")',
        "text": f"Commit {world.fix[:12]} was reverted; do it with every.",
    }
    return world.repo.commit(f"work: check every step\n\n{tags[how]}\n", BETTER)


@pytest.mark.parametrize("how", ["bug", "revert", "text"])
def test_later_fix_is_requested_instead(world: World, how: str) -> None:
    revert = revert_fix(world, has_id=how != "bug")
    later = fix_again(world, revert, how)
    tip = world.create_stable_branch("6.6", world.groundwork)
    result = world.read_backport_json(world.fix, "--onto", tip)
    assert result["reverted"]["commit"] == revert
    assert [row["commit"] for row in result["reverted"]["replacements"]] == [later]
    branch = result["branches"][0]
    assert (branch["verdict"], branch["commands"]) == ("clean", [])
    assert [(row["commit"], row["kind"]) for row in branch["followers"]] == [(later, "replacement")]
    assert [command.split()[1:3] for command in result["next_commands"]] == [
        ["backport", later[:12]]
    ]
    output = world.run_backport(world.fix, "--onto", tip).out
    assert f"instead: {later[:12]}" in output
    assert "also needed" not in output


def test_reverted_fix_without_a_later_one_is_not_requested(world: World, tmp_path: Path) -> None:
    revert = revert_fix(world)
    # another fix of the same bug, in another function
    world.repo.commit(
        f'work: other\n\nFixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**GROUND) + "\nint other(void)\n{\n\treturn 1;\n}\n"},
    )
    tip = world.create_stable_branch("6.6", world.groundwork)
    result = world.read_backport_json(world.fix, "--onto", tip)
    assert (result["reverted"]["commit"], result["reverted"]["replacements"]) == (revert, [])
    assert result["next_commands"] == []
    assert "no later fix was found" in " ".join(
        world.run_backport(world.fix, "--onto", tip).out.split()
    )
    refused = world.run_backport(world.fix, "--onto", tip, "--request")
    assert (refused.code, revert[:12] in refused.err) == (2, True)
    written = world.run_backport(world.fix, "--onto", tip, "--write", tmp_path / "out")
    assert (written.code, "--all writes it" in " ".join(written.out.split())) == (1, True)
    world.run_backport(world.fix, "--onto", tip, "--all", "--write", tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.patch"))) == 1


def test_branch_with_the_reverted_fix_needs_the_revert(world: World) -> None:
    revert = revert_fix(world)
    later = fix_again(world, revert, "bug")
    tip = world.create_stable_branch("6.6", world.fix)
    branch = world.read_backport_json(world.fix, "--onto", tip)["branches"][0]
    assert branch["verdict"] == "already-fixed"
    assert [(row["commit"], row["kind"]) for row in branch["followers"]] == [
        (revert, "revert"),
        (later, "replacement"),
    ]


def test_revert_is_not_needed_without_the_reverted_commit(world: World) -> None:
    revert = revert_fix(world)
    lacking = world.create_stable_branch("6.6", world.groundwork)
    having = world.create_stable_branch("6.12", world.fix)
    result = world.read_backport_json(revert, "--onto", lacking, "--onto", having)
    assert [branch["verdict"] for branch in result["branches"]] == ["not-affected", "clean"]
    assert result["culprits"] == [world.fix]


def test_reapplied_fix_is_requested(world: World) -> None:
    revert = revert_fix(world)
    world.repo.git("revert --no-edit", revert)
    tip = world.create_stable_branch("6.6", world.groundwork)
    result = world.read_backport_json(world.fix, "--onto", tip)
    assert result["reverted"] is None
    assert result["branches"][0]["followers"] == []
    reapply = world.repo.git("rev-parse master")
    assert world.read_branch_result(reapply, "--onto", tip)["affected"] is True


def test_follow_up_of_a_reverted_follow_up_is_not_needed(world: World) -> None:
    first = world.repo.commit(
        f'work: more\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n', BETTER
    )
    world.repo.git("revert --no-edit", first)
    tip = world.create_stable_branch("6.6", world.groundwork)
    result = world.read_backport_json(world.fix, "--onto", tip)
    assert [(row["kind"], row["of"]) for row in result["followers"]] == [
        ("fix", world.fix),
        ("revert", first),
    ]
    assert result["branches"][0]["followers"] == []


def test_content_from_another_commit_needs_no_revert(world: World) -> None:
    revert = revert_fix(world)
    content = format_function(**{**FIXED, "l40": "more(40);"})
    tip = world.create_stable_branch("6.6", world.groundwork, ("all at once", {"w.c": content}))
    branch = world.read_backport_json(world.fix, "--onto", tip)["branches"][0]
    assert (branch["verdict"], branch["landed_as"]) == ("already-fixed", None)
    assert revert not in [row["commit"] for row in branch["followers"]]
