# SPDX-License-Identifier: GPL-2.0-or-later
"""The formats for CI keep the rules of those who read them: our own statement of what their schemas ask for."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo

SIGNED = "Signed-off-by: Ada Fixer <ada@example.org>\n"
BASE = "/* SPDX-License-Identifier: GPL-2.0 */\n"
LINE = '\tpr_info("größer ☃" ,x );\n'

JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname", "group"}, {"name"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": ({"type", "message"}, set(), set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}
"""Of each element that Jenkins' xunit plugin (junit-10) knows and we write: attributes it may have, those it must have, and its children."""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start\n\n" + SIGNED, {"lib/frob.c": BASE})
    repo.commit(
        f"frob: say it\n\nThe user has to see the size. Print it.\n\n{SIGNED}", {"lib/frob.c": BASE + f"void f(int x)\n{{\n{LINE}}}\n"}
    )
    return repo


def report(repo: Repo, form: str, *words: str) -> str:
    return call("check", "-C", repo.path, "HEAD", "--format", form, *words).out


@pytest.mark.parametrize("words", [(), ("--waive", "space-before-comma=our style")])
def test_junit_has_only_what_jenkins_accepts(repo: Repo, words: tuple[str, ...]) -> None:
    suites = ET.fromstring(report(repo, "junit", *words))
    assert suites.tag == "testsuites"
    assert (suites.find(".//skipped") is not None) == bool(words)
    for element in suites.iter():
        may, must, children = JUNIT[element.tag]
        assert must <= set(element.attrib) <= may, element.tag
        assert {child.tag for child in element} <= children


def test_columns_count_characters(repo: Repo) -> None:
    (run,) = json.loads(report(repo, "sarif", "--select", "space-inside-brackets"))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    (found,) = run["results"]
    region = found["locations"][0]["physicalLocation"]["region"]
    expected = LINE.index(" );") + 1
    assert abs(region["startColumn"] - expected) <= 1, (region, expected)
    assert f"col={region['startColumn']}," in report(repo, "github", "--select", "space-inside-brackets")


def test_the_column_of_a_long_line_is_that_of_its_first_character_too_many(repo: Repo) -> None:
    code = "\tint " + "a" * 110 + ";\n"
    repo.commit(f"frob: more\n\nMore is needed. Add it.\n\n{SIGNED}", {"lib/frob.c": BASE + code})
    (run,) = json.loads(report(repo, "sarif", "--select", "long-line"))["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 94


@pytest.mark.parametrize("form", ["sarif", "gitlab", "rdjsonl", "github"])
def test_a_patch_file_is_named_relative_to_the_repository(repo: Repo, form: str) -> None:
    repo.git("format-patch", "-q", "-1", "-o", "out", "--subject-prefix", "PATCH foo")
    (file,) = (repo.path / "out").iterdir()
    text = file.read_text().replace("The user has", "Teh user has")
    file.write_text(text.replace(SIGNED, ""))
    out = call("check", "-C", repo.path, file, "--format", form, "--select", "MISSING_SIGN_OFF").out
    assert f"out/{file.name}" in out
    assert str(repo.path) not in out


@pytest.mark.parametrize(("form", "key"), [("gitlab", "fingerprint"), ("sarif", "partialFingerprints")])
def test_fingerprints_survive_an_amend(repo: Repo, form: str, key: str) -> None:
    def prints() -> list[str]:
        document = json.loads(report(repo, form, "--strict"))
        results = document if form == "gitlab" else document["runs"][0]["results"]
        return [json.dumps(result[key]) for result in results]

    before = prints()
    assert len(set(before)) == len(before) > 1
    repo.git("commit", "-q", "--amend", "-m", f"frob: say it\n\nThe user has to see the size of it. Print it.\n\n{SIGNED}")
    assert prints() == before
