# SPDX-License-Identifier: GPL-2.0-or-later
"""Loaded forms kept between runs under the user's cache, each named by a hash of what it was made of."""

import contextlib
import importlib.util
import marshal
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from patchpilot import __version__

_FORM = f"2 {__version__} {sys.version}"
_HASH = 8
"""Bytes of the hash in front of what is kept: a damaged file would be worse than none."""
KEPT = 4
"""How many of a kind are kept; older ones go."""


def cache_dir() -> Path:
    """Where loaded forms are kept: $XDG_CACHE_HOME/patchpilot. Who has no home has no such place: below a file that is no directory."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        home = os.path.expanduser("~")  # noqa: PTH111 (Path.home() raises where there is none)
        base = f"{home}/.cache" if home.startswith("/") else os.devnull
    return Path(base) / "patchpilot"


def key_of(parts: Iterable[bytes]) -> str:
    """A hash of these parts, of this program and of the interpreter: the one of .pyc files, as hashlib takes long to import."""
    return importlib.util.source_hash(b"\0".join((_FORM.encode(), *parts))).hex()


def recall(kind: str, key: str) -> Any:
    """What was kept of this kind under this key; None when nothing was, or when it cannot be read or trusted."""
    return load(cache_dir() / f"{kind}-{key}")


def remember(kind: str, key: str, value: Any) -> None:
    """Keep a value made of plain tables, lists, words and numbers. Failing to is no failure."""
    folder = cache_dir()
    if not store(folder / f"{kind}-{key}", value):
        return
    with contextlib.suppress(OSError):
        for old in sorted(folder.glob(f"{kind}-*"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)


def load(file: Path) -> Any:
    """The value of a file that `store` wrote; None unless it is whole and nobody but this user could have written it: parts of it are run."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            if not (_own(os.fstat(descriptor)) and _own(os.stat(file.parent))):  # noqa: PTH116 (start-up)
                return None
            data = opened.read()
        if importlib.util.source_hash(data[_HASH:]) != data[:_HASH]:
            return None
        return marshal.loads(memoryview(data)[_HASH:])
    except (OSError, ValueError, EOFError, TypeError, SystemError):
        return None


def store(file: Path, value: Any) -> bool:
    """Write a value where `load` finds it, readable to this user alone; whether that could be done."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (found := os.stat(file.parent)).st_uid == os.geteuid() and found.st_mode & 0o022:  # noqa: PTH116 (start-up)
            # another room made it, under a umask that lets the group write
            file.parent.chmod(0o700)
        data = marshal.dumps(value)
        # a second process must never read half a file
        beside = file.with_name(f"{file.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb") as opened:
            opened.write(importlib.util.source_hash(data) + data)
        beside.replace(file)
    except (OSError, ValueError):
        return False
    return True


def _own(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022
