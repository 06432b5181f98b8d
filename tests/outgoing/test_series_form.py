# SPDX-License-Identifier: GPL-2.0-or-later
"""What a project asks of a series and its versions: netdev wants a cover letter, and each version
in a thread of its own.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import topic


def noted(repo: Repo, line: str = "", *words: str) -> dict[str, Any]:
    """The warnings of a dry run, by name."""
    done = repo.patchpilot(
        "send --to widgets@lists.example.org --force 'a test' --dry-run --format json"
        f" {line}",
        *words,
    )
    return {load["name"]: load for load in done.json["warnings"]}


@pytest.mark.parametrize(
    "words", [("--profile", "netdev"), ("--subject-prefix", "PATCH net-next")]
)
def test_a_series_without_a_cover_letter_is_reported_where_the_project_wants_one(
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


def test_one_patch_or_another_project_needs_no_cover_letter(tmp_path: Path) -> None:
    assert "no-cover" not in noted(topic(tmp_path / "one", 1), "--profile netdev")
    assert "no-cover" not in noted(topic(tmp_path / "two", 2), "--profile linux")


def test_a_version_that_is_sent_as_a_reply_is_reported_where_the_project_forbids_it(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    words = ("-v", "2", "--in-reply-to", "<v1@example.org>")
    reported = noted(repo, *words, "--profile", "netdev")["version-as-reply"]
    assert "v2 is sent as a reply" in reported["message"]
    assert "version-as-reply" not in noted(repo, *words, "--profile", "linux")
    repo.patchpilot("draft --in-reply-to ''")
    assert "version-as-reply" not in noted(repo, "-v 2 --profile netdev")
    assert "version-as-reply" not in noted(
        topic(tmp_path / "first", 1), "--in-reply-to '<x@example.org>' --profile netdev"
    )
