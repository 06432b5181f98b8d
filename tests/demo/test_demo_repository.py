# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the sandbox's repositories are the same in each run, and match the demo's script."""

from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.demo import acme
from patchpilot.demo.demo_history import LTS
from patchpilot.demo.demo_repository import (
    Repositories,
    make_repositories,
    write_driver,
)


@pytest.fixture(scope="module")
def demo_repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return make_repositories(tmp_path_factory.mktemp("demo"))


def test_ids_are_reproducible(demo_repositories: Repositories, tmp_path: Path) -> None:
    again = make_repositories(tmp_path / "again")
    assert again.facts == demo_repositories.facts
    assert (
        git(again.work, "rev-parse", "HEAD").text
        == git(demo_repositories.work, "rev-parse", "HEAD").text
    )


def test_repository_has_hundreds_of_commits(
    demo_repositories: Repositories,
) -> None:
    assert demo_repositories.facts.commits > 300
    refs = git(
        demo_repositories.work,
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/remotes/stable",
    ).text.split()
    assert refs == sorted(f"stable/linux-{version}.y" for version in LTS)


def test_both_markers_are_used(demo_repositories: Repositories) -> None:
    log = git(demo_repositories.work, "log", "--format=%B", "--remotes=stable").text
    assert "upstream.\n" in log
    assert "[ Upstream commit " in log


def test_every_fix_names_an_existing_commit(demo_repositories: Repositories) -> None:
    for line in git(
        demo_repositories.work, "log", "--format=%B", "origin/master"
    ).text.splitlines():
        if line.startswith("Fixes: "):
            assert (
                git(demo_repositories.work, "cat-file", "-t", line.split()[1]).text.strip()
                == "commit"
            )


def test_demo_culprit_matches_the_script(demo_repositories: Repositories) -> None:
    def has_culprit_and_backport(version: str) -> tuple[bool, bool]:
        tip = demo_repositories.facts.branches[version]
        contains_culprit = (
            git(
                demo_repositories.work,
                "merge-base",
                "--is-ancestor",
                demo_repositories.facts.culprit,
                tip,
                ok=(0, 1),
            ).code
            == 0
        )
        names_culprit = (
            demo_repositories.facts.culprit
            in git(demo_repositories.work, "log", "--format=%B", f"origin/master..{tip}").text
        )
        return contains_culprit, names_culprit

    assert [has_culprit_and_backport(version) for version in LTS] == [
        (False, False),
        (False, True),
        (True, False),
        (True, False),
        (True, False),
        (True, False),
    ]


def test_demo_fix_applies_as_scripted(demo_repositories: Repositories, tmp_path: Path) -> None:
    work = tmp_path / "w"
    git(None, "clone", "-q", str(demo_repositories.work), str(work))
    write_driver(work, acme.CHECK_FIXED)
    git(
        work,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "commit",
        "-q",
        "-a",
        "--amend",
        "--no-edit",
        "--reset-author",
    )
    diff = git(work, "diff", "HEAD^").out

    def cherry_pick_onto(tip: str) -> str:
        git(work, "checkout", "-q", "-f", "--detach", tip)
        if git(work, "apply", "--check", "-", stdin=diff, ok=()).code == 0:
            return "clean"
        pick_result = git(
            work,
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "cherry-pick",
            "--no-commit",
            "acme-old-cards",
            ok=(),
        )
        git(work, "reset", "-q", "--hard")
        return "clean-3way" if pick_result.code == 0 else "conflict"

    verdicts = {
        version: cherry_pick_onto(demo_repositories.facts.branches[version]) for version in LTS
    }
    assert verdicts == {
        "5.10": "conflict",
        "5.15": "clean",
        "6.1": "conflict",
        "6.6": "clean-3way",
        "6.12": "clean",
        "6.18": "clean",
    }
    git(
        work,
        "checkout",
        "-q",
        "-f",
        "--detach",
        demo_repositories.facts.branches["6.1"],
    )
    git(
        work,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "cherry-pick",
        demo_repositories.facts.prerequisite,
    )
    git(
        work,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "cherry-pick",
        "acme-old-cards",
    )
