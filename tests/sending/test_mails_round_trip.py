# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that messages arrive as they were previewed, and that `git am` recreates the commits.

`python -m tests.lab.delivery_table` tests all cases.
"""

from pathlib import Path

import pytest

from tests.lab.delivery_table import send_and_apply

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


@pytest.mark.parametrize(
    ("via", "origin", "patches"),
    [
        ("git-send-email", "plain", 5),
        ("git-send-email", "STARTTLS and login", 2),
        ("git-send-email", "TLS and login", 2),
        ("b4", "plain", 5),
        ("b4", "STARTTLS and login", 2),
    ],
)
def test_series_arrives_as_committed(tmp_path: Path, via: str, origin: str, patches: int) -> None:
    result = send_and_apply(tmp_path, via, origin, patches)
    assert result.is_intact(patches), result
