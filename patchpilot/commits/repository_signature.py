# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect changes to a repository's refs, HEAD or configuration from the times of a few files."""

import os
from collections.abc import Iterator
from pathlib import Path

_FILES = ("HEAD", "config", "config.worktree", "packed-refs", "FETCH_HEAD", "shallow")
_FOLDERS = ("refs", "reftable")


def signature(git_dir: Path, common_dir: Path) -> tuple[str, ...]:
    """Return a tuple of strings that changes with the refs, HEAD or the configuration.

    Both the repository's and the user's configuration are covered. git replaces a ref's file by
    another file, which changes the time of the folder. Files that the configuration includes
    are not checked.
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
    """Return the paths of the user's git configuration files."""
    home = Path.home()
    config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    return home / ".gitconfig", Path(config) / "git" / "config"


def state_of(path: Path) -> str:
    """Return a file's path, time, size and inode as text, which changes with the file."""
    try:
        stat_result = path.stat()
    except OSError:
        return f"{path} none"
    return (
        f"{path} {stat_result.st_mtime_ns} {stat_result.st_size} {stat_result.st_ino}"
    )
