# SPDX-License-Identifier: GPL-2.0-or-later
"""Decide whether the user's own files can be believed: what is trusted, the state, and the cache.

A file is private if it and its directories, up to the user's directory for patchpilot, belong to
the user and nobody else may write to them. A file that is a symbolic link is not private.
"""

import os
import stat
from pathlib import Path

_WRITABLE_BY_OTHERS = 0o022


def is_user_owned(state: os.stat_result) -> bool:
    """Return whether only the user can write to what was examined, and it is no link."""
    return (
        state.st_uid == os.geteuid()
        and not state.st_mode & _WRITABLE_BY_OTHERS
        and not stat.S_ISLNK(state.st_mode)
    )


def is_private(path: Path) -> bool:
    """Return whether a file or directory exists, is not a symbolic link, and is not writable by
    other users.
    """
    try:
        return is_user_owned(os.lstat(path))
    except OSError:
        return False


def make_private_folder(folder: Path, top: Path) -> bool:
    """Return whether files in a directory can be believed, up to the directory `top`.

    Create the directory, and make it private if it belongs to the user. It may be a link of the
    user to such a directory.
    """
    if top in folder.parents and not make_private_folder(folder.parent, top):
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_owned = os.lstat(folder).st_uid == os.geteuid()
        state = os.stat(folder)  # noqa: PTH116 (start-up)
        if is_owned and state.st_uid == os.geteuid() and state.st_mode & _WRITABLE_BY_OTHERS:
            # make the directory private, because the umask may allow the group to write
            folder.chmod(0o700)
            return True
    except OSError:
        return False
    return is_owned and is_user_owned(state)


def read_private_file(file: Path, top: Path, limit: int) -> bytes:
    """Return the content of a private file.

    Its directories are examined up to `top`. Raise OSError if it cannot be read, is larger than
    `limit` bytes, or if another user could have written it.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(descriptor)
        if not (stat.S_ISREG(state.st_mode) and state.st_size <= limit and is_user_owned(state)):
            raise PermissionError(f"{file} is not a private file")
        folder = file.parent
        while True:
            # use os.stat instead of pathlib for a faster start
            if not is_user_owned(os.stat(folder)):  # noqa: PTH116
                raise PermissionError(f"{folder} is not a private directory")
            if folder == top or top not in folder.parents:
                return stream.read(limit)
            folder = folder.parent


def describe_exposure(file: Path) -> str:
    """Return why an existing file or its directory cannot be believed, or "" if it can."""
    state = os.lstat(file)
    if stat.S_ISLNK(state.st_mode):
        return f"{file} is a symbolic link"
    for path, found in ((file, state), (file.parent, os.stat(file.parent))):  # noqa: PTH116
        if found.st_uid != os.geteuid():
            return f"{path} belongs to another user"
        if found.st_mode & _WRITABLE_BY_OTHERS:
            return f"{path} can be changed by other users"
    return ""
