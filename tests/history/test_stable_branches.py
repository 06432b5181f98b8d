# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the stable branches among the refs, and the stable branches missing from them."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.history.stable_branches import (
    find_linux_next_tip,
    find_mainline,
    find_mainline_tip,
    find_stable_branches,
    find_version,
    list_mainline_tips,
)
from tests.kit.repos import Repo

TODAY = date(2026, 11, 20)


def create_branches(path: Path, *refs: str) -> Repo:
    repo = Repo(path / "r")
    repo.commit("start", {"Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"})
    for ref in refs:
        repo.git("update-ref", ref, "HEAD")
    return repo


def find_branches_and_missing(repo: Repo, **options: object) -> tuple[list[str], list[str]]:
    with Repository.open(repo.path) as repository:
        found_branches = find_stable_branches(repository, today=TODAY, **options)  # type: ignore[arg-type]
        return [branch.name for branch in found_branches.branches], [
            missing_branch.version for missing_branch in found_branches.missing
        ]


STABLE = "refs/remotes/stable"


@pytest.mark.parametrize(
    ("refs", "options", "names"),
    [
        (
            (
                f"{STABLE}/linux-6.1.y",
                f"{STABLE}/linux-5.4.y",
                "refs/heads/linux-6.6.y",
            ),
            {},
            ["stable/linux-6.1.y", "linux-6.6.y"],
        ),
        # unsupported series are listed on request
        (
            (f"{STABLE}/linux-6.1.y", f"{STABLE}/linux-5.4.y"),
            {"include_ended": True},
            ["stable/linux-5.4.y", "stable/linux-6.1.y"],
        ),
        # the latest stable branch is included if it is newer than the long-term branches
        (
            [f"{STABLE}/linux-{version}.y" for version in ("6.1", "6.18", "6.17", "6.19")],
            {},
            ["stable/linux-6.1.y", "stable/linux-6.18.y", "stable/linux-6.19.y"],
        ),
        (
            (f"{STABLE}/linux-6.18.y", f"{STABLE}/linux-6.13.y"),
            {},
            ["stable/linux-6.18.y"],
        ),
        # a release candidate's branch is never the stable branch
        (
            ("refs/remotes/stable-rc/linux-6.1.y", "refs/remotes/other/linux-6.1.y"),
            {},
            ["other/linux-6.1.y"],
        ),
        (
            (f"{STABLE}/linux-6.1.y", "refs/remotes/mine/linux-6.1.y"),
            {"remote": "mine"},
            ["mine/linux-6.1.y"],
        ),
        (
            (f"{STABLE}/linux-6.1.y", "refs/heads/linux-6.1.y"),
            {},
            ["stable/linux-6.1.y"],
        ),
        # other projects name their branches differently
        (
            [f"refs/heads/{name}" for name in ("23.11", "24.11", "24.11-staging", "20.11")],
            {},
            ["23.11", "24.11"],
        ),
        (
            [f"refs/heads/{name}" for name in ("23.11", "24.11", "20.11")],
            {"include_ended": True},
            ["20.11", "23.11", "24.11"],
        ),
    ],
)
def test_stable_branches_are_found(
    tmp_path: Path, refs: Sequence[str], options: dict[str, Any], names: list[str]
) -> None:
    assert find_branches_and_missing(create_branches(tmp_path, *refs), **options)[0] == names


def test_series_without_a_branch_are_listed(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, f"{STABLE}/linux-6.1.y", "refs/heads/linux-6.6.y")
    assert find_branches_and_missing(repo)[1] == ["5.10", "5.15", "6.12", "6.18"]


def has_stale_branches(repo: Repo, today: date = TODAY) -> bool:
    with Repository.open(repo.path) as repository:
        return find_stable_branches(repository, today=today).branches[0].stale


def age_files(*files: Path) -> None:
    for file in files:
        os.utime(file, (1_700_000_000, 1_700_000_000))


