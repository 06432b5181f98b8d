# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a cached value is read only if it is intact and private.

Also test that cached values can be deleted at any time.
"""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from patchpilot.cache import entries
from patchpilot.cache.entries import (
    CacheKind,
    cache_dir,
    cache_value,
    evict_oldest,
    is_private_folder,
    make_cache_key,
    read_cache_file,
    read_cached_value,
    repository_cache_path,
    write_cache_file,
)

pytestmark = pytest.mark.usefixtures("cold_cache")

KIND = CacheKind("words", ())


def _find_entry_file(key: str) -> Path:
    return cache_dir() / f"words-{key}"


def test_single_changed_bit_is_detected() -> None:
    key, value = make_cache_key(KIND, [b"a"]), {"a": [1, 2, (3, "four")]}
    assert cache_value(KIND, key, value)
    whole_data = _find_entry_file(key).read_bytes()
    assert read_cached_value(KIND, key) == value
    for offset in range(len(whole_data)):
        _find_entry_file(key).write_bytes(
            whole_data[:offset]
            + bytes((whole_data[offset] ^ 1 << offset % 8,))
            + whole_data[offset + 1 :]
        )
        assert read_cached_value(KIND, key) is None


def test_another_format_is_not_read() -> None:
    key = make_cache_key(KIND, [b"a"])
    cache_value(KIND, key, ["a"])
    _find_entry_file(key).write_bytes(
        _find_entry_file(key).read_bytes().replace(b"cache 3", b"cache 2")
    )
    assert read_cached_value(KIND, key) is None


def test_key_depends_on_all_parts_and_the_code(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("A = 1")
    kind = CacheKind("words", (str(code), str(code / "a.py")))
    keys = {
        make_cache_key(KIND, parts)
        for parts in ([b"a", b"b"], [b"ab"], [b"a", b"", b"b"], [b"a\0b"], [b"b", b"a"])
    }
    keys |= {
        make_cache_key(CacheKind("other", ()), [b"ab"]),
        make_cache_key(kind, [b"ab"]),
    }
    (code / "a.py").write_text("A = 22")
    # each process reads the state of the source only once
    entries._source_state.cache_clear()
    keys.add(make_cache_key(kind, [b"ab"]))
    (code / "b.py").write_text("")
    entries._source_state.cache_clear()
    keys.add(make_cache_key(kind, [b"ab"]))
    (code / "inner").mkdir()
    (code / "inner" / "c.toml").write_text("")
    entries._source_state.cache_clear()
    keys.add(make_cache_key(kind, [b"ab"]))
    assert len(keys) == 10


def test_writable_file_of_others_is_ignored(tmp_path: Path) -> None:
    key = make_cache_key(KIND, [b"a"])
    cache_value(KIND, key, ["a"])
    file = _find_entry_file(key)
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert read_cached_value(KIND, key) is None
    file.chmod(0o600)
    assert read_cached_value(KIND, key) == ["a"]
    file.parent.chmod(0o777)
    assert read_cached_value(KIND, key) is None
    moved = file.rename(tmp_path / "elsewhere")
    file.symlink_to(moved)
    assert read_cached_value(KIND, key) is None
    # the next write makes the folder private again
    assert cache_value(KIND, key, ["a"])
    assert moved.read_bytes(), "a link was written through"
    assert file.parent.stat().st_mode & 0o077 == 0
    assert read_cached_value(KIND, key) == ["a"]


def test_only_regular_files_are_read() -> None:
    key = make_cache_key(KIND, [b"a"])
    assert is_private_folder(cache_dir())
    os.mkfifo(_find_entry_file(key), 0o600)
    assert read_cached_value(KIND, key) is None
    _find_entry_file(key).unlink()
    _find_entry_file(key).mkdir(0o700)
    assert read_cached_value(KIND, key) is None
    assert not cache_value(KIND, key, ["a"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_entry_owned_by_another_user_is_ignored() -> None:
    key = make_cache_key(KIND, [b"a"])
    cache_value(KIND, key, ["a"])
    os.chown(_find_entry_file(key), 65534, 65534)
    assert read_cached_value(KIND, key) is None
    os.chown(_find_entry_file(key), 0, 0)
    os.chown(cache_dir(), 65534, 65534)
    assert read_cached_value(KIND, key) is None
    assert not cache_value(KIND, key, ["a"])
    assert not write_cache_file(cache_dir() / "releases" / "a", b"x")
    os.chown(cache_dir(), 0, 0)
    (cache_dir() / "graphs").symlink_to(cache_dir().parent)
    os.lchown(cache_dir() / "graphs", 65534, 65534)
    assert not is_private_folder(cache_dir() / "graphs")


def test_unwritable_home_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", ".")
    assert not cache_value(KIND, "key", {})
    assert read_cached_value(KIND, "key") is None
    assert not is_private_folder(cache_dir())


def test_oldest_entries_are_evicted() -> None:
    now = time.time()
    for number in range(KIND.keep + 3):
        cache_value(KIND, f"{number}", number)
        os.utime(_find_entry_file(f"{number}"), (now - 1000 + number,) * 2)
    cache_value(CacheKind("wordsmith", ()), "0", 0)
    # reading must update the time, so that the entry is not evicted
    os.utime(_find_entry_file("3"), (now - 90000,) * 2)
    assert read_cached_value(KIND, "3") == 3
    cache_value(KIND, "new", 1)
    left = sorted(file.name for file in cache_dir().iterdir())
    assert left == ["words-3", "words-5", "words-6", "words-new", "wordsmith-0"]


def test_oversized_values_are_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "_LARGEST", 100)
    assert not cache_value(KIND, "a", "x" * 100)
    assert cache_value(KIND, "a", "x" * 10)
    assert not cache_value(KIND, "b", object())


def test_eviction_deletes_files_and_directories(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "a").write_text("")
        os.utime(tmp_path / f"{number}", (number, number))
    evict_oldest(tmp_path, 1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["3"]
    evict_oldest(tmp_path / "none", 1)


def test_cache_path_depends_on_repository_and_version(tmp_path: Path) -> None:
    file = repository_cache_path("graphs", tmp_path, 1)
    assert file != repository_cache_path("graphs", tmp_path, 2)
    assert file != repository_cache_path("graphs", tmp_path / "a", 1)


def test_oversized_or_shared_file_is_ignored(tmp_path: Path) -> None:
    file = cache_dir() / "words-file"
    assert write_cache_file(file, b"a\nb\n")
    assert read_cache_file(file, 100) == b"a\nb\n"
    assert read_cache_file(file, 3) is None
    file.chmod(0o606)
    assert read_cache_file(file, 100) is None


def _write_entry_often(number: int) -> None:
    for _ in range(100):
        write_cache_file(cache_dir() / "words-shared", bytes([number]) * 10_000)


def test_file_replacement_is_atomic() -> None:
    write_cache_file(cache_dir() / "words-shared", b"\0" * 10_000)
    writers = [
        multiprocessing.get_context("fork").Process(target=_write_entry_often, args=(number,))
        for number in (1, 2)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        data = read_cache_file(cache_dir() / "words-shared", 20_000)
        assert data
        assert len(data) == 10_000
        assert len(set(data)) == 1
    for writer in writers:
        writer.join()
    assert [file.name for file in cache_dir().iterdir()] == ["words-shared"]
