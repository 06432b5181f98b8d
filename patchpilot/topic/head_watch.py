# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect moves of HEAD or of a branch by reading a few small files.

This is fast enough to do every second.
"""

import contextlib
import os
from pathlib import Path

from patchpilot.read_file import read_regular_file


class HeadWatch:
    """Detect whether HEAD has moved since the topic was read.

    Until `remember` is called, no move is reported.
    """

    def __init__(self) -> None:
        self._position: tuple[tuple[Path, Path], str] | None = None

    def remember(self, folders: tuple[Path, Path], head: str) -> None:
        """Record HEAD before reading the topic.

        `folders` are the git directory and the common directory.
        """
        self._position = (folders, head)

    @property
    def moved(self) -> bool:
        position = self._position
        return position is not None and head_signature(*position[0]) != position[1]


def head_signature(git_dir: Path, common_dir: Path) -> str:
    """Return a string that changes whenever HEAD points to another commit.

    This happens when a commit is amended in another terminal or another branch is checked out.
    """
    data = read_regular_file(git_dir / "HEAD")
    if data is None:
        return ""
    head = os.fsdecode(data).strip()
    if not head.startswith("ref: "):
        return head
    ref = head.removeprefix("ref: ")
    for folder in (git_dir, common_dir):
        commit = read_regular_file(folder / ref)
        if commit is not None:
            return f"{head} {os.fsdecode(commit).strip()}"
    return f"{head} {_file_time(common_dir / 'packed-refs')} {_file_time(common_dir / 'reftable')}"


def refs_signature(common_dir: Path) -> str:
    """Return a string that changes when remote-tracking branches may have moved.

    It is derived from FETCH_HEAD and packed-refs.
    """
    return f"{_file_time(common_dir / 'FETCH_HEAD')} {_file_time(common_dir / 'packed-refs')}"


def _file_time(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
