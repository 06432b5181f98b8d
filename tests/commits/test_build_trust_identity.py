# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that trust in builds belongs to a repository, not only to its path."""

import shutil
from pathlib import Path

from patchpilot.commits.build_trust import is_build_trusted, make_build_trust_item
from patchpilot.commits.private_config import trust_digests
from tests.kit.repos import Repo


def trust_build(repo: Repo) -> None:
    item = make_build_trust_item(repo.path)
    trust_digests({item.digest: item.label})


def test_another_repository_at_a_trusted_path_is_not_trusted(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("begin", {"Makefile": "all:\n"})
    trust_build(repo)
    assert is_build_trusted(repo.path)
    shutil.rmtree(repo.path)
    other = Repo(tmp_path / "r")
    other.commit("begin", {"Makefile": "all:\n"})
    assert not is_build_trusted(other.path)


def test_trust_applies_after_a_commit_and_a_fetch(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("begin", {"Makefile": "all:\n"})
    trust_build(repo)
    repo.commit("go on", {"Makefile": "all:\n\ttrue\n"})
    repo.git("remote add origin https://example.org/linux.git")
    assert is_build_trusted(repo.path)


def test_reading_trust_writes_nothing_to_the_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("begin", {"Makefile": "all:\n"})
    files = sorted(repo.path.rglob("*"))
    assert not is_build_trusted(repo.path)
    assert sorted(repo.path.rglob("*")) == files
