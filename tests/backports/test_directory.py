# SPDX-License-Identifier: GPL-2.0-or-later
"""An unpacked tree: its content is all there is."""

import json
from pathlib import Path
from typing import Any

from tests.backports.world import World, source
from tests.kit.cli import call


def ask(*words: object) -> dict[str, Any]:
    done = call("backport", *words, "--format", "json")
    assert done.code == 0, done.err
    answer: dict[str, Any] = json.loads(done.out)["branches"][0]
    return answer


def patch_of(world: World, folder: Path) -> Path:
    file = folder / "fix.patch"
    file.write_text(world.repo.git("format-patch", "--stdout", "-1", world.fix) + "\n")
    return file


def tree_with(folder: Path, content: str) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    (tree / "w.c").write_text(content)
    (tree / "Makefile").write_text("VERSION = 5\nPATCHLEVEL = 15\n")
    return tree


def test_content_that_is_there_is_said_to_be_there(world: World, workdir: Path) -> None:
    tree = tree_with(workdir, source(l10="quick(10);", l19="check(19);", l20="check(20, all);"))
    answer = ask(patch_of(world, workdir), "--onto", tree)
    assert (answer["verdict"], answer["landed_as"], answer["version"]) == ("already-fixed", None, "5.15")
    assert "content is already there" in answer["reason"]
    assert "no history" in answer["reason"]


def test_a_patch_that_fits_a_directory_is_clean(world: World, workdir: Path) -> None:
    tree = tree_with(workdir, source(l19="check(19);", l20="check(20);"))
    answer = ask(patch_of(world, workdir), "--onto", tree)
    assert (answer["verdict"], answer["affected"]) == ("clean", None)
    assert answer["commands"][0].startswith("patch -p1 -d ")


def test_a_patch_that_does_not_fit_says_where(world: World, workdir: Path) -> None:
    answer = ask(patch_of(world, workdir), "--onto", tree_with(workdir, source()))
    assert answer["verdict"] == "conflict"
    assert answer["conflicts"][0]["path"] == "w.c"


def test_a_file_that_is_missing_is_a_conflict(world: World, workdir: Path) -> None:
    tree = tree_with(workdir, "")
    (tree / "w.c").unlink()
    assert ask(patch_of(world, workdir), "--onto", tree)["conflicts"][0]["kind"] == "there is no such file"


def test_a_commit_can_be_asked_of_a_directory_and_a_branch_at_once(world: World, workdir: Path) -> None:
    tree = tree_with(workdir, source(l19="check(19);", l20="check(20);"))
    done = call("backport", "-C", world.repo.path, world.fix, "--onto", tree, "--onto", "master", "--format", "json")
    assert [one["verdict"] for one in json.loads(done.out)["branches"]] == ["already-fixed", "clean"]


def test_a_patch_file_is_asked_about_as_the_commit_it_became(world: World, workdir: Path) -> None:
    done = call("backport", "-C", world.repo.path, patch_of(world, workdir), "--onto", world.culprit, "--format", "json")
    assert json.loads(done.out)["commit"] == world.fix
    assert json.loads(done.out)["branches"][0]["verdict"] == "conflict"


def test_a_patch_file_that_is_no_commit_has_no_branches(world: World, workdir: Path) -> None:
    file = patch_of(world, workdir)
    file.write_text(file.read_text().replace("do not forget", "do forget"))
    done = call("backport", "-C", world.repo.path, file, "--onto", "master")
    assert done.code == 2
    assert "git am" in done.err


def test_a_file_without_a_diff_is_an_input_error(workdir: Path) -> None:
    (workdir / "x.patch").write_text("From: A <a@example.org>\nSubject: [PATCH] x\n\ntext\n")
    done = call("backport", "x.patch", "--onto", tree_with(workdir, "x\n"))
    assert done.code == 2
    assert "no diff" in done.err


def test_without_a_repository_and_a_directory_it_says_what_it_needs(workdir: Path) -> None:
    done = call("backport", "HEAD")
    assert done.code == 3
