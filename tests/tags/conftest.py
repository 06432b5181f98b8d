# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide fixtures for tests of tags.

A small history with a bug is created for each test.
"""

from pathlib import Path

import pytest

from tests.tags.culprits import RingHistory, create_ring_history


@pytest.fixture
def ring_history(tmp_path: Path) -> RingHistory:
    return create_ring_history(tmp_path / "r")
