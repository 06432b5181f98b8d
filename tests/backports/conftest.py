# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide fixtures: a small project that is created for each test."""

from pathlib import Path

import pytest

from tests.backports.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a mainline repository with a fix at its tip."""
    return World(tmp_path)
