# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `check --fix --no-commit`, and -C of a directory without a repository."""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic_with_spaces


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return topic_with_spaces(tmp_path / "r", 2)


def test_fixes_are_written_to_files_and_no_commit(repo: Repo) -> None:
    state = repo.git("rev-parse HEAD"), repo.git("diff --cached --stat")
    outcome = repo.patchpilot("check --fix --no-commit --json")
    written = outcome.json["fix"]["written"]
    assert sorted(repo.git("diff --name-only").split()) == sorted(written) != []
    assert all(not line.endswith(" ") for name in written for line in read_lines(repo, name))
    assert (repo.git("rev-parse HEAD"), repo.git("diff --cached --stat")) == state
    assert outcome.json["fix"]["undo"] is None
    assert [patch["new_commit"] for patch in outcome.json["patches"]] == [None, None]


def read_lines(repo: Repo, name: str) -> list[str]:
    return (repo.path / name).read_text().split("\n")


def test_message_is_left_with_the_reason(repo: Repo) -> None:
    repo.commit(
        f"frob: add a word\n\nAdd a word.\nChange-Id: I0\n\n{SIGNED}", {"frob0.c": "int last;\n"}
    )
    answer = repo.patchpilot("check --fix --no-commit --json HEAD").json
    reasons = {each["name"]: each["left"] for each in answer["patches"][0]["findings"]}
    assert "not a file" in reasons["gerrit-change-id"]
    assert "Change-Id: I0" in repo.git("log -1 --format=%b")


def test_changed_file_and_other_branch_are_refused(repo: Repo) -> None:
    repo.git("branch -q other")
    (repo.path / "frob0.c").write_text("int mine;\n")
    repo.patchpilot("check --fix --no-commit").expect(2, "uncommitted changes")
    assert (repo.path / "frob0.c").read_text() == "int mine;\n"
    repo.git("checkout -q -f master")
    repo.patchpilot("check --fix --no-commit master..other").expect(2, "checked out")
    repo.patchpilot("check --no-commit").expect(2, "--no-commit requires --fix")


def test_directory_without_a_repository_is_enough_for_files(tmp_path: Path) -> None:
    file = tmp_path / "frob.c"
    file.write_text("int frob(int x)\n{\n\tif(x)\n\t\treturn 1;\n\treturn 0;\n}\n")
    assert "missing-fixes" in call("explain missing-fixes -C", tmp_path).out
    assert call("explain --path drivers/net -C", tmp_path).code == 0
    assert "no-space-after-keyword" in call("check -f -C", tmp_path, file).out
    call("check HEAD -C", tmp_path).expect(3, "not in a git repository")
    call("explain missing-fixes -C", tmp_path / "nowhere").expect(3, "no such directory")
