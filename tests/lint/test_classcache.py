# SPDX-License-Identifier: GPL-2.0-or-later
"""Data classes made of kept code are the classes they would be without; what is damaged is made anew."""

import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.cache.loaded import cache_dir, load, store

PROGRAM = """
from patchpilot.lint import classcache
classcache.use()
classcache.use()
import dataclasses
from dataclasses import field, replace, FrozenInstanceError
made = [
    dataclasses.make_dataclass(
        "Frob", ["name", ("size", int, field(default=number)), (f"part{number}", int, field(default=9))], frozen=True, slots=True, order=True
    )
    for number in range(4)
]
one = made[3]("a")
assert (one.size, one.part3) == (3, 9) and repr(one) == "Frob(name='a', size=3, part3=9)"
assert one == made[3]("a") and hash(one) == hash(made[3]("a")) and one < replace(one, name="b") and made[1]("a").size == 1
try:
    one.size = 4
except FrozenInstanceError:
    pass
else:
    raise SystemExit("it was changed")
fresh = classcache._kept.fresh
classcache.keep()
print(fresh)
"""


def _run() -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_classes_of_kept_code_are_what_they_were() -> None:
    assert _run() > 0
    assert _run() == 0


def _kept_file() -> Path:
    (file,) = cache_dir().glob("classes-*")
    return file


def test_one_changed_bit_anywhere_is_noticed(tmp_path: Path) -> None:
    assert store(tmp_path / "kept", {"a": [1, 2, (3, "four")], "b": compile("1 + 1", "<string>", "eval")})
    whole = (tmp_path / "kept").read_bytes()
    assert load(tmp_path / "kept")["a"] == [1, 2, (3, "four")]
    for place in range(len(whole)):
        (tmp_path / "kept").write_bytes(whole[:place] + bytes((whole[place] ^ 1 << place % 8,)) + whole[place + 1 :])
        assert load(tmp_path / "kept") is None


def test_what_somebody_else_could_have_written_is_not_run(tmp_path: Path) -> None:
    _run()
    file = _kept_file()
    for mode in (0o620, 0o602):
        file.chmod(mode)
        assert load(file) is None
    file.chmod(0o600)
    assert load(file)
    file.parent.chmod(0o777)
    assert load(file) is None
    moved = file.rename(tmp_path / "elsewhere")
    file.symlink_to(moved)
    assert load(file) is None
    # a folder that others could write to is closed to them by the next run that keeps something
    assert _run() > 0
    assert file.parent.stat().st_mode & 0o077 == 0
    assert _run() == 0


def test_nobody_s_home_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", ".")
    assert not store(cache_dir() / "kept", {})
    assert load(cache_dir() / "kept") is None


@pytest.mark.parametrize("damage", [b"", b"junk", b"\xe9\x00", b"i\x01\x00\x00\x00"])
def test_what_cannot_be_read_is_made_anew(damage: bytes) -> None:
    _run()
    _kept_file().write_bytes(damage)
    assert _run() > 0
    assert _run() == 0
