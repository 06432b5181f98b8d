# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that findings of a range have their position in its last commit."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

START = "/* SPDX-License-Identifier: GPL-2.0 */\n" + "".join(f"int a{n};\n" for n in range(40))
BAD = "int  b ;\n"
MESSAGE = f"frob: count it\n\nThe user has to see the size. Count it.\n\n{SIGNED_LINE}"


def insert(text: str, at: int, lines: str) -> str:
    before = text.splitlines(keepends=True)
    return "".join(before[:at]) + lines + "".join(before[at:])


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a branch whose first commit adds a line with a finding at line 21."""
    repo = Repo(tmp_path / "r")
    repo.commit(MESSAGE, {"lib/frob.h": START})
    repo.git("branch base")
    repo.commit(MESSAGE, {"lib/frob.h": insert(START, 20, BAD)})
    return repo


def check(repo: Repo, form: str) -> Any:
    arguments = ("-C", repo.path, "--select", "SPACING", "--strict")
    return json.loads(call("check", *arguments, "--format", form, "base..HEAD").out)


def find_tips(repo: Repo) -> list[tuple[int, Any]]:
    return [
        (finding["line"], finding.get("in_tip"))
        for patch in check(repo, "json")["patches"]
        for finding in patch["findings"]
    ]


def list_places(repo: Repo) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    (run,) = check(repo, "sarif")["runs"]
    sarif = {
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in run["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    gitlab = {
        (issue["location"]["path"], issue["location"]["lines"]["begin"])
        for issue in check(repo, "gitlab")
    }
    return sarif, gitlab


def test_lines_are_those_of_the_last_commit(repo: Repo) -> None:
    shifted = insert(insert(START, 20, BAD), 3, "int above;\n" * 6)
    repo.commit(MESSAGE, {"lib/frob.h": shifted})
    assert find_tips(repo)[0] == (21, {"path": "lib/frob.h", "line": 27})
    assert list_places(repo) == ({("lib/frob.h", 27)}, {("lib/frob.h", 27)})
    repo.git("mv lib/frob.h lib/grob.h")
    repo.commit(MESSAGE, {})
    assert find_tips(repo)[0] == (21, {"path": "lib/grob.h", "line": 27})
    assert list_places(repo) == ({("lib/grob.h", 27)}, {("lib/grob.h", 27)})


def test_removed_line_is_a_finding_of_its_commit(repo: Repo) -> None:
    fingerprints = [issue["fingerprint"] for issue in check(repo, "gitlab")]
    repo.commit(MESSAGE, {"lib/frob.h": insert(START, 20, "int fixed;\n")})
    assert find_tips(repo)[0] == (21, {"path": None, "line": None})
    (run,) = check(repo, "sarif")["runs"]
    commit = repo.git("rev-parse --short=12 HEAD~1").strip()
    (result, *_) = run["results"]
    assert f"({commit}:lib/frob.h:21)" in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "lib/frob.h"
    assert result["properties"]["line"] == 21
    assert [issue["fingerprint"] for issue in check(repo, "gitlab")] == fingerprints
    assert {issue["location"]["path"] for issue in check(repo, "gitlab")} == {f"commit {commit}"}


def test_merged_branch_shifts_lines(repo: Repo) -> None:
    repo.git("checkout -q -b other base")
    repo.commit(MESSAGE, {"lib/frob.h": insert(START, 3, "int above;\n" * 4)})
    repo.git("checkout -q master")
    repo.git("merge -q --no-edit other")
    tips = [tip for line, tip in find_tips(repo) if line == 21]
    assert tips
    assert set(map(str, tips)) == {str({"path": "lib/frob.h", "line": 25})}


def test_proposed_edits_are_those_of_the_last_commit(repo: Repo) -> None:
    repo.commit(MESSAGE, {"lib/frob.h": insert(insert(START, 20, BAD), 3, "int above;\n" * 6)})
    (run,) = check(repo, "sarif")["runs"]
    starts = [
        change["replacements"][0]["deletedRegion"]["startLine"]
        for result in run["results"]
        for fix in result.get("fixes", ())
        for change in fix["artifactChanges"]
    ]
    assert set(starts) == {27}


def test_finding_about_the_series_is_in_a_file_of_the_last_commit(repo: Repo) -> None:
    repo.commit(f"fixup! {MESSAGE}", {"lib/frob.h": insert(START, 20, "int b;\n")})
    repo.git("mv lib/frob.h lib/grob.h")
    repo.commit(MESSAGE, {})
    arguments = ("-C", repo.path, "--select", "fixes-earlier-patch", "--format", "sarif")
    (run,) = json.loads(call("check", *arguments, "base..HEAD").out)["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {"lib/grob.h"}
