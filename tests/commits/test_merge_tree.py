# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that merges by a single git process give the same results as merges by separate
processes.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.merge_tree import MergeProcess
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo

BODY = "".join(f"line {number}\n" for number in range(20))


def create_merge_trees(scratch: ScratchStore) -> list[str]:
    """Return four trees.

    They are a base, two trees that change different lines, and one that changes the first line in
    another way.
    """
    file_contents = [
        BODY,
        BODY.replace("line 3\n", "three\n"),
        BODY.replace("line 15\n", "fifteen\n"),
        BODY.replace("line 3\n", "drei\n"),
    ]
    return [
        scratch.write_with_files(
            EMPTY_TREE, {"d/a.c": ("100644", scratch.write("blob", content.encode()))}
        )
        for content in file_contents
    ]


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[ScratchStore]:
    Repo(tmp_path / "r").commit("start", {"x": "x\n"})
    with (
        Repository.open(tmp_path / "r") as repository,
        ScratchStore(repository) as scratch,
    ):
        yield scratch


def test_results_match_separate_processes(
    tmp_path: Path, scratch: ScratchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchpilot.commits.object_store._FEW", 0)
    with (
        Repository.open(tmp_path / "r") as repository,
        ScratchStore(repository) as plain,
    ):
        start, left, other, clashing = create_merge_trees(scratch)
        assert create_merge_trees(plain) == [start, left, other, clashing]
        plain._merges = MergeProcess(tmp_path / "nowhere", ("0" * 40, "0" * 40))
        for _ in range(3):
            for ours, theirs in ((left, other), (left, clashing), (other, clashing)):
                shared, alone = (
                    scratch.merge_trees(start, ours, theirs),
                    plain.merge_trees(start, ours, theirs),
                )
                assert shared == alone
        assert scratch.merge_trees(start, left, other).clean
        assert not scratch.merge_trees(start, left, clashing).clean


def test_submodule_advice_is_skipped(
    scratch: ScratchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchpilot.commits.object_store._FEW", 0)
    start, ours, theirs, clashing = create_merge_trees(scratch)
    modules = [
        scratch.write_with_files(tree, {"lib": ("160000", digit * 40)})
        for tree, digit in ((start, "1"), (ours, "2"), (theirs, "3"))
    ]
    for _ in range(2):
        assert scratch.merge_trees(*modules).paths == ("lib",)
        assert scratch.merge_trees(start, ours, theirs).clean
        assert not scratch.merge_trees(start, ours, clashing).clean


def test_old_git_uses_one_process_per_merge(
    tmp_path: Path, scratch: ScratchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mute = tmp_path / "bin" / "git"
    mute.parent.mkdir()
    real = shutil.which("git")
    mute.write_text(
        f'#!/bin/sh\ncase "$*" in *--stdin*) exec sleep 60;; esac\nexec {real} "$@"\n',
        encoding="utf-8",
    )
    mute.chmod(mute.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{mute.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("patchpilot.commits.merge_tree._FIRST", 0.2)
    monkeypatch.setattr("patchpilot.commits.object_store._FEW", 0)
    start, ours, theirs, _ = create_merge_trees(scratch)
    assert scratch.merge_trees(start, ours, theirs).clean
    assert scratch._merges is not None
    assert scratch._merges.merge(ours, theirs) is None


def test_repeated_file_merge_uses_cache(
    scratch: ScratchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, ours, theirs, clashing = create_merge_trees(scratch)
    first = scratch.merge(start, ours, theirs)
    bad = scratch.merge(start, ours, clashing)
    monkeypatch.setattr(ScratchStore, "merge_trees", lambda *_: pytest.fail("git was asked again"))
    extra_files = {"d/b.c": ("100644", scratch.write("blob", b"b\n"))}
    second = scratch.merge(
        *(scratch.write_with_files(tree, extra_files) for tree in (start, ours, theirs))
    )
    assert second.tree == scratch.write_with_files(first.tree, extra_files)
    assert scratch.merge(start, ours, clashing) == bad
    assert (bad.clean, bad.paths) == (False, ("d/a.c",))


def test_trees_are_only_written_on_request(scratch: ScratchStore) -> None:
    tree = create_merge_trees(scratch)[0]
    assert not (scratch._path / tree[:2] / tree[2:]).exists()
    assert scratch.has(tree, "d/a.c")
    entry = scratch.objects.get(tree)
    assert entry is not None
    assert entry[1] == "tree"
    assert (
        scratch.git("ls-tree", "-r", "--name-only", create_merge_trees(scratch)[1]).text
        == "d/a.c\n"
    )
