# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the stable branches missing from a clone, and fetching them with `lts --fetch`."""

import shutil
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.history.missing_branches import MissingBranches, find_missing_branches
from tests.kit.cli import call
from tests.kit.repos import Repo

STABLE = "https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git"
LINUX = {"Kbuild": "", "MAINTAINERS": "", "init/main.c": "", "kernel/fork.c": ""}


def find_missing_series(repo: Repo) -> MissingBranches | None:
    with Repository.open(repo.path) as repository:
        return find_missing_branches(repository)


@pytest.fixture
def clone(tmp_path: Path) -> Repo:
    """Create a kernel tree without stable branches, and a local stable repository."""
    stable_repo = Repo(tmp_path / "there")
    stable_repo.commit("start", {**LINUX, "a.c": "x\n"})
    for version in ("5.10", "5.15", "6.1", "6.6", "6.12", "6.18"):
        stable_repo.git("branch", f"linux-{version}.y")
    for branch, tag in (("linux-6.12.y", "v6.12.7"), ("linux-4.4.y", "v4.4.302")):
        stable_repo.git("checkout -q -B", branch)
        stable_repo.commit(f"Linux {tag}", {"Makefile": tag})
        stable_repo.tag(tag)
    stable_repo.checkout("master")
    kernel_repo = Repo(tmp_path / "here")
    kernel_repo.commit("start", {**LINUX, "a.c": "x\n"})
    kernel_repo.git("config --global", f"url.{stable_repo.path}.insteadOf", STABLE)
    return kernel_repo


def test_project_without_stable_series_has_no_missing_branches(tmp_path: Path) -> None:
    boot = Repo(tmp_path / "boot")
    boot.commit("start", {"common/spl/spl.c": "x\n"})
    assert find_missing_series(boot) is None
    assert "has no stable branches" in call("doctor --offline -C", boot.path).out


def test_branches_of_a_new_remote_are_fetched(clone: Repo) -> None:
    expected = find_missing_series(clone)
    assert expected is not None
    assert (expected.remote, expected.url) == ("stable", STABLE)
    hint = call("backport -C", clone.path, "HEAD").err
    assert "patchpilot setup stable --fetch" in hint
    outcome = call("setup stable --fetch -C", clone.path)
    assert outcome.code == 0, outcome.err
    assert "linux-6.12.y" in outcome.err
    assert find_missing_series(clone) is None
    assert "stable/linux-6.12.y" in clone.git("branch -r")
    # the releases of these branches, and no others
    assert clone.git("tag").split() == ["v6.12.7"]
    assert "no maintained" in call("setup stable --fetch -C", clone.path).err


def test_failed_fetch_leaves_no_remote(clone: Repo) -> None:
    shutil.rmtree(clone.path.parent / "there")
    outcome = call("setup stable --fetch -C", clone.path)
    assert outcome.code == 3
    assert "git fetch failed" in outcome.err
    assert not clone.git("remote")


def test_remote_name_is_not_an_option(clone: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "--upload-pack=touch"
    clone.git("config", f"remote.{name}.url", STABLE)
    clone.git("update-ref", f"refs/remotes/{name}/linux-6.1.y", "HEAD")
    calls: list[list[str]] = []

    def record_git_call(arguments: list[str], **_: object) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr("patchpilot.setup.fetch_branches.run_on_terminal", record_git_call)
    assert call("setup stable --fetch -C", clone.path).code == 0
    assert calls[0].index("--") < calls[0].index(name)
