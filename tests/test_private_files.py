# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the user's files are believed only if nobody else could have written them.

Each case combines a kind of file with a way in which another user could have written it.
"""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.cache.entries import cache_dir, read_cache_file, write_cache_file
from patchpilot.commits.private_config import read_trusted_entries, trust_digests
from patchpilot.errors import InputError
from patchpilot.resources import load_json, state_path, store_json
from patchpilot.series.topic_database import open_topic_database

DIGEST = "0" * 64


def expose_by_mode(file: Path) -> None:
    file.chmod(0o666)


def expose_by_group(file: Path) -> None:
    file.chmod(0o620)


def expose_folder(file: Path) -> None:
    file.parent.chmod(0o777)


def replace_by_link(file: Path) -> None:
    other = file.with_name("elsewhere")
    file.rename(other)
    file.symlink_to(other)


def give_away(file: Path) -> None:
    if os.geteuid():
        pytest.skip("requires root")
    os.chown(file, 12345, 12345)


def give_folder_away(file: Path) -> None:
    if os.geteuid():
        pytest.skip("requires root")
    os.chown(file.parent, 12345, 12345)


EXPOSURES = (
    expose_by_mode,
    expose_by_group,
    expose_folder,
    replace_by_link,
    give_away,
    give_folder_away,
)


def believe_trust() -> bool:
    return DIGEST in read_trusted_entries()


def believe_state() -> bool:
    try:
        return bool(load_json(state_path() / "undo" / "x.json"))
    except OSError:
        return False


def believe_cache() -> bool:
    return read_cache_file(cache_dir() / "kind" / "x", 100) == b"value"


def write_trust() -> Path:
    trust_digests({DIGEST: "label"})
    return state_path() / "trusted.json"


def write_state() -> Path:
    store_json(state_path() / "undo" / "x.json", {"a": 1}, "nothing")
    return state_path() / "undo" / "x.json"


def write_cache() -> Path:
    assert write_cache_file(cache_dir() / "kind" / "x", b"value")
    return cache_dir() / "kind" / "x"


KINDS: dict[str, tuple[Callable[[], Path], Callable[[], bool]]] = {
    "trust": (write_trust, believe_trust),
    "state": (write_state, believe_state),
    "cache": (write_cache, believe_cache),
}


@pytest.mark.parametrize(("kind", "expose"), itertools.product(KINDS, EXPOSURES))
def test_exposed_file_is_not_believed(kind: str, expose: Callable[[Path], None]) -> None:
    write, is_believed = KINDS[kind]
    file = write()
    assert is_believed()
    expose(file)
    assert not is_believed()


def test_state_in_an_exposed_directory_above_is_not_believed() -> None:
    write_state()
    state_path().chmod(0o777)
    assert not believe_state()


@pytest.mark.parametrize("expose", [expose_by_mode, replace_by_link, give_away, give_folder_away])
def test_exposed_database_is_an_error(expose: Callable[[Path], None]) -> None:
    open_topic_database().close()
    (file,) = state_path().glob("*.sqlite3")
    expose(file)
    with pytest.raises(InputError, match="cannot be trusted"):
        open_topic_database()


def test_written_state_is_private() -> None:
    state_path().mkdir(parents=True)
    state_path().chmod(0o775)
    file = write_state()
    assert json.loads(file.read_text()) == {"a": 1}
    assert believe_state()
