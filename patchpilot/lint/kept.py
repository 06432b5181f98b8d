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
KEPT = 4
"""How many of a kind are kept; older ones go."""


def cache_dir() -> Path:
    """Where loaded forms are kept: $XDG_CACHE_HOME/patchpilot."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "patchpilot"


def key_of(parts: Iterable[bytes]) -> str:
    """A hash of these parts, of this program and of the interpreter: the one of .pyc files, as hashlib takes long to import."""
    return importlib.util.source_hash(b"\0".join((_FORM.encode(), *parts))).hex()


def recall(kind: str, key: str) -> Any:
    """What was kept of this kind under this key; None when nothing was, or when it cannot be read."""
    try:
        return marshal.loads((cache_dir() / f"{kind}-{key}").read_bytes())
    except (OSError, ValueError, EOFError, TypeError, RuntimeError):
        return None


def remember(kind: str, key: str, value: Any) -> None:
    """Keep a value made of plain tables, lists, words and numbers. Failing to is no failure."""
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        folder = cache_dir()
        folder.mkdir(parents=True, exist_ok=True)
        # a second process must never read half a file
        beside = folder / f"{kind}-{key}.{os.getpid()}"
        beside.write_bytes(marshal.dumps(value))
        beside.replace(folder / f"{kind}-{key}")
        for old in sorted(folder.glob(f"{kind}-*"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
