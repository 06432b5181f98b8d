# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the fix of a finding in an older commit names commands that change this commit."""

import json
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo

TEXT = "\n\nThe size of the table is wrong.\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a branch of two commits with the same findings."""
    repo = Repo(tmp_path / "r")
    repo.commit("frob: add it", {"lib/frob.c": "int a;\n"})
    repo.git("branch base")
    repo.commit(f"frob: fix crash in the table{TEXT}", {"lib/frob.c": "int b;\n"})
    repo.commit(f"frob: fix crash in the size{TEXT}", {"lib/frob.c": "int c;\n"})
    return repo


def list_fixes(repo: Repo, rule: str) -> list[str]:
    arguments = ("--profile", "linux", "--select", rule, "--format", "json", "base..HEAD")
    document = json.loads(call("check", "-C", repo.path, *arguments).out)
    return [each["fix"]["text"] for patch in document["patches"] for each in patch["findings"]]


@pytest.mark.parametrize(
    ("rule", "head_text", "older_text"),
    [
        ("missing-fixes", "`patchpilot fixes HEAD` finds", "`patchpilot fixes {id}` finds"),
        (
            "no-sign-off",
            "run git commit --amend -s",
            "run `patchpilot prepare {id} --signoff`",
        ),
    ],
)
def test_fix_names_the_commit_of_the_finding(
    repo: Repo, rule: str, head_text: str, older_text: str
) -> None:
    older, newest = list_fixes(repo, rule)
    assert newest.startswith(head_text)
    assert older.startswith(older_text.format(id=repo.git("rev-parse HEAD^").strip()[:12]))


def test_older_commit_is_edited_in_a_rebase(repo: Repo) -> None:
    repo.git("commit -q --amend -m", "frob: fix it\n\nSigned-off-by: Your Name <n@example.org>")
    repo.commit(f"frob: fix it{TEXT}", {"lib/frob.c": "int d;\n"})
    (older,) = list_fixes(repo, "placeholder-in-tag")
    commit = repo.git("rev-parse HEAD^").strip()[:12]
    assert older.startswith(f'git rebase -i {commit}^ with "edit" for this commit, then: run git')
