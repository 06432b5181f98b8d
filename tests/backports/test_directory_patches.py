# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `backport FIX.patch --onto DIR --write` writes patches for a tree without git. The
patches are adapted to the tree's content.
"""

import os
import subprocess
from pathlib import Path

from patchpilot.model.mail import parse_patch
from tests.backports.test_directory_verdict import (
    read_first_branch_result,
    write_crlf_patch,
    write_patch,
    write_tree,
)
from tests.kit.backport_world import World, format_function
from tests.kit.cli import call
from tests.kit.repos import Repo


def write_patches(patch: Path, tree: Path, *arguments: object) -> tuple[str, list[Path]]:
    folder = tree.parent / "out"
    result = call("backport", patch, "--onto", tree, "--write", folder, *arguments)
    files = sorted(folder.rglob("*.patch"))
    assert result.code == (0 if files else 1), result.err
    return result.out, files


def apply_patch(tree: Path, file: Path) -> str:
    """Apply a patch with patch(1), and check that the result of `git am` is the same. Return the
    patched file.
    """
    path = tree.parent / "am"
    repo = Repo(path)
    repo.commit("unpacked", {"w.c": (tree / "w.c").read_text()})
    repo.git("am -q", str(file))
    subprocess.run(
        ["patch", "-s", "-p1", "-i", str(file)],
        cwd=tree,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert (tree / "w.c").read_text() == (path / "w.c").read_text()
    return (tree / "w.c").read_text()


def test_clean_patch_keeps_its_message(world: World, workdir: Path) -> None:
    tree = write_tree(workdir)
    _, (file,) = write_patches(write_patch(world, workdir), tree)
    patch = parse_patch(file.read_bytes(), str(file))
    assert patch.header("Subject") == "[PATCH 5.15.y] work: do not forget step 20"
    assert patch.tags("Fixes")
    assert "check(20, all);" in apply_patch(tree, file)


def test_conflicting_patch_is_adapted_and_explained(world: World, workdir: Path) -> None:
    tree = write_tree(
        workdir, format_function(l10="slow(10);", l19="check(19);", l20="verify(20);")
    )
    output, (file,) = write_patches(write_patch(world, workdir), tree, "--adapt", "--signoff")
    assert "adapted (context, confidence 0." in output
    assert "help: only the hunks are known" in output
    patch_text = parse_patch(file.read_bytes(), str(file)).message
    assert any(
        line.startswith("[ ") and "w.c: made the change in the branch's" in line
        for line in patch_text
    )
    assert patch_text[-1].startswith("Signed-off-by: ")
    assert "\tverify(20, all);" in apply_patch(tree, file)


def test_unadaptable_fix_is_not_written(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, "int other;\n")
    output, files = write_patches(write_patch(world, workdir), tree, "--adapt")
    assert "nothing written: 1 of 1 hunks do not apply" in output
    assert not files


def test_uncertain_adaptation_is_not_written(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, format_function(l19="check(19);", l20="check(20, none);"))
    output, files = write_patches(write_patch(world, workdir), tree, "--adapt")
    assert "nothing written: adapted with a confidence of 0." in output
    assert not files


def test_series_is_adapted_in_order(world: World, workdir: Path) -> None:
    repo = world.repo
    first = write_patch(world, workdir).read_text()
    repo.commit(
        "work: forget step 20 no more",
        {"w.c": format_function(l10="quick(10);", l19="check(19);", l20="check(20, each);")},
    )
    mails = workdir / "fix.patch"
    mails.write_text(first + "\n" + repo.git("format-patch --stdout -1 HEAD") + "\n")
    tree = write_tree(workdir, format_function(l19="check(19);", l20="verify(20);"))
    _, (first_patch, second_patch) = write_patches(mails, tree, "--adapt")
    assert (
        parse_patch(second_patch.read_bytes(), str(second_patch)).header("Subject")
        == "[PATCH 5.15.y 2/2] work: forget step 20 no more"
    )
    assert "+\tverify(20, all);" in first_patch.read_text()
    assert "-\tverify(20, all);\n+\tverify(20, each);" in second_patch.read_text()


def test_json_describes_a_directory(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, format_function(l19="check(19);", l20="verify(20);"))
    answer = read_first_branch_result(write_patch(world, workdir), "--onto", tree, "--adapt")
    assert (
        answer["verdict"],
        answer["adaptation"]["kind"],
        answer["adaptation"]["files"],
    ) == (
        "conflict",
        "context",
        ["w.c"],
    )
    assert (
        read_first_branch_result(write_patch(world, workdir), "--onto", tree)["adaptation"] is None
    )


def test_crlf_patch_is_written_for_an_lf_tree(world: World, workdir: Path) -> None:
    dos = write_crlf_patch(world, workdir)
    tree = write_tree(workdir)
    _, (file,) = write_patches(dos, tree)
    assert b"\r" not in file.read_bytes()
