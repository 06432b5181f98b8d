# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide fixtures for several tests of the services."""

import pytest

from tests.kit import cli


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli._Text, "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("CI", raising=False)
