# SPDX-License-Identifier: GPL-2.0-or-later
"""Identify a repository by a file in its common directory, so that it keeps its drafts if it is
renamed or moved.

The file has a random number. The state directory has, for each number, the repository's key in the
databases, which never changes, and the path at which the repository was last seen. All worktrees of
a repository have one key, and so does a copy (`cp -a`), which therefore shares the drafts and sends
of the original. A new clone has another key.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.errors import InputError
from patchpilot.resources import load_json, state_path, store_json
from patchpilot.write_file import write_temporary_file

FILE = "patchpilot-id"
"""The name of the file in the common directory."""
_IDENTITY = lazy_pattern(r"[0-9a-f]{32}")


class _Place(NamedTuple):
    """The key of a repository, and the path at which it was last seen."""

    key: str
    path: str


def make_path_key(path: Path) -> str:
    """Return a path as a text; if it is not valid UTF-8, its bytes in hexadecimal."""
    raw = os.fsencode(path.resolve())
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return f"bytes:{raw.hex()}"


def parse_path_key(key: str) -> Path:
    """Return the path that `make_path_key` converted, with what was added to it."""
    if not key.startswith("bytes:"):
        return Path(key)
    digits, mark, rest = key.removeprefix("bytes:").partition("#")
    return Path(f"{os.fsdecode(bytes.fromhex(digits))}{mark}{rest}")


def find_repository_key(common_dir: Path) -> str:
    """Return the key of a repository in the databases. Nothing is written to the repository.

    It is the path at which the repository was first used. If another repository has this key, the
    key also has a part of the identity. A new path of a repository that was moved is recorded.
    """
    path, places = make_path_key(common_dir), _read_places()
    identity = read_identity(common_dir)
    place = places.get(identity) if identity else None
    if place is None:
        return _choose_key(path, identity, places)
    if place.path != path and not _is_at(identity, place.path):
        with contextlib.suppress(InputError):
            _write_places({**places, identity: place._replace(path=path)})
    return place.key


def register_repository(common_dir: Path) -> str:
    """Give a repository an identity if it has none, record it, and return its key.

    If the repository cannot be written, its key remains its path.
    """
    identity = read_identity(common_dir) or _create_identity(common_dir)
    if identity and identity not in (places := _read_places()):
        path = make_path_key(common_dir)
        place = _Place(_choose_key(path, identity, places), path)
        with contextlib.suppress(InputError):
            _write_places({**places, identity: place})
    return find_repository_key(common_dir)


def register_identity(common_dir: Path) -> str:
    """Return the identity of a repository like `find_repository_identity`.

    A repository without a random number gets one, if it can be written.
    """
    register_repository(common_dir)
    return find_repository_identity(common_dir)


def find_repository_identity(common_dir: Path) -> str:
    """Return the random number of a repository, or the inode of its directory if it has none."""
    return read_identity(common_dir) or str(common_dir.stat().st_ino)


def find_repository_path(key: str) -> Path:
    """Return the common directory at which the repository with this key was last seen."""
    place = next((place for place in _read_places().values() if place.key == key), None)
    return parse_path_key(place.path if place else key)


def is_repository_gone(key: str) -> bool:
    """Return whether no repository with this key is where it was last seen.

    It was deleted, or was moved and not used since.
    """
    for identity, place in _read_places().items():
        if place.key == key:
            return not _is_at(identity, place.path)
    return not parse_path_key(key).is_dir()


def _choose_key(path: str, identity: str, places: Mapping[str, _Place]) -> str:
    is_taken = any(place.key == path for place in places.values())
    return f"{path}#{identity[:8]}" if is_taken else path


def _is_at(identity: str, path: str) -> bool:
    return read_identity(parse_path_key(path)) == identity


def read_identity(common_dir: Path) -> str:
    """Return the identity of a repository, or "" if it has none or it is invalid."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(common_dir / FILE, flags), "rb") as stream:  # noqa: PTH123
            text = stream.read(64).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if _IDENTITY.fullmatch(text) else ""


def _create_identity(common_dir: Path) -> str:
    file = common_dir / FILE
    try:
        draft = write_temporary_file(file, f"{os.urandom(16).hex()}\n", is_synced=True)
        try:
            # if another process was faster, its identity counts
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            draft.unlink()
    except OSError:
        return ""
    return read_identity(common_dir)


def _places_file() -> Path:
    return state_path() / "repositories.json"


def _read_places() -> dict[str, _Place]:
    """Map the identity of each known repository to its key and path."""
    try:
        data = load_json(_places_file())
        return {
            str(identity): _Place(str(place["key"]), str(place["path"]))
            for identity, place in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_places(places: Mapping[str, _Place]) -> None:
    store_json(
        _places_file(),
        {identity: place._asdict() for identity, place in places.items()},
        "a repository that is moved will not find its drafts",
    )
