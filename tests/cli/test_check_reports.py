# SPDX-License-Identifier: GPL-2.0-or-later
"""Test all formats of one check, and what a forge demands of them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from patchpilot.cli.check.check_options import REPORTS
from tests.kit.ci_schemas import find_github_problems
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE

OPTIONS = ("--experience", "regular", "--waive", "no-description=ours")
SPDX = "// SPDX-License-Identifier: GPL-2.0\n"
MESSAGE = f"frob: count it\n\nThe user has to see the size. Count it.\n\n{SIGNED_LINE}"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Create a range with findings in files, about messages, and about lines that are removed."""
    repo = Repo(tmp_path_factory.mktemp("reports") / "r")
    repo.commit(MESSAGE, {"lib/frob.h": SPDX})
    repo.git("branch base")
    repo.commit(MESSAGE, {"lib/frob.h": f"{SPDX}int  a ;\nint  b ;\nint c;\n"})
    repo.commit("frob: Count | it <b>@all</b>", {"lib/größe&co.h": f"{SPDX}int  d ;\n"})
    repo.commit("frob: drop a", {"lib/frob.h": f"{SPDX}int  b ;\nint c;\n"})
    return repo


@pytest.fixture(scope="module")
def reports(repo: Repo) -> Mapping[str, str]:
    """Check the range once, and return the result in all formats."""
    folder = repo.path.parent
    options = [f"--report={form}={folder / form}" for form in REPORTS]
    outcome = repo.patchpilot("check", *options, *OPTIONS, "base..")
    assert outcome.code == 1, outcome.err
    reports = {form: (folder / form).read_text() for form in REPORTS}
    assert outcome.out == reports["text"]
    return reports


def test_every_format_has_the_same_findings(reports: Mapping[str, str]) -> None:
    result = json.loads(reports["json"])
    parts = (*result["patches"], result["series"])
    names = [found["name"] for part in parts for found in part["findings"]]
    (run,) = json.loads(reports["sarif"])["runs"]
    assert sorted(entry["properties"]["name"] for entry in run["results"]) == sorted(names)
    assert sorted(entry["check_name"] for entry in json.loads(reports["gitlab"])) == sorted(names)
    for form in ("text", "github", "markdown", "junit"):
        assert [name for name in set(names) if name not in reports[form]] == [], form
    lines = [json.loads(line) for line in reports["jsonl"].splitlines()]
    assert lines[-1]["summary"]["exit_code"] == result["summary"]["exit_code"] == 1


def test_sarif_is_what_github_accepts(reports: Mapping[str, str]) -> None:
    log = json.loads(reports["sarif"])
    assert find_github_problems(log) == []
    results = log["runs"][0]["results"]
    messages = [one for one in results if "logicalLocations" in one["locations"][0]]
    assert messages
    assert all("physicalLocation" in one["locations"][0] for one in messages)


