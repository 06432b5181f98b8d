# SPDX-License-Identifier: GPL-2.0-or-later
"""The user's cache directory: its path, its trusted files, and eviction.

Everything in it may be deleted while patchpilot runs. Files that another user could have written
are not read: a file or directory must be owned by the user and not writable by others, and
symbolic links to files are not followed.
"""

import contextlib
import importlib.util
import os
import stat
from pathlib import Path

from patchpilot.write_file import PRIVATE, replace_file

_WRITABLE_BY_OTHERS = 0o022


def cache_dir() -> Path:
    """Return the cache directory, $XDG_CACHE_HOME/patchpilot.

    Without a home directory, it is a path below /dev/null, which disables caching.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        home = os.path.expanduser("~")  # noqa: PTH111 (Path.home() raises where there is none)
        base = f"{home}/.cache" if home.startswith("/") else os.devnull
    return Path(base) / "patchpilot"


def private_folder(folder: Path) -> bool:
    """Return whether files in a directory of the cache can be trusted.

    The directory is created and made private if possible.
    """
    top = cache_dir()
    if top in folder.parents and not private_folder(folder.parent):
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = os.lstat(folder).st_uid == os.geteuid()
        state = os.stat(folder)  # noqa: PTH116 (start-up)
        if own and state.st_uid == os.geteuid() and state.st_mode & _WRITABLE_BY_OTHERS:
            # created under a umask that allows group writes
            folder.chmod(0o700)
            return True
    except OSError:
        return False
    return own and _is_own(state)


def is_private(path: Path) -> bool:
    """Return whether a file or directory exists, is not a symbolic link, and is not writable by
    other users.
    """
    try:
        return _is_own(os.lstat(path))
    except OSError:
        return False


def read(file: Path, limit: int) -> bytes | None:
    """Return the content of a file in the cache.

    Return None if it is missing, larger than `limit` bytes, or if another user could have written
    it.
    """
    try:
        descriptor = os.open(
            file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        )
        with os.fdopen(descriptor, "rb") as opened:
            state = os.fstat(descriptor)
            if not (
                stat.S_ISREG(state.st_mode)
                and state.st_size <= limit
                and _is_own(state)
            ):
                return None
            # use os.stat to keep start-up fast
            return opened.read(limit) if _is_own(os.stat(file.parent)) else None  # noqa: PTH116
    except OSError:
        return None


def write(file: Path, data: bytes) -> bool:
    """Atomically replace a file in the cache, readable only by the user.

    Return whether this succeeded.
    """
    if not private_folder(file.parent):
        return False
    try:
        replace_file(file, data, mode=PRIVATE)
    except OSError:
        return False
    return True


def repository_place(kind: str, repository: Path, version: int) -> Path:
    """Return the cache path for a kind of data about one repository.

    The key consists of the repository's path and the version of the format.
    """
    path = str(repository.resolve()).encode("utf-8", "surrogateescape")
    digest = importlib.util.source_hash(
        b"%d\0%s" % (version, path)
    ) + importlib.util.source_hash(b"%s\0%d" % (path, version))
    return cache_dir() / kind / digest.hex()


def evict(folder: Path, keep: int, prefix: str = "") -> None:
    """Delete all but the `keep` most recently used entries of a directory."""
    import shutil

    with contextlib.suppress(OSError):
        entries = [
            entry for entry in os.scandir(folder) if entry.name.startswith(prefix)
        ]
        for entry in sorted(
            entries, key=lambda entry: entry.stat(follow_symlinks=False).st_mtime
        )[: -keep or None]:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)  # noqa: PTH108 (a name of scandir)


def _is_own(state: os.stat_result) -> bool:
    return (
        state.st_uid == os.geteuid()
        and not state.st_mode & _WRITABLE_BY_OTHERS
        and not stat.S_ISLNK(state.st_mode)
    )
