# SPDX-License-Identifier: GPL-2.0-or-later
"""Write files that are not deleted at the end of a run, such as files that the user named."""

import contextlib
import os
import stat
from pathlib import Path

from patchpilot.errors import InputError

_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
PRIVATE = 0o600
"""The mode of a file that only its owner may read."""


def write_file(file: Path, data: bytes | str, *, hint: str = "") -> None:
    """Write a file that the user named, or replace its content.

    Devices and pipes are written to directly. Raise `InputError` with the hint if the file cannot
    be written or is a symbolic link to a regular file.
    """
    try:
        if not str(file).startswith(_DESCRIPTORS) and (not file.exists() or file.is_file()):
            refuse_link(file)
            replace_file(file, data, is_synced=True)
        else:
            with file.open("wb") as stream:
                stream.write(_encode_data(data))
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {error.strerror or error}", hint=hint or None
        ) from error


def describe_written(file: Path) -> str:
    """Return the line that names a written file."""
    return f"wrote {file}"


def refuse_link(file: Path) -> None:
    """Raise `InputError` if a file is a symbolic link, because it may point to any of the user's
    files.
    """
    if file.is_symlink():
        raise InputError(
            f"{file} is a symbolic link, which is not followed for writing",
            hint=f"pass the file itself: {os.path.realpath(file)}",
        )


def replace_file(
    file: Path, data: bytes | str, *, mode: int | None = None, is_synced: bool = False
) -> None:
    """Replace a file's content atomically.

    Without `mode`, the file keeps its mode. `is_synced` waits until the content is on disk. Raise
    OSError on failure.
    """
    draft = write_temporary_file(file, data, mode=mode, is_synced=is_synced)
    try:
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_temporary_file(
    file: Path, data: bytes | str, *, mode: int | None = None, is_synced: bool = False
) -> Path:
    """Write a file's new content to a temporary file in the same directory, and return its path.

    Raise OSError on failure.
    """
    draft = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_encode_data(data))
            if mode is None:
                with contextlib.suppress(FileNotFoundError):
                    os.fchmod(descriptor, stat.S_IMODE(os.lstat(file).st_mode))
            if is_synced:
                stream.flush()
                os.fsync(descriptor)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _encode_data(data: bytes | str) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
