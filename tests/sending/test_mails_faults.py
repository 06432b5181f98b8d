# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each message is sent exactly once, whatever fault occurs.

`python -m tests.lab.fault_table` tests all cases.
"""

from pathlib import Path

import pytest

from tests.lab.fault_table import CASES, run_case

pytestmark = pytest.mark.long

_BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize(
    ("via", "name", "again"),
    [
        ("git-send-email", "closed after DATA, kept", False),
        ("git-send-email", "killed at mail 3", False),
        ("git-send-email", "disk full after mail 3", False),
        ("git-send-email", "dropped before mail 3", True),
        ("b4", "closed after DATA, lost", False),
        ("b4", "disk full before mail 3", False),
    ],
)
def test_every_message_arrives_exactly_once(
    tmp_path: Path, via: str, name: str, again: bool
) -> None:
    row = run_case(tmp_path, via, _BY_NAME[name], patches=2, fails_twice=again)
    assert row.is_expected, row
    assert row.final == "sent"
