# SPDX-License-Identifier: GPL-2.0-or-later
"""Test Fixes: tags that name a backport, or the wrong commit with the right subject."""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.repos import Repo

TITLE = "ring: start it"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create mainline and two stable branches, one of which has a backport of the culprit."""
    repo = Repo(tmp_path / "r")
    repo.commit("Linux 6.1", {"ring.c": "int a;\n", "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"})
    repo.tag("v6.1")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    culprit = repo.commit(TITLE, {"ring.c": "int a;\nint b;\n"})
    repo.git("checkout -q --detach v6.1")
    backport = repo.commit(
        f"{TITLE}\n\ncommit {culprit} upstream.\n", {"ring.c": "int a;\nint b;\n"}
    )
    repo.git("update-ref refs/remotes/stable/linux-5.15.y", backport)
    repo.checkout("master")
    repo.commit("other", {"other.c": "int x;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    return repo


def commit_fix(repo: Repo, tag_commit: str, title: str = TITLE) -> None:
    tag = f'Fixes: {repo.git("rev-parse", tag_commit)[:12]} ("{title}")'
    repo.commit(
        f"ring: fix it\n\nIt leaks.\n\n{tag}\nSigned-off-by: A <a@example.org>\n",
        {"ring.c": "int a;\nint c;\n"},
    )


def verify(repo: Repo) -> dict[str, Any]:
    result = repo.patchpilot("fixes --verify HEAD --format json")
    (tag,) = result.json["present"]
    return tag  # type: ignore[no-any-return]


def format_right_tag(repo: Repo) -> str:
    return f'Fixes: {repo.git("rev-parse origin/master~1")[:12]} ("{TITLE}")'


def test_mainline_commit_is_proposed_for_a_stable_id(repo: Repo) -> None:
    commit_fix(repo, "stable/linux-5.15.y")
    tag = verify(repo)
    assert tag["suggestion"] == format_right_tag(repo)
    assert tag["kinds"] == ["not-mainline"]
    assert "name the mainline commit" in tag["problems"][0]


@pytest.mark.parametrize("is_known", [False, True])
def test_commit_with_the_title_is_proposed_for_a_wrong_id(repo: Repo, is_known: bool) -> None:
    right_tag = format_right_tag(repo)
    if is_known:
        commit_fix(repo, "origin/master")
    else:
        repo.commit(f'ring: fix it\n\nFixes: 0123456789ab ("{TITLE}")\n', {"ring.c": "int d;\n"})
    tag = verify(repo)
    assert tag["suggestion"] == right_tag
    assert tag["kinds"] == ["other-subject" if is_known else "unknown-commit"]


def test_ambiguous_title_is_no_proposal(repo: Repo) -> None:
    repo.commit(TITLE, {"ring.c": "int e;\n"})
    repo.commit(f'ring: fix it\n\nFixes: 0123456789ab ("{TITLE}")\n', {"ring.c": "int d;\n"})
    assert verify(repo)["suggestion"] is None


def test_check_proposes_the_mainline_commit(repo: Repo) -> None:
    commit_fix(repo, "stable/linux-5.15.y")
    result = repo.patchpilot("check HEAD --profile linux --all")
    assert "wrong-fixes-commit" in result.out
    assert format_right_tag(repo) in result.out


def test_stable_judges_the_mainline_commit(repo: Repo) -> None:
    right_id = repo.git("rev-parse origin/master~1")
    commit_fix(repo, "stable/linux-5.15.y")
    result = repo.patchpilot("stable HEAD --format json --profile linux")
    document = result.json
    assert [row["commit"] for row in document["culprits"]] == [right_id]
