# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide fixtures: a small history with a bug, created for each test."""

from pathlib import Path

import pytest

from tests.tags.culprits import RingHistory, create_ring_history


@pytest.fixture
def story(tmp_path: Path) -> RingHistory:
    return create_ring_history(tmp_path / "r")
