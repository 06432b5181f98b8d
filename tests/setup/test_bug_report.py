# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `bug-report`."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from patchpilot.config import load_settings
from patchpilot.errors import BUG_LOG, PatchpilotError, write_bug_hint
from patchpilot.setup.bug_report import format_bug_report, read_last_traceback
from tests.kit.cli import call


@pytest.fixture
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_traceback(message: str) -> RuntimeError:
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        return error


def test_last_traceback_is_reported(temporary_folder: Path) -> None:
    assert read_last_traceback() == ""
    assert "no log of a bug" in format_bug_report(load_settings())
    hint = write_bug_hint(make_traceback("an older bug"))
    os.utime(hint.rpartition(" ")[2], (1, 1))
    write_bug_hint(make_traceback("in ```text``` of " + str(Path.home() / "linux")))
    (temporary_folder / f"{BUG_LOG}link.log").symlink_to("/etc/passwd")
    (temporary_folder / f"{BUG_LOG}folder.log").mkdir()
    report = format_bug_report(load_settings())
    assert "an older bug" not in report
    assert report.count("````") == 2
    assert "RuntimeError: in ```text``` of ~/linux" in report


def test_long_traceback_keeps_its_end(temporary_folder: Path) -> None:
    write_bug_hint(make_traceback("x" * 30_000 + " the end"))
    text = read_last_traceback()
    assert len(text) < 21_000
    assert text.startswith("[…]")
    assert text.endswith(" the end\n")


def test_private_settings_are_hidden() -> None:
    values = {
        "patchpilot.via": ["b4"],
        "patchpilot.strict": ["perhaps"],
        "patchpilot.mailbox": ["/home/secret"],
        "patchpilot.lore": ["https://lists.example.org/secret"],
        "patchpilot.unread": ["secret"],
    }
    problems: list[PatchpilotError] = []
    report = format_bug_report(load_settings(git_config=values, problems=problems))
    assert "- via = 'b4' (git config)" in report
    assert "- strict = 'perhaps' (git config, invalid)" in report
    assert "- mailbox = (not shown) (git config)" in report
    assert "- lore = (not shown) (git config)" in report
    assert "- unknown in git config: patchpilot.unread" in report
    assert "secret" not in report


def test_report_survives_unreadable_settings(temporary_folder: Path, workdir: Path) -> None:
    (workdir / ".git").write_text("gitdir: /nonexistent\n")
    outcome = call("doctor --report")
    assert outcome.code == 0
    assert f"- python {sys.version.split()[0]}" in outcome.out
    assert "### Last traceback" in outcome.out


def test_bug_points_to_the_report(temporary_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_bug(_: object) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr("patchpilot.setup.lts_branches.list_lts_series", raise_bug)
    outcome = call("setup stable --offline")
    outcome.expect(70, "`patchpilot doctor --report`")
    assert "RuntimeError: boom" in call("doctor --report").out
