# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a branch of StGit or Jujutsu is rewritten only if its data stays connected."""

from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import topic

PREPARE = "prepare --fixes none --stable none --trailer 'Link: https://example.org/x' --yes"


def test_patch_of_stgit_is_not_rewritten(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    head = repo.git("rev-parse HEAD")
    # StGit 0 and later versions keep this ref for each applied patch
    repo.git("update-ref refs/patches/topic/change-line-2 HEAD")
    repo.git("branch topic.stgit")
    repo.patchpilot(PREPARE).expect(1, "StGit manages topic", "change-line-2", "stg commit --all")
    assert repo.git("rev-parse HEAD") == head
    # committed patches are ordinary commits, and the record of StGit is no other branch
    repo.git("update-ref -d refs/patches/topic/change-line-2")
    assert repo.patchpilot(PREPARE).code == 0
    assert "Link:" in repo.git("log -1 --format=%b")


def test_patch_of_another_branch_does_not_count(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("update-ref refs/patches/topic-2/change HEAD")
    assert repo.patchpilot(PREPARE).code == 0


def add_change_id(repo: Repo) -> None:
    """Add the header that jj writes to the last commit."""
    head, _, message = repo.git("cat-file commit HEAD").partition("\n\n")
    raw = f"{head}\nchange-id kkmpptxzrspxrzommnulwmwkkqwworpl\n\n{message}\n"
    commit = repo.git("hash-object -t commit -w --stdin", stdin=raw)
    repo.git(f"update-ref refs/heads/topic {commit}")


@pytest.mark.parametrize("has_id", [False, True])
def test_change_id_of_jujutsu_is_kept(tmp_path: Path, has_id: bool) -> None:
    repo = topic(tmp_path / "r", 1)
    (repo.path / ".jj").mkdir()
    if has_id:
        add_change_id(repo)
    outcome = repo.patchpilot(PREPARE)
    if not has_id:
        outcome.expect(1, "Jujutsu manages this repository", "jj describe")
        return
    assert outcome.code == 0
    commit = repo.git("cat-file commit HEAD")
    assert "\nchange-id kkmpptxzrspxrzommnulwmwkkqwworpl\n" in commit
    assert "Link: https://example.org/x" in commit
