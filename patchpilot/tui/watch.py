# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether HEAD or a branch moved, told by looking at a few small files: cheap enough for every second."""

import contextlib
from pathlib import Path


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
