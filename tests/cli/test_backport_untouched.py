# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no command changes the user's repository."""

import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kit.backport_world import World, format_function
from tests.kit.cli import call, start_and_wait


def test_backport_leaves_the_repository_unchanged(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.1", world.base)
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.groundwork)
    world.create_stable_branch(
        "6.18",
        world.groundwork,
        (
            "top",
            {"w.c": format_function(l22="other(22);", l20="check(20);", l19="check(19);")},
        ),
    )
    world.repo.put("untracked.txt", "mine\n")
    world.repo.put("other.c", "edited, not committed\n")
    before = world.read_state()
    assert [branch["verdict"] for branch in world.read_backport_json(world.fix)["branches"]] == [
        "not-affected",
        "conflict",
        "clean",
        "clean-3way",
    ]
    for arguments in (
        ["--write", tmp_path / "out"],
        ["--build", "true"],
        ["--request", "--all", "--tested", "6.12 by Tess Tester"],
        ["--resolve", "linux-6.6.y"],
    ):
        outcome = world.run_backport(world.fix, *arguments)
        assert outcome.code == 0, outcome.err
    assert world.read_state() == before


def test_read_only_repository_is_supported(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    expected = world.read_branch_result(world.fix, "--onto", tip)
    folders = [Path(top) for top, _, _ in os.walk(world.repo.path)]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert world.read_branch_result(world.fix, "--onto", tip) == expected
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_temporary_objects_are_removed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    world.read_branch_result(world.fix, "--onto", world.create_stable_branch("6.12", world.culprit))
    assert world.run_backport(world.fix, "--onto", "nothing").code == 2
    assert list((tmp_path / "tmp").iterdir()) == []


def test_concurrent_calls_agree(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    arguments = (
        "backport",
        "-C",
        world.repo.path,
        world.fix,
        "--onto",
        tip,
        "--format",
        "json",
    )
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: start_and_wait(*arguments), range(2))
    assert first.code == second.code == 0, first.err + second.err
    assert first.out == second.out


def test_missing_objects_are_reported(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    world.repo.git("config uploadpack.allowFilter true")
    world.repo.git(
        "clone -q --filter=blob:none", f"file://{world.repo.path}", str(tmp_path / "partial")
    )
    clone = tmp_path / "partial"
    outcome = call("check -C", clone, world.fix)
    assert outcome.code == 3
    # the command in the hint fetches the files of only this commit
    command = re.search(r"git show \w+ >/dev/null", outcome.err)
    assert command, outcome.err
    subprocess.run(command[0], shell=True, cwd=clone, check=True)
    assert call("check -C", clone, world.fix, "--fail-on", "never").code == 0
    outcome = call("backport -C", clone, world.fix, "--onto", tip)
    assert "clone is partial" in outcome.err


def test_colon_in_the_git_directory_works(tmp_path: Path) -> None:
    world = World(tmp_path / "a:b c")
    assert (
        world.read_branch_result(
            world.fix, "--onto", world.create_stable_branch("6.12", world.culprit)
        )["search"]
        == "found"
    )
