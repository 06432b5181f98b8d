# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a fixture that makes sends retry without waiting."""

import pytest


@pytest.fixture(autouse=True)
def retry_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.outgoing.retries.WAITS", (0.05, 0.1, 0.1))
