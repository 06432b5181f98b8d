# SPDX-License-Identifier: GPL-2.0-or-later
"""Several fixes for one branch: each is adapted on top of the one before, and the later fixes of a
fix come along.
"""

from pathlib import Path

import pytest

from patchpilot.model.mail import parse_patch
from tests.backports.world import World, source
from tests.kit.cli import call


def with_later_fix(world: World) -> str:
    """The fix of the fix: its commit."""
    return world.repo.commit(
        f'work: step 20 is for each\n\nFixes: {world.fix[:12]} ("work: do not forget step'
        ' 20")\nSigned-off-by: Ada Fixer <ada@example.org>\n',
        {
            "w.c": source(
                l10="quick(10);", l19="check(19);", l20="check(20, all, each);"
            )
        },
    )


def written(world: World, folder: Path, *words: object) -> tuple[str, list[Path]]:
    done = call(
        "backport",
        "-C",
        world.repo.path,
        *words,
        "--onto",
        "linux-6.6.y",
        "--adapt",
        "--write",
        folder,
        "--signoff",
    )
    # nothing was written for a branch that needs the fix
    assert done.code == ("nothing written" in done.out), done.err
    return done.out, sorted(folder.rglob("*.patch"))


def applied(world: World, tip: str, files: list[Path], clone: Path) -> str:
    """The branch's file with the patches on it."""
    world.repo.git("clone", "-q", "--shared", "--no-checkout", ".", str(clone))
    world.repo.git("-C", str(clone), "checkout", "-q", "--detach", tip)
    world.repo.git("-C", str(clone), "am", "-q", *map(str, files))
    return (clone / "w.c").read_text()


@pytest.mark.parametrize("is_series", [True, False], ids=["series", "followers"])
def test_a_fix_of_the_fix_is_adapted_on_top_of_it(
    world: World, tmp_path: Path, *, is_series: bool
) -> None:
    later = with_later_fix(world)
    tip = world.branch(
        "6.6",
        world.groundwork,
        (
            "work: rename",
            {"w.c": source(l10="quick(10);", l19="verify(19);", l20="verify(20);")},
        ),
    )
    words = (
        [f"{world.groundwork}..{later}"] if is_series else [world.fix, "--followers"]
    )
    out, files = written(world, tmp_path / "out", *words)
    assert (
        f"{world.fix[:12]}, which introduced the bug, is backported with it"
        in " ".join(out.split())
    )
    titles = [
        parse_patch(file.read_bytes(), str(file)).header("Subject") for file in files
    ]
    assert titles == [
        "[PATCH 6.6.y 1/2] work: do not forget step 20",
        "[PATCH 6.6.y 2/2] work: step 20 is for each",
    ]
    assert "\tverify(20, all, each);\n" in applied(
        world, tip, files, tmp_path / "clone"
    )


def test_a_later_fix_is_named_and_left_out_unless_it_is_asked_for(
    world: World, tmp_path: Path
) -> None:
    later = with_later_fix(world)
    world.branch(
        "6.6",
        world.groundwork,
        (
            "work: rename",
            {"w.c": source(l10="quick(10);", l19="verify(19);", l20="verify(20);")},
        ),
    )
    out, files = written(world, tmp_path / "out", world.fix)
    assert f"also needed: {later[:12]}" in out
    assert len(files) == 1
