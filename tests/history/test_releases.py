# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the first release that contains a commit."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.history.releases import Releases, list_mainline_releases, parse_release
from tests.kit.repos import Repo


@pytest.mark.parametrize(
    ("name", "numbers", "candidate"),
    [
        ("v6.1", (6, 1), None),
        ("v6.1-rc3", (6, 1), 3),
        ("v2024.01-rc1", (2024, 1), 1),
        ("RELEASE-4.17.0", (4, 17, 0), None),
        ("v1.2.3r4", (1, 2, 3, 4), None),
    ],
)
def test_tags_are_read_as_versions(
    name: str, numbers: tuple[int, ...], candidate: int | None
) -> None:
    release = parse_release(name)
    assert release is not None
    assert (release.numbers, release.candidate) == (numbers, candidate)


@pytest.mark.parametrize("name", ["next-20240101", "v6.1-android", "backup", "v6"])
def test_other_tags_are_skipped(name: str) -> None:
    assert parse_release(name) is None


def test_point_releases_are_skipped() -> None:
    names = ["v6.1", "v6.1.1", "v6.2-rc1", "v2.6.32", "v2.6.32.5"]
    releases = list_mainline_releases(
        [release for name in names if (release := parse_release(name))]
    )
    assert [release.name for release in releases] == ["v2.6.32", "v6.1", "v6.2-rc1"]


def test_first_release_follows_a_late_merge(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("one", {"a": "1\n"})
    repo.tag("v1.0")
    repo.branch("topic")
    topic = repo.commit("topic", {"b": "1\n"})
    repo.checkout("master")
    direct = repo.commit("two", {"a": "2\n"})
    for number in range(1, 8):
        repo.tag(f"v1.{number}-rc1")
        repo.commit(f"step {number}", {"a": f"{number}0\n"})
        repo.tag(f"v1.{number}")
    repo.git("merge -q --no-ff -m 'Merge topic' topic")
    repo.commit("last", {"a": "end\n"})
    repo.tag("v2.0-rc1")
    late_commit = repo.commit("unreleased", {"a": "after\n"})
    with Repository.open(tmp_path / "r") as repository:
        releases = Releases(repository)
        first = [
            release.name if (release := releases.first(commit)) else None
            for commit in (topic, direct, late_commit)
        ]
    assert first == ["v2.0-rc1", "v1.1-rc1", None]


def test_final_release_can_be_requested(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("one", {"a": "1\n"})
    repo.tag("v1.0-rc1")
    second_commit = repo.commit("two", {"a": "2\n"})
    repo.tag("v1.0")
    three = repo.commit("three", {"a": "3\n"})
    repo.tag("v1.1-rc1")
    with Repository.open(tmp_path / "r") as repository:
        releases = Releases(repository)
        names = [
            release.name if (release := releases.first(commit, final=True)) else None
            for commit in (first_commit, second_commit, three)
        ]
    assert names == ["v1.0", "v1.0", None]


def test_moved_tag_invalidates_the_cache(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    first_commit = repo.commit("one", {"a": "1\n"})
    repo.tag("v1.0")
    second_commit = repo.commit("two", {"a": "2\n"})
    repo.tag("v1.1")

    def find_first_release(commit: str) -> str | None:
        with Repository.open(tmp_path / "r") as repository:
            release = Releases(repository).first(commit)
        return release.name if release else None

    assert [
        find_first_release(first_commit),
        find_first_release(second_commit),
        find_first_release(second_commit),
    ] == [
        "v1.0",
        "v1.1",
        "v1.1",
    ]
    repo.git("tag -d v1.1")
    assert find_first_release(second_commit) is None
    repo.git("tag v2.0", second_commit)
    assert find_first_release(second_commit) == "v2.0"
