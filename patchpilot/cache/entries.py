# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache values between runs in the user's cache directory: dicts, lists, strings and numbers.

A file contains a header with the version of this format, a checksum, and the value serialized with
`marshal`, which loads plain values only. Everything in the directory may be deleted while
patchpilot runs. Files that another user could have written are not read.
"""

import contextlib
import functools
import importlib.util
import marshal
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from patchpilot import __version__
from patchpilot.private_files import make_private_folder, read_private_file
from patchpilot.resources import data_dir
from patchpilot.write_file import PRIVATE, replace_file


def cache_dir() -> Path:
    """Return the cache directory, $XDG_CACHE_HOME/patchpilot.

    Without a home directory, it is a path below /dev/null, which disables caching.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        home = os.path.expanduser("~")  # noqa: PTH111 (Path.home() raises where there is none)
        base = f"{home}/.cache" if home.startswith("/") else os.devnull
    return Path(base) / "patchpilot"


def is_private_folder(folder: Path) -> bool:
    """Return whether files in a directory of the cache can be trusted.

    Create the directory, and make it private if possible.
    """
    return make_private_folder(folder, cache_dir())


def read_cache_file(file: Path, limit: int) -> bytes | None:
    """Return the content of a file in the cache.

    Return None if it is missing, larger than `limit` bytes, or if another user could have written
    it.
    """
    try:
        return read_private_file(file, file.parent, limit)
    except OSError:
        return None


def write_cache_file(file: Path, data: bytes) -> bool:
    """Atomically replace a file in the cache, readable only by the user.

    Return whether this succeeded.
    """
    if not is_private_folder(file.parent):
        return False
    try:
        replace_file(file, data, mode=PRIVATE)
    except OSError:
        return False
    return True


def repository_cache_path(kind: str, repository: Path, version: int) -> Path:
    """Return the cache path for a kind of data about one repository.

    The key consists of the repository's path and the version of the format.
    """
    path = str(repository.resolve()).encode("utf-8", "surrogateescape")
    digest = importlib.util.source_hash(b"%d\0%s" % (version, path)) + importlib.util.source_hash(
        b"%s\0%d" % (path, version)
    )
    return cache_dir() / kind / digest.hex()


def evict_oldest(folder: Path, max_files: int, prefix: str = "") -> None:
    """Delete all but the `max_files` most recently used entries of a directory."""
    import shutil

    with contextlib.suppress(OSError):
        entries = [entry for entry in os.scandir(folder) if entry.name.startswith(prefix)]
        for entry in sorted(entries, key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)[
            : -max_files or None
        ]:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)  # noqa: PTH108 (a name of scandir)


_HEADER = b"patchpilot cache 3\n"
_PROGRAM = f"{__version__} {sys.version}".encode()
_CHECKSUM = 8
_LARGEST = 64 << 20
"""The maximum size of a cached file in bytes."""
_DAY = 86400
_Value = TypeVar("_Value")


class CacheKind(NamedTuple):
    """A kind of cached value.

    It has a name, the sources from which the value is computed, and the maximum number of entries.
    The sources are Python files, and directories of Python and TOML files with their
    subdirectories.
    """

    name: str
    code: tuple[str, ...]
    keep: int = 4


_PACKAGE = Path(__file__).parents[1]


def package_sources(*names: str) -> tuple[str, ...]:
    """Return the paths of modules and packages of patchpilot, for `CacheKind.code`.

    A name is relative to patchpilot: `lint`, or `model/built_commit.py`. Without names, return
    the whole program, for values that most of it computes.
    """
    return tuple(str(_PACKAGE / name) for name in names or ("",))


def make_cache_key(kind: CacheKind, parts: Iterable[bytes]) -> str:
    """Return the cache key for a value with these inputs.

    It has 128 bits, from the hash function used for .pyc files, because hashlib is slow to
    import.
    """
    texts = [
        _PROGRAM,
        kind.name.encode(),
        *(_source_state(path) for path in kind.code),
        *parts,
    ]
    source = b"".join(b"%d:%s" % (len(text), text) for text in texts)
    return (
        importlib.util.source_hash(source) + importlib.util.source_hash(b"again " + source)
    ).hex()


def read_cached_value(kind: CacheKind, key: str) -> Any:
    """Return the cached value for this key.

    Return None if there is none, or if the file is damaged or not trusted.
    """
    file = cache_dir() / f"{kind.name}-{key}"
    data = read_cache_file(file, _LARGEST)
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
    _update_use_time(file)
    return value


def cache_value(kind: CacheKind, key: str, value: Any) -> bool:
    """Cache a value, and evict the oldest values of its kind if there are too many.

    Return whether it was written; failures do not raise an error.
    """
    try:
        data = marshal.dumps(value)
    except ValueError:
        return False
    if len(data) + len(_HEADER) + _CHECKSUM > _LARGEST:
        return False
    directory = cache_dir()
    if not write_cache_file(
        directory / f"{kind.name}-{key}",
        _HEADER + importlib.util.source_hash(data) + data,
    ):
        return False
    evict_oldest(directory, kind.keep, f"{kind.name}-")
    return True


def get_or_compute(kind: CacheKind, parts: Iterable[str], compute: Callable[[], _Value]) -> _Value:
    """Return the cached value for these inputs, computing it if missing."""
    key = make_cache_key(kind, (part.encode("utf-8", "surrogateescape") for part in parts))
    value: _Value | None = read_cached_value(kind, key)
    if value is None:
        value = compute()
        cache_value(kind, key, value)
    return value


@functools.cache
def read_shipped_tables(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the TOML files in a folder of checks/, keyed by name.

    Parsing them takes longer than checking a small patch.
    """
    files = data_dir("checks") / name

    def parse_tables() -> dict[str, Mapping[str, Any]]:
        import tomllib

        return {
            file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
            for file in sorted(files.glob("*.toml"))
        }

    return get_or_compute(CacheKind("tables", (str(files),)), (), parse_tables)


@functools.cache
def _source_state(path: str) -> bytes:
    """Return a version of a module or directory, computed from file sizes and times.

    It is computed only once, because the code does not change while it runs.
    """
    states: list[str] = []
    with contextlib.suppress(OSError):
        if path.endswith(".py"):
            states.append(_file_state(path, os.stat(path)))  # noqa: PTH116 (start-up)
        else:
            _add_folder_states(path, states)
    return "\n".join(states).encode()


def _add_folder_states(folder: str, states: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith((".py", ".toml")):
                states.append(_file_state(entry.path, entry.stat()))
            elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                _add_folder_states(entry.path, states)


def _file_state(path: str, state: os.stat_result) -> str:
    return f"{path} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"


def _update_use_time(file: "os.PathLike[str]") -> None:
    """Set the file's modification time to now, at most once a day. The oldest files are evicted
    first.
    """
    with contextlib.suppress(OSError):
        import time

        if time.time() - os.stat(file).st_mtime > _DAY:  # noqa: PTH116 (start-up)
            os.utime(file)
