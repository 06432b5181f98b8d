# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that merges that git does not compute have the same results as git's."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchpilot.commits.merging import plan_merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.objects import EMPTY_TREE
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo

NAMES = ["a.c", "b.c", "d/a.c", "d/b.c", "d/e/f.c", "g/a.c", "g/h.c"]
BODY = "".join(f"line {number}\n" for number in range(12))
CONTENTS = [
    BODY,
    BODY.replace("line 3", "three"),
    BODY.replace("line 9", "nine"),
    BODY.replace("line 3", "drei"),
    "other\n" * 9,
    None,
]
TREES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), max_size=len(NAMES))


def write_tree(scratch: ScratchStore, files: dict[str, str | None]) -> str:
    entries = {
        name: ("100644", scratch.write("blob", content.encode()))
        for name, content in files.items()
        if content is not None
    }
    return scratch.write_with_files(EMPTY_TREE, entries)


def test_planned_merge_equals_gits_merge(tmp_path: Path) -> None:
    Repo(tmp_path / "r").commit("start", {"x": "x\n"})
    with (
        Repository.open(tmp_path / "r") as repository,
        ScratchStore(repository) as scratch,
    ):

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(TREES, TREES, TREES)
        def merge_equals_gits(
            base: dict[str, str | None],
            our_files: dict[str, str | None],
            their_files: dict[str, str | None],
        ) -> None:
            # make most files the same on all three sides
            start: dict[str, str | None] = dict.fromkeys(NAMES, BODY)
            tree_ids = [
                write_tree(scratch, start | base),
                write_tree(scratch, start | base | our_files),
                write_tree(scratch, start | base | their_files),
            ]
            planned_merge, expected = (
                scratch.merge(*tree_ids),
                scratch.merge_trees(*tree_ids),
            )
            assert (planned_merge.clean, planned_merge.paths) == (
                expected.clean,
                expected.paths,
            )
            assert planned_merge.tree == expected.tree or (
                not expected.clean
                and set(scratch.changed(planned_merge.tree, expected.tree)) <= set(expected.paths)
            )

        merge_equals_gits()


def test_git_handles_possible_renames() -> None:
    entry, other, third = (("100644", digit * 40) for digit in "123")
    folder = ("40000", "4" * 40)
    ours = {"d": folder, "d/a.c": entry}.get
    assert plan_merge({"d/a.c": (entry, other)}, ours, ours) is not None
    assert plan_merge({"d/a.c": (entry, None), "d/n.c": (None, other)}, ours, ours) is not None
    assert plan_merge({"d/gone.c": (entry, other)}, ours, ours) is None, (
        "our side may have renamed it"
    )
    assert plan_merge({"e/n.c": (None, other)}, ours, ours) is None, (
        "our side may have renamed the directory"
    )
    assert plan_merge({"d/a.c": (entry, None)}, ours, {}.get) is None, (
        "their side may have renamed the directory"
    )
    assert plan_merge({"d/a.c": (third, None)}, ours, ours) is None, (
        "what we changed is not deleted"
    )
    assert plan_merge({"d/a.c": (("120000", entry[1]), other)}, ours, ours) is None, (
        "a link is no file"
    )
