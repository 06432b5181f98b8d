# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the check of a range's sum, and of ranges and commits without changes."""

import json
from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

CLEAN = "/* SPDX-License-Identifier: GPL-2.0 */\nint frob(int x);\n"
MESSAGE = f"frob: count it\n\nThe user has to see the size. Count it.\n\n{SIGNED_LINE}"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a branch whose second commit removes the flaw of the first one."""
    repo = Repo(tmp_path / "r")
    repo.commit(MESSAGE, {"lib/frob.h": CLEAN})
    repo.git("branch base")
    repo.commit(MESSAGE, {"lib/frob.h": f"{CLEAN}int  grob(int x ) ;\n"})
    repo.commit("fixup! frob: count it", {"lib/frob.h": f"{CLEAN}int grob(int x);\n"})
    return repo


def test_sum_has_no_findings_of_removed_lines_and_messages(repo: Repo) -> None:
    assert repo.patchpilot("check base..HEAD").code == 1
    outcome = repo.patchpilot("check --net base..HEAD")
    assert outcome.code == 0
    assert "1 patch checked: no findings" in outcome.out
    assert "the messages of the commits (--net)" in outcome.out
    repo.commit("frob: Break it.", {"lib/frob.h": f"{CLEAN}int grob(int x);\nint  c ;\n"})
    outcome = repo.patchpilot("check --net --format json base..HEAD")
    (patch,) = json.loads(outcome.out)["patches"]
    assert (patch["source"], patch["commit"]) == ("base..HEAD", None)
    assert {(found["path"], found["line"]) for found in patch["findings"]} == {("lib/frob.h", 4)}
    text = repo.patchpilot("check --net base..HEAD").out
    assert "lib/frob.h:4: warning: " in text


def test_sum_is_without_what_was_merged_from_the_base(repo: Repo) -> None:
    repo.git("checkout -q base")
    repo.commit(MESSAGE, {"lib/old.h": "int  old ;\n"})
    repo.git("checkout -q master")
    repo.git("merge -q --no-edit base")
    assert repo.patchpilot("check --net base..HEAD").code == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--net", "HEAD"), "HEAD is not a range"),
        (("--net", "base..HEAD", "HEAD~1..HEAD"), "more than one TARGET"),
        (("--net", "--fix", "base..HEAD"), "--net and --fix cannot be combined"),
    ],
)
def test_sum_needs_a_range(repo: Repo, arguments: tuple[str, ...], error: str) -> None:
    outcome = repo.patchpilot("check", *arguments)
    assert (outcome.code, error in outcome.err) == (2, True), outcome.err


def test_empty_commit_is_skipped(repo: Repo) -> None:
    repo.git("commit -q --allow-empty -m 'trigger CI'")
    empty = repo.git("rev-parse --short=12 HEAD").strip()
    note = f"{empty} is an empty commit, which has no patch: skipped"
    for arguments in (("base..HEAD",), ("--base", "base")):
        outcome = repo.patchpilot("check", *arguments)
        assert (outcome.code, note in outcome.err) == (1, True), outcome.err
        assert "2 patches checked" in outcome.out
    for target in ("HEAD", "HEAD~1..HEAD"):
        outcome = repo.patchpilot("check", target)
        assert (outcome.code, note in outcome.err) == (0, True), outcome.err
        assert outcome.out.startswith("nothing to check")


@pytest.mark.parametrize("option", [(), ("--net",)])
def test_range_in_its_start_is_reported_and_passes(repo: Repo, option: tuple[str, ...]) -> None:
    for target, reason in (
        ("HEAD..base", "HEAD contains base"),
        ("base..base", "base contains base"),
    ):
        outcome = repo.patchpilot("check", *option, "--format", "gitlab", target)
        assert (outcome.code, json.loads(outcome.out)) == (0, [])
        assert f"{target}: no commits, because {reason}" in outcome.err


def test_range_with_only_merges_is_an_error(repo: Repo) -> None:
    repo.git("checkout -q -b side base")
    repo.git("merge -q --no-ff --no-edit master")
    outcome = repo.patchpilot("check master..side")
    assert (outcome.code, "no commits in this range" in outcome.err) == (2, True), outcome.err
