# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what projects require of a series. For example, netdev requires a cover letter."""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import topic


def find_dry_run_warnings(repo: Repo, line: str = "", *arguments: str) -> dict[str, Any]:
    result = repo.patchpilot(
        f"send --to widgets@lists.example.org --force 'a test' --dry-run --format json {line}",
        *arguments,
    )
    return {warning["name"]: warning for warning in result.json["warnings"]}


@pytest.mark.parametrize("words", [("--profile", "netdev"), ("--subject-prefix", "PATCH net-next")])
def test_missing_cover_letter_is_reported(tmp_path: Path, words: tuple[str, ...]) -> None:
    repo = topic(tmp_path / "r", 2)
    reported_problems = find_dry_run_warnings(repo, *words)["no-cover"]
    assert reported_problems["message"] == "a series of 2 patches without a cover letter"
    assert "--cover-subject" in reported_problems["hint"]
    repo.patchpilot("draft --cover-subject 'widget: two lines' --cover 'Both were wrong.'")
    assert "no-cover" not in find_dry_run_warnings(repo, *words)
