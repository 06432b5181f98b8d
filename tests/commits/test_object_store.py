# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading tree objects that git would not write, and merging files once."""

from pathlib import Path

import pytest

from patchpilot.commits.object_store import ScratchStore, _read_tree
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from tests.kit.repos import Repo

ENTRY = b"100644 name\0" + bytes(20)


def test_tree_is_read_like_git() -> None:
    assert _read_tree(ENTRY + b"40000 \xff\0" + b"\1" * 20) == {
        "name": ("100644", "0" * 40),
        "\udcff": ("40000", "01" * 20),
    }


@pytest.mark.parametrize(
    "raw",
    [
        ENTRY[:-1],
        b"100644 name",
        b"\x80 name\0" + bytes(20),
        b"name\0" + bytes(20),
        ENTRY + b"1",
    ],
)
def test_damaged_data_is_an_error(raw: bytes) -> None:
    with pytest.raises(GitError, match="damaged"):
        _read_tree(raw)


@pytest.mark.parametrize("theirs", ["d", "b2"])
def test_file_is_merged_once_for_all_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    repo = Repo(tmp_path / "r")
    texts = ("a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nc\nd\n".replace(theirs[0], theirs.upper()))
    commits = [repo.commit("x", {"f": text}) for text in texts]
    with Repository.open(repo.path) as repository:
        merges = []
        for _ in range(2):
            with ScratchStore(repository) as store:
                merge = store.merge(*map(store.tree_of, commits))
                merges.append((merge, store.objects.get(f"{merge.tree}:f")))
            # git is not called again
            monkeypatch.delattr(ScratchStore, "merge_trees", raising=False)
        assert merges[0] == merges[1]
        assert merges[0][0].clean == (theirs == "d")
