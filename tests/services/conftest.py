# SPDX-License-Identifier: GPL-2.0-or-later
"""What several tests of the services need."""

import pytest

from tests.kit import cli


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdout is a terminal: the settings are those of the working tree."""
    monkeypatch.setattr(cli._Text, "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.delenv("CI", raising=False)
