# SPDX-License-Identifier: GPL-2.0-or-later
"""Test grouping files and commits into series by number, version and thread."""

from pathlib import Path

import pytest

from patchpilot.commits.range import (
    format_commit_patch,
    read_commits_series,
    read_revision_series,
    resolve_commits,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from tests.kit.topics import topic


def test_target_can_be_commit_or_range(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 3)
    ids = repo.git("rev-list --reverse master..topic").split()
    with Repository.open(repo.path) as repository:
        assert resolve_commits(repository, "HEAD~1") == (ids[1],)
        repo.git("branch 0001-fix.patch", ids[0])
        assert resolve_commits(repository, "0001-fix.patch") == (ids[0],)
        assert list(resolve_commits(repository, "master..")) == ids
        assert list(resolve_commits(repository, f"{ids[0]}..HEAD~1")) == [ids[1]]
        series = read_revision_series(repository, f"{ids[0]}..{ids[2]}")
        assert ([patch.commit for patch in series.patches], series.base) == (
            ids[1:],
            ids[0],
        )
        alone = read_revision_series(repository, "HEAD")
        assert ([patch.commit for patch in alone.patches], alone.base) == (
            [ids[2]],
            None,
        )
        assert read_commits_series(repository, ids, "b").base == "b"
        for target, word in (
            ("master...topic", "two dots"),
            ("topic..master", "no commits in this range"),
        ):
            with pytest.raises(UsageError, match=word) as error:
                resolve_commits(repository, target)
            assert error.value.hint


def test_single_commit_has_no_number(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 2)
    for name, value in (
        ("format.to", "a@example.org"),
        ("format.numbered", "true"),
        ("format.headers", "X-A: b\n"),
        ("format.signature", "s"),
    ):
        repo.git("config", name, value)
    with Repository.open(repo.path) as repository:
        patch = format_commit_patch(repository, repo.git("rev-parse HEAD"))
    assert patch.header("Subject") == "[PATCH] widget: change line 2"
    assert (patch.header("To"), patch.header("X-A")) == (None, None)
    assert not [line for line in patch.lines if line.rstrip() == "--"]
    assert patch.commit == repo.git("rev-parse HEAD")
    assert patch.source == repo.git("rev-parse HEAD")[:12]
