# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept between runs is read only where it is whole and nobody else could have written it."""

from pathlib import Path

import pytest

from patchpilot.cache.loaded import cache_dir, key_of, load, recall, remember, store


def test_one_changed_bit_anywhere_is_noticed(tmp_path: Path) -> None:
    assert store(tmp_path / "kept", {"a": [1, 2, (3, "four")]})
    whole = (tmp_path / "kept").read_bytes()
    assert load(tmp_path / "kept") == {"a": [1, 2, (3, "four")]}
    for place in range(len(whole)):
        (tmp_path / "kept").write_bytes(whole[:place] + bytes((whole[place] ^ 1 << place % 8,)) + whole[place + 1 :])
        assert load(tmp_path / "kept") is None


def test_what_somebody_else_could_have_written_is_not_read(tmp_path: Path) -> None:
    key = key_of([b"a"])
    remember("words", key, ["a"])
    file = cache_dir() / f"words-{key}"
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert recall("words", key) is None
    file.chmod(0o600)
    assert recall("words", key) == ["a"]
    file.parent.chmod(0o777)
    assert recall("words", key) is None
    moved = file.rename(tmp_path / "elsewhere")
    file.symlink_to(moved)
    assert recall("words", key) is None
    # a folder that others could write to is closed to them by the next run that keeps something
    remember("words", key, ["a"])
    assert file.parent.stat().st_mode & 0o077 == 0
    assert recall("words", key) == ["a"]


def test_nobody_s_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", ".")
    assert not store(cache_dir() / "kept", {})
    assert load(cache_dir() / "kept") is None


@pytest.mark.parametrize("damage", [b"", b"junk", b"\xe9\x00", b"i\x01\x00\x00\x00"])
def test_what_cannot_be_read_is_none(damage: bytes) -> None:
    key = key_of([b"a"])
    remember("words", key, ["a"])
    (cache_dir() / f"words-{key}").write_bytes(damage)
    assert recall("words", key) is None
