# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a repository's refs, HEAD or configuration changed on disk, from the times of a few
files.
"""

import os
from collections.abc import Iterator
from pathlib import Path

_FILES = ("HEAD", "config", "config.worktree", "packed-refs", "FETCH_HEAD", "shallow")
_FOLDERS = ("refs", "reftable")


def signature(git_dir: Path, common_dir: Path) -> tuple[str, ...]:
    """Text that differs after a ref, HEAD, or the configuration of the repository or the user
    changed.

    git replaces the file of a ref by another one, which changes the time of its folder. Files that
    configuration includes are not looked at.
    """
    folders = dict.fromkeys((git_dir, common_dir))
    paths = [folder / name for folder in folders for name in _FILES]
    paths += [
        path
        for folder in folders
        for name in _FOLDERS
        for path in _folders(folder / name)
    ]
    return tuple(state_of(path) for path in (*paths, *user_files()))


def _folders(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top):
        yield Path(folder)


def user_files() -> tuple[Path, ...]:
    """The files of git's configuration of the user."""
    home = Path.home()
    config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    return home / ".gitconfig", Path(config) / "git" / "config"


def state_of(path: Path) -> str:
    """A file's path, time, size and inode; they differ after it was written."""
    try:
        found = path.stat()
    except OSError:
        return f"{path} none"
    return f"{path} {found.st_mtime_ns} {found.st_size} {found.st_ino}"
