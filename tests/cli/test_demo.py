# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the command `demo`."""

from pathlib import Path

from patchpilot.errors import ExitCode
from tests.kit.cli import call


def test_tui_without_a_terminal_suggests_the_script() -> None:
    outcome = call("demo")
    assert outcome.code == ExitCode.USAGE
    assert "--script" in outcome.err


def test_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    outcome = call("demo --script --keep", tmp_path)
    assert outcome.code == ExitCode.USAGE
    assert "not empty" in outcome.err


def test_invalid_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        outcome = call("demo --script --keep", path)
        assert outcome.code == ExitCode.USAGE
        assert str(path) in outcome.err
