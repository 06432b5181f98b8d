# SPDX-License-Identifier: GPL-2.0-or-later
"""Create temporary folders for one run, in the temporary directory of the system.

If a run is killed, a later run removes its folders.
"""

import contextlib
import fcntl
import functools
import os
import time
from pathlib import Path

PREFIX = "patchpilot-"
LOCK, FILES = "lock", "files"
"""Names in each folder: the lock file, and the folder for the run's files."""
YOUNG = 60.0
"""Maximum age in seconds of a folder without a lock that may still be under construction."""


class TemporaryFolder:
    """A context manager that creates a folder, returns its path, and deletes it on exit.

    `purpose` is part of the folder's name.
    """

    def __init__(self, purpose: str) -> None:
        import tempfile

        remove_leftover_folders()
        self._folder = tempfile.TemporaryDirectory(
            prefix=f"{PREFIX}{purpose}-", ignore_cleanup_errors=True
        )
        top = Path(self._folder.name)
        self._lock = (top / LOCK).open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # locks do not work here, so delete the lock file: other runs remove only folders that
            # have one
            (top / LOCK).unlink()
        self.path = top / FILES
        self.path.mkdir()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the folder and its files."""
        try:
            self._folder.cleanup()
        except KeyboardInterrupt:
            self._folder.cleanup()
            raise
        finally:
            self._lock.close()


@functools.cache
def remove_leftover_folders() -> tuple[Path, ...]:
    """Remove temporary folders left by this user's killed runs; return their paths.

    This is done once per process.
    """
    import tempfile

    folders = []
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        folders = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
    return tuple(folder for folder in sorted(folders) if _remove_unlocked_folder(folder))


def _remove_unlocked_folder(folder: Path) -> bool:
    """Remove a folder unless a run holds its lock; return whether it was removed."""
    import shutil

    try:
        if not _is_own_folder(folder):
            return False
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder / FILES, ignore_errors=True)
        # delete the lock last, because a folder without it would never be removed
        (folder / LOCK).unlink()
        folder.rmdir()
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _is_own_folder(folder: Path) -> bool:
    """Return whether a run of this user created the folder at least some time ago.

    Other programs may use similar names.
    """
    if folder.is_symlink() or folder.lstat().st_uid != os.geteuid():
        return False
    names = {path.name for path in folder.iterdir()}
    return {LOCK} <= names <= {LOCK, FILES} and time.time() - (
        folder / LOCK
    ).lstat().st_mtime >= YOUNG
