# SPDX-License-Identifier: GPL-2.0-or-later
"""Test from which revision a fix is searched for the kernel of a log."""

from pathlib import Path

import pytest

from patchpilot.backports.targets import branch_ref
from patchpilot.commits.repository import Repository
from patchpilot.finding.kernel_version import KernelVersion
from patchpilot.finding.searched_tree import find_searched_tree
from tests.kit.repos import Repo


@pytest.fixture
def repo(workdir: Path) -> Repo:
    """Create a mainline with v6.0 to v6.2-rc2, and a stable branch of which 6.1.1 has a tag."""
    linux_repo = Repo(workdir / "linux")
    files = {"Kbuild": "x\n", "Kconfig": "x\n", "MAINTAINERS": "x\n"}
    for release in ("6.0", "6.1", "6.2-rc1", "6.2-rc2"):
        linux_repo.commit(f"Linux {release}\n", {**files, "Makefile": f"VERSION = {release}\n"})
        linux_repo.tag(f"v{release}")
    linux_repo.git("update-ref refs/remotes/origin/master HEAD")
    linux_repo.git("checkout -q --detach v6.1")
    for release in ("6.1.1", "6.1.2", "6.1.3"):
        linux_repo.commit(f"Linux {release}\n", {"Makefile": f"VERSION = {release}\n"})
    linux_repo.git("tag v6.1.1 HEAD~2")
    linux_repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    linux_repo.git("checkout -q --detach origin/master")
    return linux_repo


@pytest.mark.parametrize(
    ("release", "name", "note"),
    [
        ("", "HEAD", ""),
        ("6.1", "v6.1", ""),
        ("6.1.1", "v6.1.1", ""),
        ("6.2-rc2", "v6.2-rc2", ""),
        ("6.2-rc3", "v6.2-rc2", "v6.2-rc3 is not here"),
        ("6.2", "v6.2-rc2", "v6.2 is not here"),
        ("6.1.9", "v6.1.1", "v6.1.9 is not here"),
        ("6.0.7", "v6.0", "v6.0.7 is not here"),
        ("5.10", "HEAD", "v5.10, the release of the log, is not here"),
    ],
)
def test_search_starts_at_the_release_or_before(
    repo: Repo, release: str, name: str, note: str
) -> None:
    with Repository.open(repo.path) as repository:
        tree = find_searched_tree(repository, KernelVersion(release, release, release))
    assert (tree.name, tree.note[: len(note)], bool(tree.note)) == (name, note, bool(note))


def test_release_without_a_tag_is_found_in_its_branch(repo: Repo) -> None:
    with Repository.open(repo.path) as repository:
        tree = find_searched_tree(repository, KernelVersion("6.1.2", "6.1.2", "x"))
    assert tree.name == repo.git("rev-parse stable/linux-6.1.y~1").strip()
    assert tree.note.endswith("is v6.1.2")


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("6.1", "stable/linux-6.1.y"),
        ("6.1.1", "v6.1.1"),
        ("v6.1.1", "v6.1.1"),
        ("6.1.2", "stable/linux-6.1.y~1"),
        ("6.2-rc2", "v6.2-rc2"),
    ],
)
def test_branch_is_named_by_a_release_too(repo: Repo, name: str, ref: str) -> None:
    with Repository.open(repo.path) as repository:
        found = branch_ref(repository, name)
        assert branch_ref(repository, "6.1.9") == "6.1.9"
        assert branch_ref(repository, "6.2") == "6.2", "a series is not its first release"
        assert repository.resolve(found) == repository.resolve(ref)
