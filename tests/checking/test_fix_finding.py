# SPDX-License-Identifier: GPL-2.0-or-later
"""Test fixing a single finding.

The fix is previewed, written on request, and changes nothing else.
"""

from pathlib import Path

import pytest

from patchpilot.checking.fix_finding import (
    Changes,
    find_block,
    fix_finding,
    fix_messages,
)
from patchpilot.checking.result import FindingRemedy
from patchpilot.checking.topic import CheckedTopic, check_topic
from patchpilot.commits.repository import Repository
from patchpilot.settings.read_settings import read_settings
from tests.kit.repos import Repo

CODE = "int frob(int a)\n{\n\treturn a;\n}\n"
TEXT = (
    "frob: wait for the link\n"
    "\nOld boards need a moment until the link is up, so that the first\n"
    "transfer does not fail.\n"
)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a commit by Ada with two findings on one line. Only Ben signed it off."""
    repo = Repo(tmp_path / "r")
    for name, value in (
        ("user.name", "Ada Fixer"),
        ("user.email", "ada@example.org"),
        ("patchpilot.base", "master"),
    ):
        repo.git("config", name, value)
    repo.commit(
        "frob: begin\n",
        {"drivers/frob/frob.c": CODE},
        author="Ada Fixer <ada@example.org>",
    )
    repo.branch("topic")
    untidy_code = CODE.replace("\treturn a;", "\tif(a)\n\t\treturn frob(a,1);\n\n\treturn a;")
    message = f"{TEXT}\nSigned-off-by: Ben Reader <ben@example.org>\n"
    repo.commit(
        message,
        {"drivers/frob/frob.c": untidy_code},
        author="Ada Fixer <ada@example.org>",
    )
    return repo


def fix_first_finding(repo: Repo, name: str, *, should_write: bool = False) -> Changes:
    with Repository.open(repo.path) as repository:
        settings = read_settings(repository)
        result = check_topic(repository, settings, CheckedTopic((), None, "master"))
        row = next(row for row in result.rows if row.finding.name == name)
        commit = row.commit or ""
        writable_commits = () if should_write else None
        if row.remedy is FindingRemedy.SAFE:
            return fix_finding(
                repository, settings, commit, [row.finding], overrides=writable_commits
            )
        return fix_messages(repository, settings, [commit], row.remedy, overrides=writable_commits)


def list_changed_lines(fix_result: Changes) -> list[str]:
    return [
        line
        for line in fix_result.diff
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]


def test_only_the_named_finding_is_fixed(repo: Repo) -> None:
    before = repo.git("rev-parse HEAD")
    shown = list_changed_lines(fix_first_finding(repo, "no-space-after-keyword"))
    assert shown == ["-\tif(a)", "+\tif (a)"]
    assert repo.git("rev-parse HEAD") == before
    assert (
        list_changed_lines(fix_first_finding(repo, "no-space-after-keyword", should_write=True))
        == shown
    )
    code = (repo.path / "drivers/frob/frob.c").read_text()
    assert "if (a)" in code
    assert "frob(a,1)" in code


def test_author_may_add_their_sign_off(
    repo: Repo,
) -> None:
    assert list_changed_lines(fix_first_finding(repo, "author-not-signed", should_write=True)) == [
        "+Signed-off-by: Ada Fixer <ada@example.org>"
    ]
    assert (
        repo.git("log -1 --format=%b")
        .rstrip()
        .endswith("Signed-off-by: Ada Fixer <ada@example.org>")
    )


def test_sign_off_is_not_added_for_others(repo: Repo) -> None:
    repo.git("config user.email carl@example.org")
    result = fix_first_finding(repo, "author-not-signed", should_write=True)
    assert not result.diff
    assert result.reason.startswith("only the author can: Ada Fixer <ada@example.org>")


def test_reason_is_the_one_of_check_fix(repo: Repo) -> None:
    repo.git("switch -q master")
    for number in range(5):
        prefix = "frob: link" if number else "frob"
        repo.commit(f"{prefix}: use {number} ticks\n", {"drivers/frob/frob.c": f"{number}\n"})
    repo.branch("topic-2")
    repo.commit("Wait for the link\n", {"drivers/frob/frob.c": "int a;\n"})
    changes = fix_first_finding(repo, "missing-prefix")
    assert not changes.diff
    (patch,) = repo.patchpilot("check --fix --format json").json["patches"]
    reasons = [row["left"] for row in patch["findings"] if row["name"] == "missing-prefix"]
    assert reasons == [changes.reason] == ["no fix is certain here"]


def test_block_of_a_finding_is_fixed_together(repo: Repo) -> None:
    spaced = "int frob_more(int a)\n{\n        a++;\n\n        a++;\n        return a;\n}\n"
    other = "\nint frob_last(int a)\n{\n        return a;\n}\n"
    message = f"{TEXT}\nSigned-off-by: Ada Fixer <ada@example.org>\n"
    id_ = repo.commit(message, {"a.c": spaced + other})
    with Repository.open(repo.path) as repository:
        settings = read_settings(repository)
        result = check_topic(repository, settings, CheckedTopic((id_,), id_))
        rows = [row for row in result.every_row if row.finding.name == "spaces-for-indent"]
        blocks = [find_block(result.every_row, row) for row in rows]
        assert [len(block) for block in blocks] == [3, 3, 3, 1]
        fixed = fix_finding(
            repository,
            settings,
            rows[1].commit or "",
            blocks[1],
            overrides=None,
        )
    added = [line for line in list_changed_lines(fixed) if line[0] == "+"]
    assert added == ["+\ta++;", "+\ta++;", "+\treturn a;"]
