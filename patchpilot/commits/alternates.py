# SPDX-License-Identifier: GPL-2.0-or-later
"""The lists of object directories that git borrows from: one per line in `info/alternates`, or
separated by colons in the environment.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from patchpilot.model.c_quoting import quoted, unquoted

ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


def entry(directory: Path) -> str:
    """A directory as an entry of both lists: quoted where its path has a separator or begins with a
    quote.
    """
    text = str(directory)
    return (
        quoted(text)
        if any(sign in text for sign in (":", "\n")) or text.startswith(('"', "#"))
        else text
    )


def write(objects: Path, *borrowed: Path) -> None:
    """Set the object directories that one borrows from."""
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_bytes(
        b"".join(os.fsencode(entry(one)) + b"\n" for one in borrowed)
    )


def borrowed(objects: Path, depth: int = 5) -> Iterator[Path]:
    """The object directories that one borrows from, recursively to git's maximum depth."""
    try:
        lines = os.fsdecode((objects / "info" / "alternates").read_bytes()).split("\n")
    except OSError:
        return
    for line in lines:
        if line and not line.startswith("#") and depth:
            yield (found := objects / unquoted(line))
            yield from borrowed(found, depth - 1)
