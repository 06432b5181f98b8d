# SPDX-License-Identifier: GPL-2.0-or-later
"""Read files that somebody else may have created, such as those in a git directory."""

import os
import stat
from pathlib import Path

LIMIT = 64 * 1024 * 1024
"""Maximum size in bytes of a file that is read."""


def read_regular_file(file: Path, limit: int = LIMIT) -> bytes | None:
    """Return the content of a file.

    Return None if it is missing, unreadable, larger than `limit` bytes, or not a regular file:
    reading from a FIFO or device could block or never end.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > limit:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit)
    except OSError:
        return None
    finally:
        os.close(descriptor)
