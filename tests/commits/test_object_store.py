# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading tree objects that git would not write."""

import pytest

from patchpilot.commits.object_store import _read_tree
from patchpilot.errors import GitError

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
