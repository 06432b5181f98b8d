# SPDX-License-Identifier: GPL-2.0-or-later
"""The lists of object directories that git borrows from: one a line in `info/alternates`, or between colons in the environment."""

import os
from collections.abc import Iterator
from pathlib import Path

from patchpilot.model.c_quoting import quoted, unquoted

ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


def entry(directory: Path) -> str:
    """A directory as both lists name it: quoted where its path would end the entry or begin like a quoted one."""
    text = str(directory)
    return quoted(text) if any(sign in text for sign in (":", "\n")) or text.startswith(('"', "#")) else text


def write(objects: Path, *borrowed: Path) -> None:
    """Let an object directory borrow from others, and from no more."""
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_bytes(b"".join(os.fsencode(entry(one)) + b"\n" for one in borrowed))


def borrowed(objects: Path, depth: int = 5) -> Iterator[Path]:
    """The object directories that one borrows from, and those that they borrow from, as deep as git goes."""
    try:
        lines = os.fsdecode((objects / "info" / "alternates").read_bytes()).split("\n")
    except OSError:
        return
    for line in lines:
        if line and not line.startswith("#") and depth:
            yield (found := objects / unquoted(line))
            yield from borrowed(found, depth - 1)
