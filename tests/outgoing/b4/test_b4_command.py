# SPDX-License-Identifier: GPL-2.0-or-later
"""Test choosing b4.

The user's b4 is chosen if its version was tested, and otherwise the one in patchpilot's
environment.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.outgoing.b4 import b4_command
from tests.kit.cli import call


@pytest.fixture(autouse=True)
def forget_b4() -> Iterator[None]:
    """Forget the b4 found earlier, as in a new process."""
    b4_command.find_user_b4.cache_clear()
    yield
    b4_command.find_user_b4.cache_clear()


def install_b4(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> str:
    """Create a program b4 that prints this version, and put it first in PATH.

    Return the path of the program.
    """
    program = folder / "b4"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return str(program)


def test_tested_version_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = install_b4(tmp_path, monkeypatch, f"{b4_command.KNOWN_VERSION}.7")
    assert b4_command.make_b4_argv("send")[:2] == [program, "-n"]
    output = call("doctor --offline --via b4").out
    assert f"b4 {b4_command.KNOWN_VERSION}.7 ({program})" in " ".join(output.split())


@pytest.mark.parametrize("says", ["0.1.60", "99.0", "", "\x1b[2J"])
def test_untested_b4_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    program = install_b4(tmp_path, monkeypatch, says)
    assert program not in b4_command.make_b4_argv("send")
    output = call("doctor --offline --via b4").out
    assert f"({program}) is untested" in " ".join(output.split())
    assert "\x1b" not in output


def test_relative_path_entry_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_b4(tmp_path, monkeypatch, f"{b4_command.KNOWN_VERSION}.0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}/usr/bin")
    assert b4_command.find_user_b4() is None or b4_command.find_user_b4().path != "./b4"  # type: ignore[union-attr]
