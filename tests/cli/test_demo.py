# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the command `demo`."""

from pathlib import Path

import pytest

from patchpilot.demo.demo_repository import TOPIC
from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.terminal import PROGRAM, Terminal


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


def test_help_and_tutorial_name_the_branch_with_replies() -> None:
    sentence = f"Only the patches of its branch {TOPIC} get replies."
    assert sentence in " ".join(call("demo --help").out.split())
    tutorial = Path(__file__).parents[2] / "docs" / "tutorial" / "first-fix.md"
    assert f"branch `{TOPIC}` get replies" in " ".join(tutorial.read_text().split())


def test_shell_names_the_branch_with_replies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/true")
    arguments = [*PROGRAM, "demo", "--shell"]
    with Terminal(arguments, tmp_path, size=(120, 40)) as terminal:
        assert terminal.end() == 0
    assert f"Only the patches of the branch {TOPIC} get replies" in terminal.seen
