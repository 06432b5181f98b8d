# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that facts that become outdated are listed with their age.

If a fact is too old, a release is rejected.
"""

import runpy
from datetime import date, timedelta

import pytest

from tests.kit.source import ROOT

SCRIPT = runpy.run_path(str(ROOT / ".ci/data_age.py"))


def test_every_fact_has_a_date() -> None:
    # use a fixed date, because the tests must not fail only because time passes
    for days, fact in SCRIPT["ages"](date(2030, 1, 1)):
        assert days > 0, fact
        assert (ROOT / fact["file"]).is_file(), fact


def test_every_stable_list_is_documented() -> None:
    listed = {fact["file"] for _, fact in SCRIPT["ages"](date(2030, 1, 1))}
    projects = (ROOT / "checks/projects").glob("*.toml")
    dated = {
        f"checks/projects/{file.name}" for file in projects if "\nupdated = " in file.read_text()
    }
    assert dated <= listed


def test_age_limit_rejects_old_facts(capsys: pytest.CaptureFixture[str]) -> None:
    oldest = SCRIPT["ages"](date(2030, 1, 1))[0][0]
    written = date(2030, 1, 1) - timedelta(oldest)
    assert SCRIPT["main"](183, written + timedelta(183)) == 0
    assert SCRIPT["main"](183, written + timedelta(184)) == 1
    assert "older than 183 days" in capsys.readouterr().err


def test_release_checks_the_age() -> None:
    assert ".ci/data_age.py 183" in (ROOT / ".ci/release").read_text()
