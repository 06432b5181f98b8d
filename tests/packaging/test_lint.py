# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that .ci/lint runs a command while mypy checks types, and reports the failures of both."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.source import ROOT

WAIT_FOR_COMMAND = "until [ -e ran ]; do sleep 0.05; done"


def run_lint(folder: Path, *command: str, **tools: str) -> int:
    """Run .ci/lint with tools that are shell scripts, and return its exit code."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "lint", folder / ".ci" / "lint")
    (folder / "bin").mkdir()
    for name in ("mypy", "ruff", "lint-imports", "vulture", "python"):
        tool = folder / "bin" / name
        tool.write_text(f"#!/bin/sh\n{tools.get(name, 'exit 0')}\n")
        tool.chmod(0o755)
    arguments = [folder / ".ci" / "lint", folder / "bin", *command]
    return subprocess.run(arguments, timeout=30, check=False).returncode


@pytest.mark.parametrize(
    ("mypy", "exit_code", "expected"),
    [
        (f"{WAIT_FOR_COMMAND}; exit 0", 0, 0),
        (f"{WAIT_FOR_COMMAND}; exit 1", 0, 1),
        (f"{WAIT_FOR_COMMAND}; exit 0", 5, 5),
        ("exit 0", 0, 0),
        ("exit 0", 5, 5),
    ],
)
def test_command_runs_while_types_are_checked(
    tmp_path: Path, mypy: str, exit_code: int, expected: int
) -> None:
    command = ("sh", "-c", f"echo >>ran; exit {exit_code}")
    assert run_lint(tmp_path, *command, mypy=mypy) == expected
    assert (tmp_path / "ran").read_text() == "\n"


def test_command_is_not_run_after_a_failure(tmp_path: Path) -> None:
    assert run_lint(tmp_path, "touch", "ran", vulture="exit 1") == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("exit_code", [0, 1])
def test_no_command_is_needed(tmp_path: Path, exit_code: int) -> None:
    assert run_lint(tmp_path, mypy=f"exit {exit_code}") == exit_code
