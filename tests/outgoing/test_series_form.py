# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what a project requires of a series: netdev wants a cover letter."""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import topic


def noted(repo: Repo, line: str = "", *words: str) -> dict[str, Any]:
    """Return the warnings of a dry run, by name."""
    done = repo.patchpilot(
        "send --to widgets@lists.example.org --force 'a test' --dry-run --format json"
        f" {line}",
        *words,
    )
    return {load["name"]: load for load in done.json["warnings"]}


@pytest.mark.parametrize(
    "words", [("--profile", "netdev"), ("--subject-prefix", "PATCH net-next")]
)
def test_series_without_a_cover_letter_is_reported_where_the_project_wants_one(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    repo = topic(tmp_path / "r", 2)
    reported = noted(repo, *words)["no-cover"]
    assert reported["message"] == "a series of 2 patches without a cover letter"
    assert "--cover-subject" in reported["hint"]
    repo.patchpilot(
        "draft --cover-subject 'widget: two lines' --cover 'Both were wrong.'"
    )
    assert "no-cover" not in noted(repo, *words)
