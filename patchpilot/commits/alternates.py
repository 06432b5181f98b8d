# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and write lists of alternates: object directories from which git borrows objects.

`info/alternates` lists one directory per line; the environment variable separates directories with
colons.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from patchpilot.model.patch import quote_path, unquote_path
from patchpilot.read_file import read_regular_file

ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


def format_alternate(directory: Path) -> str:
    """Format a directory for a list of alternates, in the file or in the environment variable.

    The path is quoted if it contains a separator or begins with a quote or `#`.
    """
    text = str(directory)
    if any(character in text for character in (":", "\n")) or text.startswith(('"', "#")):
        return quote_path(text)
    return text


def write_alternates(objects: Path, *directories: Path) -> None:
    """Write `info/alternates`, so that `objects` borrows from other object directories."""
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_bytes(
        b"".join(os.fsencode(format_alternate(directory)) + b"\n" for directory in directories)
    )


def read_alternates(objects: Path, depth: int = 5) -> Iterator[Path]:
    """Yield the alternates of an object directory, recursively up to git's maximum depth."""
    data = read_regular_file(objects / "info" / "alternates") or b""
    for line in os.fsdecode(data).split("\n"):
        if line and not line.startswith("#") and depth:
            yield (directory := objects / unquote_path(line))
            yield from read_alternates(directory, depth - 1)
