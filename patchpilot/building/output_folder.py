# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and change files in a folder that code of a tree has written to.

The code can leave symbolic links, pipes and large files there. Therefore, no link is followed, and
only regular files are read. No process of the build is running anymore at that time.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_MAX_BYTES = 64 << 20
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class OutputFolder:
    """The output folder of a build. Names are paths relative to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def remove_special_files(self, tree: Path) -> None:
        """Delete pipes and sockets, for which make would wait, and links.

        Links into this folder and into the source tree remain, because make creates such links.
        """
        tops = tree.resolve(), self.path.resolve()
        for folder, folders, names in os.walk(self.path):
            for file in (Path(folder) / name for name in (*folders, *names)):
                mode = file.lstat().st_mode
                is_plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
                if stat.S_ISLNK(mode):
                    target = Path(os.path.realpath(file))
                    is_plain = any(map(target.is_relative_to, tops))
                if not is_plain:
                    file.unlink()

    def read(self, name: str) -> str | None:
        """Return the text of a regular file, or None if there is none."""
        try:
            with self._open_parent(name) as (parent, file_name):
                descriptor = os.open(file_name, _READ_FLAGS, dir_fd=parent)
                with os.fdopen(descriptor, "rb") as stream:
                    state = os.fstat(descriptor)
                    if not stat.S_ISREG(state.st_mode) or state.st_size > _MAX_BYTES:
                        return None
                    return stream.read(_MAX_BYTES).decode("utf-8", "replace")
        except OSError:
            return None

    def has(self, name: str) -> bool:
        """Return whether there is a regular file with this name."""
        try:
            with self._open_parent(name) as (parent, file_name):
                state = os.stat(file_name, dir_fd=parent, follow_symlinks=False)
        except OSError:
            return False
        return stat.S_ISREG(state.st_mode)

    def write(self, name: str, text: str) -> None:
        """Write a new file, and delete what has this name."""
        self.remove(name)
        with self._open_parent(name) as (parent, file_name):
            descriptor = os.open(file_name, _WRITE_FLAGS, 0o666, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text.encode("utf-8", "surrogateescape"))

    def remove(self, name: str) -> None:
        """Delete a file or link; do nothing if there is none."""
        with contextlib.suppress(OSError), self._open_parent(name) as (parent, file_name):
            os.unlink(file_name, dir_fd=parent)

    @contextlib.contextmanager
    def _open_parent(self, name: str) -> Iterator[tuple[int, str]]:
        """Open the folder that contains a file, and yield its descriptor and the file's name."""
        *folders, file_name = name.split("/")
        with contextlib.ExitStack() as stack:
            parent = os.open(self.path, _FOLDER_FLAGS)
            stack.callback(os.close, parent)
            for folder in folders:
                parent = os.open(folder, _FOLDER_FLAGS, dir_fd=parent)
                stack.callback(os.close, parent)
            yield parent, file_name
