# SPDX-License-Identifier: GPL-2.0-or-later
"""Test backporting several fixes to a branch, each adapted on top of the previous one."""

from pathlib import Path

from patchpilot.model.mail import parse_patch
from tests.kit.backport_world import World, format_function


def add_later_fix(world: World) -> str:
    return world.repo.commit(
        f'work: step 20 is for each\n\nFixes: {world.fix[:12]} ("work: do not forget step'
        ' 20")\nSigned-off-by: Ada Fixer <ada@example.org>\n',
        {"w.c": format_function(l10="quick(10);", l19="check(19);", l20="check(20, all, each);")},
    )


def write_patches(world: World, folder: Path, *arguments: object) -> tuple[str, list[Path]]:
    result = world.run_backport(
        *arguments, "--onto", "linux-6.6.y", "--adapt", "--write", folder, "--signoff"
    )
    # the exit code is 1 if a branch needs the fix but nothing was written
    assert result.code == ("nothing written" in result.out), result.err
    return result.out, sorted(folder.rglob("*.patch"))


def test_fix_of_the_fix_is_adapted_after_it(world: World, tmp_path: Path) -> None:
    later = add_later_fix(world)
    tip = world.create_renamed_branch()
    output, files = write_patches(world, tmp_path / "out", f"{world.groundwork}..{later}")
    assert f"{world.fix[:12]}, which introduced the bug, is backported with it" in " ".join(
        output.split()
    )
    titles = [parse_patch(file.read_bytes(), str(file)).header("Subject") for file in files]
    assert titles == [
        "[PATCH 6.6.y 1/2] work: do not forget step 20",
        "[PATCH 6.6.y 2/2] work: step 20 is for each",
    ]
    assert "\tverify(20, all, each);\n" in world.apply_to_clone(tip, files, tmp_path / "clone")


def test_later_fix_is_only_listed(world: World, tmp_path: Path) -> None:
    later = add_later_fix(world)
    world.create_renamed_branch()
    output, files = write_patches(world, tmp_path / "out", world.fix)
    assert f"also needed: {later[:12]}" in output
    assert len(files) == 1
