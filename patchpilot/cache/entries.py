# SPDX-License-Identifier: GPL-2.0-or-later
"""Values cached between runs: dicts, lists, strings and numbers, one file per value.

A file contains a header with the version of this format, a checksum, and the value serialized
with `marshal`, which loads plain values only and runs no code. Its name consists of the kind of
value and a key, which is a hash of the value's input and of the code that computes it.
"""

import contextlib
import functools
import importlib.util
import marshal
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from patchpilot import __version__
from patchpilot.cache import folder
from patchpilot.resources import data_dir

_HEADER = b"patchpilot cache 3\n"
_PROGRAM = f"{__version__} {sys.version}".encode()
_CHECKSUM = 8
_LARGEST = 64 << 20
"""The maximum size of a cached file in bytes."""
_DAY = 86400
_Value = TypeVar("_Value")


class Kind(NamedTuple):
    """A kind of cached value.

    Contains its name, the code and the shipped data that compute it (Python files, and directories
    of Python and TOML files), and the maximum number of entries.
    """

    name: str
    code: tuple[str, ...]
    keep: int = 4


def key_of(kind: Kind, parts: Iterable[bytes]) -> str:
    """Return the cache key for a value with these inputs.

    It has 128 bits, from the hash function used for .pyc files, because hashlib is slow to
    import.
    """
    texts = [
        _PROGRAM,
        kind.name.encode(),
        *(_state(path) for path in kind.code),
        *parts,
    ]
    source = b"".join(b"%d:%s" % (len(text), text) for text in texts)
    return (
        importlib.util.source_hash(source)
        + importlib.util.source_hash(b"again " + source)
    ).hex()


def recall(kind: Kind, key: str) -> Any:
    """Return the cached value for this key.

    Return None if there is none, or if the file is damaged or not trusted.
    """
    file = folder.cache_dir() / f"{kind.name}-{key}"
    data = folder.read(file, _LARGEST)
    start = len(_HEADER) + _CHECKSUM
    if (
        data is None
        or not data.startswith(_HEADER)
        or importlib.util.source_hash(data[start:]) != data[len(_HEADER) : start]
    ):
        return None
    try:
        value = marshal.loads(memoryview(data)[start:])
    except (ValueError, EOFError, TypeError, SystemError):
        return None
    _note_use(file)
    return value


def remember(kind: Kind, key: str, value: Any) -> bool:
    """Cache a value, and evict the oldest ones of its kind if there are too many.

    Return whether it was written; failures raise no error.
    """
    try:
        data = marshal.dumps(value)
    except ValueError:
        return False
    if len(data) + len(_HEADER) + _CHECKSUM > _LARGEST:
        return False
    directory = folder.cache_dir()
    if not folder.write(
        directory / f"{kind.name}-{key}",
        _HEADER + importlib.util.source_hash(data) + data,
    ):
        return False
    folder.evict(directory, kind.keep, f"{kind.name}-")
    return True


def get_or_compute(
    kind: Kind, parts: Iterable[str], compute: Callable[[], _Value]
) -> _Value:
    """Return the cached value for these inputs, computing it if missing."""
    key = key_of(kind, (part.encode("utf-8", "surrogateescape") for part in parts))
    value: _Value | None = recall(kind, key)
    if value is None:
        value = compute()
        remember(kind, key, value)
    return value


@functools.cache
def shipped_tables(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the TOML files in a folder of checks/, by their names.

    Parsing them takes longer than checking a small patch.
    """
    files = data_dir("checks") / name

    def parse_tables() -> dict[str, Mapping[str, Any]]:
        import tomllib

        return {
            file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
            for file in sorted(files.glob("*.toml"))
        }

    return get_or_compute(Kind("tables", (str(files),)), (), parse_tables)


@functools.cache
def _state(path: str) -> bytes:
    """Return the version of a module or directory, from file sizes and times.

    It is read once, because the running code does not change.
    """
    states = []
    with contextlib.suppress(OSError):
        if path.endswith(".py"):
            state = os.stat(path)  # noqa: PTH116 (start-up)
            states.append(f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}")
        else:
            with os.scandir(path) as entries:
                for entry in sorted(
                    (
                        entry
                        for entry in entries
                        if entry.name.endswith((".py", ".toml"))
                    ),
                    key=lambda entry: entry.name,
                ):
                    state = entry.stat()
                    states.append(
                        f"{entry.name} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
                    )
    return "\n".join(states).encode()


def _note_use(file: "os.PathLike[str]") -> None:
    """Update the file's time, which controls eviction, at most once a day."""
    with contextlib.suppress(OSError):
        import time

        if time.time() - os.stat(file).st_mtime > _DAY:  # noqa: PTH116 (start-up)
            os.utime(file)
