# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all commands use the same base and explain it. If it was guessed, they ask for
confirmation.
"""

import json
from pathlib import Path

import pytest

from tests.kit.bases import clone, commit_fix, create_upstream, set_commit_identity
from tests.kit.cli import call
from tests.kit.repos import Repo


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository with a fix on origin/main, which is the remote's default branch.

    origin/master is 41 commits behind, and the fix's branch has no upstream.
    """
    source = create_upstream(tmp_path / "up", 39)
    with set_commit_identity("Linus T <linus@example.com>"):
        source.commit(
            "maintainers\n",
            {"MAINTAINERS": "WIDGET\nM:\tJo Keeper <jo@example.net>\nS:\tMaintained\nF:\t*\n"},
        )
    clone_repo = clone(source, tmp_path / "r")
    clone_repo.git("checkout -q --no-track -b topic origin/main")
    commit_fix(clone_repo)
    monkeypatch.chdir(clone_repo.path)
    return clone_repo


def test_stale_master_does_not_enlarge_the_topic(repo: Repo) -> None:
    assert len(json.loads(call("check --format json").out)["patches"]) == 1


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "maintainers",
        "prepare",
        "send",
        "draft",
        "fixes",
        "backport",
        "trailers",
    ],
)
def test_every_command_explains_the_base(repo: Repo, command: str) -> None:
    outcome = call(
        command,
        "--explain-base",
        *(("--dry-run",) if command in ("prepare", "send", "trailers") else ()),
    )
    assert "base: origin/main" in outcome.err
    assert "why: nearest remote branch by merge-base, origin/HEAD" in outcome.err
    assert "also possible: origin/master, 41 commits" in outcome.err
    assert "mainline: origin/main (" in outcome.err
    assert "why: the latest of origin/main, origin/master" in outcome.err
    assert "nearest remote branch" not in outcome.out


def test_given_target_needs_no_base(repo: Repo) -> None:
    assert "base: not searched: HEAD names the patches" in call("check --explain-base HEAD").err


def test_uncertain_base_with_many_commits_exits_with_2(
    repo: Repo,
) -> None:
    for number in range(2, 33):
        commit_fix(repo, number)
    outcome = call("check --format json")
    assert (outcome.code, outcome.out) == (2, "")
    assert "32 commits on top of the base origin/main, which is a guess" in outcome.err
    lines = [
        line.strip()
        for line in outcome.err.splitlines()
        if line.strip().startswith("patchpilot check")
    ]
    assert [line.partition("  #")[0].strip() for line in lines] == [
        "patchpilot check --format json --base origin/main",
        "patchpilot check --format json --base origin/master",
    ]
    command = lines[0].partition("  #")[0].split()[1:]
    assert len(json.loads(call(*command).out)["patches"]) == 32


def test_base_setting_applies_to_maintainers(repo: Repo) -> None:
    commit_fix(repo, 2)
    repo.git("config patchpilot.base HEAD^")
    results = json.loads(call("maintainers --format json").out)["results"]
    assert len(results) == 1
    assert "fix 2" in json.dumps(results) or repo.git("rev-parse --short=12 HEAD") in json.dumps(
        results
    )
    assert repo.git("rev-parse --short=12 HEAD^") not in json.dumps(results)
