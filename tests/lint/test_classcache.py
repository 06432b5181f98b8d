# SPDX-License-Identifier: GPL-2.0-or-later
"""Data classes made of kept code are the classes they would be without; what is damaged is made anew."""

import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.lint.kept import cache_dir

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


@pytest.mark.parametrize("damage", [b"", b"junk", b"\xe9\x00", b"i\x01\x00\x00\x00"])
def test_what_cannot_be_read_is_made_anew(damage: bytes) -> None:
    _run()
    (file,) = Path(cache_dir()).glob("classes-*")
    file.write_bytes(damage)
    assert _run() > 0
    assert _run() == 0
