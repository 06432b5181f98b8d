# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the commands at the end of the demo work in the shell from which it was started."""

import sys
from pathlib import Path

import pytest

from patchpilot.demo.own_tree import (
    find_folder_outside_path,
    format_kept_text,
    format_own_tree_text,
)


def test_commands_use_the_shell_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "patchpilot"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_folder_outside_path() == ""
    assert "PATH=" not in format_own_tree_text()
    assert format_own_tree_text().endswith(
        "The demo removes its files; `patchpilot demo` starts it again."
    )
    assert format_own_tree_text(kept=True).endswith("\n`patchpilot demo` starts a new sandbox.")
    kept = format_kept_text(tmp_path / "my demo", tmp_path / "my demo" / "linux")
    assert f"    . '{tmp_path}/my demo/env'; cd '{tmp_path}/my demo/linux'" in kept


def test_folder_is_added_to_path_if_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = find_folder_outside_path()
    assert folder == str(Path(sys.executable).parent)
    rows = format_own_tree_text("/opt/my tools/bin").split("\n")
    assert rows[2:4] == ["    PATH='/opt/my tools/bin':$PATH", "    cd ~/linux"]
    assert rows[-1].endswith("`'/opt/my tools/bin/patchpilot' demo` starts it again.")
