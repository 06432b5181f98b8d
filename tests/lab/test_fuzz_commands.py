# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the command fuzzer finds errors planted in the code, and that the same seed always
generates the same input.
"""

from pathlib import Path

import pytest

from patchpilot.threads import known_series
from tests.lab.fuzz_commands import FailureReport, HostileArchive, run_commands_in_world
from tests.lab.hostile_world import create_hostile_world


def test_bug_report_has_a_reproducer(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raise_bug(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.gettempdir", lambda: str(workdir))
    monkeypatch.setattr("tempfile.tempdir", str(workdir))
    monkeypatch.setattr(known_series, "open_store", raise_bug)
    report = FailureReport(5)
    run_commands_in_world(7, ["reply"], HostileArchive(), workdir, report)
    assert all(what.startswith("exit 70: ZeroDivisionError ") for what in report.failures)
    assert report.codes[70]
    assert "--seed 5 --world 7" in capsys.readouterr().out


def test_commands_survive_a_hostile_world(workdir: Path) -> None:
    report = FailureReport(2)
    run_commands_in_world(1, ["reply", "maintainers"], HostileArchive(), workdir, report)
    assert report.calls > 5
    assert not report.failures


def test_seed_reproduces_the_input(tmp_path: Path) -> None:
    inputs = []
    for name in ("a", "b"):
        (tmp_path / name / "w").mkdir(parents=True)
        world = create_hostile_world(tmp_path / name / "w", "3 4", "http://127.0.0.1:1")
        head = (world.repo / ".git" / "refs" / "heads" / "topic").read_text()
        inputs.append((head, world.mbox.read_bytes(), world.answers))
    assert inputs[0] == inputs[1]