@pytest.mark.long
def test_sarif_has_at_most_what_github_shows(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(MESSAGE, {"lib/frob.h": SPDX})
    repo.commit("frob: Add.", {"lib/frob.h": SPDX + "int  a ;\n" * 5_100})
    options = ("--select", "SPACING,no-sign-off", "--strict", "--format", "sarif")
    log = json.loads(repo.patchpilot("check HEAD", *options).out)
    assert find_github_problems(log) == []
    (run,) = log["runs"]
    assert len(run["results"]) == 5_000
    assert run["results"][0]["properties"]["name"] == "no-sign-off"
    (invocation,) = run["invocations"]
    assert "101 more findings" in str(invocation["toolExecutionNotifications"])


@pytest.mark.parametrize(
    "change",
    [
        {"locations": []},
        {"locations": [{"logicalLocations": [{"fullyQualifiedName": "x"}]}]},
        {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.c"}}}]},
        {"partialFingerprints": {}},
        {"suppressions": [{"kind": "external"}]},
        {"ruleId": "unknown"},
    ],
)
def test_github_problems_are_found(reports: Mapping[str, str], change: dict[str, Any]) -> None:
    log = json.loads(reports["sarif"])
    log["runs"][0]["results"][0] |= change
    assert find_github_problems(log)


def test_annotations_are_limited_and_counted(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(MESSAGE, {"lib/frob.c": SPDX})
    code = (
        "int  a ;\nint *  b;\nint c=1;\nint d[ 2];\nvoid e( int x);\nint f[2]={1,2};\n"
        "void g(void)\n{\n\tif(c){\n\t\treturn;\n\t}\n\twhile (c) c--;\n\tc =2;\n\tfor(;;);\n"
        "\treturn (c);\n}   \nint  h ;\n#define I(x) x*x\n#define J if (c)\nint  k ;\n"
        "  int l;\nvolatile int m;\nextern int n;\nint o = 0;\nstruct p {};\n"
    )
    repo.commit("frob: Add.", {"lib/frob.c": SPDX + code})
    options = ("check", "-C", repo.path, "--strict", "HEAD", "--format")
    lines = call(*options, "github").out.splitlines()
    commands = [re.match(r"::(error|warning|notice) ", line) for line in lines[:-1]]
    levels = [match[1] for match in commands if match]
    assert len(levels) == len(lines) - 1
    assert levels.count("error") == 10
    assert max(map(levels.count, levels)) == 10
    assert any("(and 2 more places)" in line for line in lines)
    shown = sum(1 + int((re.search(r"and (\d+) more", one) or "00")[1]) for one in lines[:-1])
    (count,) = re.findall(r"^patchpilot: (\d+) more findings", lines[-1])
    (patch,) = json.loads(call(*options, "json").out)["patches"]
    assert shown + int(count) == len(patch["findings"])


OWN_PACK = """
[[rule]]
id = "OUR001"
name = "no-letter-b"
severity = "check"
scope = "diff"
summary = "name it in words"
why = "A letter says nothing."
reference = "https://example.org/names"
[rule.match]
detector = "like"
where = "added"
pattern = '\\bb\\b'
[[rule.bad]]
path = "lib/frob.c"
code = "int b;"
[[rule.good]]
path = "lib/frob.c"
code = "int size;"
"""


def test_own_rules_come_first(repo: Repo, tmp_path: Path) -> None:
    pack = tmp_path / "own.toml"
    pack.write_text(OWN_PACK)
    repo.git("config --global patchpilot.packs", str(pack))
    for form, start in (("github", "::"), ("markdown", "| ")):
        out = repo.patchpilot("check --format", form, "base..HEAD").out
        rows = [line for line in out.splitlines() if line.startswith(start)]
        assert "no-letter-b" in rows[form == "markdown"], out


def test_names_of_tests_stay(repo: Repo, reports: Mapping[str, str], tmp_path: Path) -> None:
    def list_names(text: str) -> list[tuple[str | None, str | None]]:
        return [
            (case.get("classname"), case.get("name"))
            for case in ET.fromstring(text).iter("testcase")
        ]

    copy = Repo(tmp_path / "copy")
    copy.git("fetch -q", str(repo.path), "master", "base:base")
    copy.git("reset -q --hard FETCH_HEAD")
    # every id is another one, and lines move
    copy.git("rebase -q --force-rebase base")
    text = call("check -C", copy.path, *OPTIONS, "base..HEAD", "--format", "junit").out
    names = list_names(reports["junit"])
    assert len(names) == len(set(names))
    assert names == list_names(text)


@pytest.mark.parametrize(("limit", "failures"), [("error", "0"), ("warning", "1")])
def test_finding_below_the_limit_is_no_failure(repo: Repo, limit: str, failures: str) -> None:
    options = ("--select", "SPACING", "--fail-on", limit, "--format", "junit")
    outcome = repo.patchpilot("check HEAD~2", *options)
    root = ET.fromstring(outcome.out)
    assert (str(int(outcome.code)), root.get("failures")) == (failures, failures)
    assert len(root.findall(".//system-out")) == 1 - int(failures)


def test_summary_is_not_markup_of_the_patch(reports: Mapping[str, str]) -> None:
    assert "<b>" not in reports["markdown"]
    assert "@all" not in reports["markdown"]
    rows = [line for line in reports["markdown"].splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {5}


def test_file_of_a_format_leaves_the_verdict_in_the_log(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    outcome = repo.patchpilot("check HEAD --format gitlab -o", file)
    assert (outcome.code, outcome.out) == (1, "")
    assert f"1 patch checked, not ready to send: 1 error, 1 warning ({file})" in outcome.err


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("sarif", "not FORMAT=FILE"),
        ("checkpatch=x", "unknown format 'checkpatch'"),
        ("sarf=x", "did you mean 'sarif'?"),
    ],
)
def test_report_needs_a_format_and_a_file(value: str, error: str) -> None:
    outcome = call("check --report", value)
    assert (outcome.code, error in outcome.err) == (2, True), outcome.err
