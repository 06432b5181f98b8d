# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether HEAD or a branch moved, told by looking at a few small files: cheap enough for every second."""

import contextlib
from pathlib import Path


class Watch:
    """Remembers where HEAD was; nothing is watched before the first `remember`."""

    def __init__(self) -> None:
        self._folders: tuple[Path, Path] | None = None
        self._head = ""

    def remember(self, folders: tuple[Path, Path]) -> None:
        """HEAD of (git directory, common directory) as it is now."""
        self._folders, self._head = folders, head_signature(*folders)

    @property
    def moved(self) -> bool:
        """Whether HEAD names another commit than it did."""
        return self._folders is not None and head_signature(*self._folders) != self._head


def head_signature(git_dir: Path, common_dir: Path) -> str:
    """Text that changes whenever HEAD names another commit (an amend in another terminal, a switch of branches)."""
    with contextlib.suppress(OSError):
        head = (git_dir / "HEAD").read_text(errors="replace").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        for folder in (git_dir, common_dir):
            with contextlib.suppress(OSError):
                return f"{head} {(folder / ref).read_text(errors='replace').strip()}"
        return f"{head} {_stamp(common_dir / 'packed-refs')} {_stamp(common_dir / 'reftable')}"
    return ""


def refs_signature(common_dir: Path) -> str:
    """Text that changes when remote branches may have moved: the last fetch, and packed refs."""
    return f"{_stamp(common_dir / 'FETCH_HEAD')} {_stamp(common_dir / 'packed-refs')}"


def _stamp(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
