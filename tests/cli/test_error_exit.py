# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the error that reports that git is missing."""

from pathlib import Path

import pytest

from patchpilot.errors import ExitCode
from tests.kit.repos import Repo


def test_missing_git_shows_an_install_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: wait", {"a.c": "int a;\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    outcome = repo.patchpilot("backport HEAD")
    assert outcome.code == ExitCode.MISSING
    assert "install git" in outcome.err
