# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a new release opens the merge window."""

from datetime import timedelta
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.projects.loading import find_project
from patchpilot.sending.preflight_facts import _format_merge_window_message
from tests.kit.topics import topic


def test_new_release_opens_the_merge_window(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.checkout("master")
    repo.tag("v6.99")
    repo.git("remote add origin", str(repo.path))
    repo.git("fetch -q origin")
    with Repository.open(repo.path) as repository:
        released = repository.commit(repository.resolve("v6.99")).committed
        reported = _format_merge_window_message(
            repository, find_project("netdev"), None, released + timedelta(days=3)
        )
        assert "net-next is closed" in reported
        assert "after v6.99" in _format_merge_window_message(
            repository, find_project("linux"), None, released + timedelta(days=3)
        )
        assert (
            _format_merge_window_message(
                repository, find_project("linux"), None, released + timedelta(days=20)
            )
            == ""
        )