def test_fetched_quiet_branch_is_current(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/remotes/stable/linux-6.1.y")
    assert not has_stale_branches(repo)


def test_unfetched_branch_is_stale(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/remotes/stable/linux-6.1.y")
    age_files(repo.path / ".git" / "logs" / "refs" / "remotes" / "stable" / "linux-6.1.y")
    assert has_stale_branches(repo)
    assert not has_stale_branches(repo, date(2023, 11, 20))


def test_fresh_clone_is_not_stale(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/remotes/stable/linux-6.1.y")
    logs = repo.path / ".git" / "logs" / "refs" / "remotes" / "stable"
    # git clone writes a log for the remote's HEAD, but not for its branches
    (logs / "linux-6.1.y").rename(logs / "HEAD")
    assert not has_stale_branches(repo)
    age_files(logs / "HEAD")
    assert has_stale_branches(repo)


def test_unchanged_fetch_updates_the_age_of_its_remote(
    tmp_path: Path,
) -> None:
    repo = create_branches(tmp_path, "refs/remotes/stable/linux-6.1.y")
    age_files(repo.path / ".git" / "logs" / "refs" / "remotes" / "stable" / "linux-6.1.y")
    repo.git("config remote.stable.url https://example.org/stable.git")
    (repo.path / ".git" / "FETCH_HEAD").write_text(
        "1234\t\tbranch 'master' of https://example.org/other\n"
    )
    assert has_stale_branches(repo)
    (repo.path / ".git" / "FETCH_HEAD").write_text(
        "1234\t\tbranch 'linux-6.1.y' of https://example.org/stable\n"
    )
    assert not has_stale_branches(repo)


def test_branch_before_a_known_release_is_stale(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/heads/linux-6.1.y")
    assert not has_stale_branches(repo)
    repo.tag("v6.1")
    assert not has_stale_branches(repo)
    repo.commit("Linux 6.1.1", {"Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 1\n"})
    repo.tag("v6.1.1")
    assert has_stale_branches(repo)


def test_missing_series_has_a_fetch_command(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/remotes/korg/linux-6.1.y")

    def find_command() -> str:
        with Repository.open(repo.path) as repository:
            return find_stable_branches(repository, today=TODAY).missing[0].command

    # nothing can be fetched from a remote that is gone
    assert find_command().startswith("git remote add stable https://")
    server = Repo(tmp_path / "server")
    server.commit("start")
    server.git("branch linux-5.10.y")
    repo.git("remote add -t linux-6.1.y korg", str(server.path))
    command = find_command()
    assert command == "git fetch korg linux-5.10.y:refs/remotes/korg/linux-5.10.y"
    repo.git(command.removeprefix("git "))
    assert repo.git("branch -r --list korg/linux-5.10.y")
    repo.git("update-ref -d refs/remotes/korg/linux-5.10.y")
    repo.git("remote set-branches korg *")
    assert find_command() == "git fetch korg linux-5.10.y"
    bare = Repo(tmp_path / "b")
    bare.commit("start")
    with Repository.open(bare.path) as repository:
        assert (
            find_stable_branches(repository, today=TODAY)
            .missing[0]
            .command.startswith("git remote add stable https://git.kernel.org/")
        )


def test_version_comes_from_the_ref_or_tree(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/heads/linux-5.15.y")
    with Repository.open(repo.path) as repository:
        stable = find_stable_branches(repository).stable
        tip = repository.resolve("HEAD")
        assert find_version(repository, stable, tip, "linux-5.15.y") == "5.15"
        assert find_version(repository, stable, tip, "HEAD") == "6.1"


def test_mainline_is_the_latest_master(tmp_path: Path) -> None:
    repo = create_branches(tmp_path)
    old_commit = repo.git("rev-parse HEAD")
    new_commit = repo.commit("next")
    repo.git("update-ref refs/remotes/origin/master", new_commit)
    repo.git("reset -q --hard", old_commit)
    with Repository.open(repo.path) as repository:
        assert find_mainline_tip(repository) == new_commit
    repo.git("config patchpilot.mainline", old_commit[:12])
    with Repository.open(repo.path) as repository:
        assert find_mainline_tip(repository) == old_commit
        assert list_mainline_tips(repository) == {old_commit}
    repo.git("config patchpilot.mainline mastre")
    with (
        Repository.open(repo.path) as repository,
        pytest.raises(UsageError, match="mastre"),
    ):
        find_mainline_tip(repository)


def test_local_mainline_is_master_or_main(
    tmp_path: Path,
) -> None:
    """Test that branches such as coverity-tested/master in Xen's mirror are rejected."""
    repo = create_branches(tmp_path)
    repo.git("branch -q -m topic")
    tip = repo.commit("tested")
    for name in (
        "tested/master",
        "origin/master",
        "mainline/master",
        "upstream/main",
        "next/master",
    ):
        repo.git("branch", name)
        repo.git("tag", f"torvalds/{name.rpartition('/')[2]}", must_succeed=False)
    with Repository.open(repo.path) as repository:
        assert (
            find_mainline_tip(repository),
            list_mainline_tips(repository),
            find_linux_next_tip(repository),
        ) == (
            None,
            set(),
            None,
        )
    repo.git("branch main HEAD~")
    with Repository.open(repo.path) as repository:
        branch = find_mainline(repository)
        assert branch is not None
        assert (branch.name, branch.tip) == ("main", repo.git("rev-parse main"))
        assert "local branch" in branch.reason
    repo.git("update-ref refs/remotes/origin/master main")
    repo.git("update-ref refs/remotes/origin/tested/master", tip)
    with Repository.open(repo.path) as repository:
        branch = find_mainline(repository)
        assert branch is not None
        assert (branch.name, branch.tip) == (
            "origin/master",
            repo.git("rev-parse main"),
        )
        assert list_mainline_tips(repository) == {branch.tip}


def test_next_trees_are_not_mainline(tmp_path: Path) -> None:
    repo = create_branches(tmp_path)
    old_commit = repo.git("rev-parse HEAD")
    for remote in ("linux-next", "stable-queue", "stable-rc"):
        repo.git("update-ref", f"refs/remotes/{remote}/master", repo.commit(remote))
    repo.git("update-ref refs/remotes/torvalds/master", old_commit)
    with Repository.open(repo.path) as repository:
        assert find_mainline_tip(repository) == old_commit


def commit_on(repo: Repo, ref: str, start: str = "master") -> None:
    """Add a commit to a ref."""
    repo.git("checkout -q --detach", start)
    repo.commit(f"commit on {ref}", {"a.c": f"{ref}\n"})
    repo.git("update-ref", ref, "HEAD")
    repo.git("checkout -q master")


def find_names(repo: Repo, **options: Any) -> tuple[list[str], dict[str, str]]:
    """Return the names of the judged branches, and the reasons of the skipped ones."""
    with Repository.open(repo.path) as repository:
        found = find_stable_branches(repository, today=TODAY, **options)
        return [row.name for row in found.branches], {
            row.branch: row.reason for row in found.skipped
        }


def test_local_branch_with_a_slash_is_not_of_a_remote(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, "refs/heads/linux-6.1.y", "refs/remotes/origin/linux-6.6.y")
    for version in ("6.1", "6.6", "6.12"):
        commit_on(repo, f"refs/heads/distro/linux-{version}.y")
    names, skipped = find_names(repo)
    assert names == ["linux-6.1.y", "origin/linux-6.6.y"]
    assert skipped == {
        f"distro/linux-{version}.y": "a local branch of another name"
        for version in ("6.1", "6.6", "6.12")
    }
    with Repository.open(repo.path) as repository:
        missing = find_stable_branches(repository, today=TODAY).missing
    assert "6.12" in [row.version for row in missing]
    assert not any("git fetch distro" in row.command for row in missing)


@pytest.mark.parametrize(
    ("newer", "older"), [("origin", "stable"), ("stable", "origin"), ("other", "stable")]
)
def test_branch_that_contains_the_other_counts(tmp_path: Path, newer: str, older: str) -> None:
    repo = create_branches(tmp_path, f"refs/remotes/{older}/linux-6.1.y")
    commit_on(repo, f"refs/remotes/{newer}/linux-6.1.y")
    names, skipped = find_names(repo)
    assert names == [f"{newer}/linux-6.1.y"]
    assert skipped == {f"{older}/linux-6.1.y": f"older than {newer}/linux-6.1.y"}
    assert find_names(repo, remote=older)[0] == [f"{older}/linux-6.1.y"]


def test_diverged_branch_is_skipped_with_a_reason(tmp_path: Path) -> None:
    repo = create_branches(tmp_path)
    for remote in ("stable", "mirror"):
        commit_on(repo, f"refs/remotes/{remote}/linux-6.1.y")
    repo.git("update-ref refs/remotes/same/linux-6.1.y refs/remotes/stable/linux-6.1.y")
    names, skipped = find_names(repo)
    assert names == ["stable/linux-6.1.y"]
    assert skipped == {"mirror/linux-6.1.y": "differs from stable/linux-6.1.y"}


def test_no_branch_is_skipped_without_a_reason(tmp_path: Path) -> None:
    refs = [f"{STABLE}/linux-{version}.y" for version in ("4.9", "5.3", "6.18", "6.19", "7.0")]
    names, skipped = find_names(create_branches(tmp_path, *refs))
    assert names == ["stable/linux-6.18.y", "stable/linux-7.0.y"]
    assert skipped == {
        "stable/linux-4.9.y": "support has ended",
        "stable/linux-5.3.y": "support has ended",
        "stable/linux-6.19.y": "not long-term",
    }


def test_stale_branch_has_the_date_of_its_last_fetch(tmp_path: Path) -> None:
    repo = create_branches(tmp_path, f"{STABLE}/linux-6.1.y")
    age_files(repo.path / ".git" / "logs" / "refs" / "remotes" / "stable" / "linux-6.1.y")
    with Repository.open(repo.path) as repository:
        (branch,) = find_stable_branches(repository, today=TODAY).branches
    assert (branch.stale, branch.as_of) == (True, "2023-11-14")
