# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the base of a request decides how it is checked, and which commits are its own."""

from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

GOOD = "/* SPDX-License-Identifier: GPL-2.0 */\nint frob(int x);\n"
BAD = "int grob( int x ) ;\n"
TEXT = "It is needed.\n\n" + SIGNED


def create_fork(path: Path) -> Repo:
    """Create a clone of upstream with a target branch, and a topic that merged upstream."""
    upstream = Repo(path / "upstream")
    upstream.commit(f"frob: begin\n\n{TEXT}", {"frob.h": GOOD})
    repo = Repo(path / "fork")
    repo.git("remote add origin", str(upstream.path))
    repo.git("fetch -q origin")
    repo.git("checkout -q -b target origin/master")
    repo.commit(f"vendor: begin\n\n{TEXT}", {"vendor.h": GOOD})
    upstream.commit(f"frob: be upstream\n\n{TEXT}", {"up.h": GOOD + BAD})
    repo.git("fetch -q origin")
    repo.branch("topic")
    repo.commit(f"vendor: go on\n\n{TEXT}", {"vendor.h": GOOD + "int go(void);\n"})
    return repo


def list_subjects(repo: Repo) -> list[str]:
    result = repo.patchpilot("check --format json target..topic")
    return [patch["subject"] for patch in result.json["patches"]]


def test_merged_upstream_is_not_an_own_change(tmp_path: Path) -> None:
    repo = create_fork(tmp_path)
    repo.git("merge -q --no-ff -m Merge-upstream origin/master")
    assert list_subjects(repo) == ["vendor: go on"]


def test_own_change_in_a_merge_of_upstream_is_checked(tmp_path: Path) -> None:
    repo = create_fork(tmp_path)
    repo.git("merge -q --no-ff --no-commit origin/master")
    repo.put("vendor.h", GOOD + "int go(void);\n" + BAD)
    repo.git("add -A")
    repo.git("commit -q -m Merge-upstream")
    assert list_subjects(repo) == ["vendor: go on", "Merge-upstream"]
    result = repo.patchpilot("check --format json target..topic")
    findings = result.json["patches"][1]["findings"]
    assert {(finding["path"], finding["line"]) for finding in findings} == {("vendor.h", 4)}


def test_local_branch_called_master_makes_no_commit_upstream(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: begin\n\n{TEXT}", {"frob.h": GOOD})
    repo.git("branch target")
    repo.commit(f"frob: hide\n\n{TEXT}", {"frob.h": GOOD + BAD})
    repo.branch("topic", "target")
    repo.commit(f"frob: go on\n\n{TEXT}", {"other.h": GOOD})
    repo.git("merge -q --no-ff -m Merge master")
    assert "frob: hide" in list_subjects(repo)


def test_merge_that_git_cannot_repeat_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from patchpilot.commits import merge_changes
    from patchpilot.errors import GitError

    def fail(*_: object) -> bytes:
        raise GitError("git merge-tree failed")

    repo = create_fork(tmp_path)
    repo.git("merge -q --no-ff -m Merge-upstream origin/master")
    monkeypatch.setattr(merge_changes, "_diff_with_merge", fail)
    result = repo.patchpilot("check --format json target..topic")
    (finding,) = result.json["patches"][1]["findings"]
    assert (result.code, finding["name"]) == (1, "merge-not-checked")
    assert repo.git("rev-parse --short=12 HEAD") in finding["message"]


def test_check_leaves_no_objects_of_a_merge(tmp_path: Path) -> None:
    repo = create_fork(tmp_path)
    repo.git("merge -q --no-ff -m Merge-upstream origin/master")
    before = sorted((repo.path / ".git" / "objects").rglob("*"))
    assert list_subjects(repo)
    assert sorted((repo.path / ".git" / "objects").rglob("*")) == before


def test_merge_can_be_the_target(tmp_path: Path) -> None:
    repo = create_fork(tmp_path)
    repo.git("merge -q --no-ff --no-commit origin/master")
    repo.put("new.h", GOOD + BAD)
    repo.git("add -A")
    repo.git("commit -q -m Merge-upstream")
    result = repo.patchpilot("check --format json HEAD")
    assert result.code == 1
    assert {finding["path"] for finding in result.json["patches"][0]["findings"]} == {"new.h"}


def test_revision_of_the_settings_is_printed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: begin\n\n{TEXT}", {"frob.h": GOOD, ".patchpilot.toml": "strict = true\n"})
    repo.git("branch target")
    tip = repo.git("rev-parse --short=12 HEAD")
    repo.branch("topic")
    repo.commit(f"frob: go on\n\n{TEXT}", {"frob.h": GOOD + "int go(void);\n"})
    assert f"the settings of {tip} apply" in repo.patchpilot("check target..topic").err
    assert "the settings of" not in repo.patchpilot("check --quiet target..topic").err


def test_script_of_the_base_is_run(tmp_path: Path) -> None:
    """A request can neither run nor silence scripts/checkpatch.pl."""
    script = 'print "-:1: ERROR:FROM_BASE: of the base\\n";\n'
    evil = f'open(F, ">", "{tmp_path}/ran"); print "";\n'
    repo = Repo(tmp_path / "r")
    repo.commit(f"frob: begin\n\n{TEXT}", {"frob.h": GOOD, "scripts/checkpatch.pl": script})
    repo.git("branch target")
    repo.branch("topic")
    files = {"scripts/checkpatch.pl": evil, "scripts/get_maintainer.pl": evil}
    repo.commit(f"frob: go on\n\n{TEXT}", files)
    repo.commit(f"frob: go further\n\n{TEXT}", {"frob.h": GOOD + "int go(void);\n"})
    result = repo.patchpilot("check --checkpatch --format json target..topic")
    for patch in result.json["patches"]:
        assert "FROM_BASE" in {finding["checkpatch"] for finding in patch["findings"]}
    assert not (tmp_path / "ran").exists()
