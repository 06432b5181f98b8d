# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the edits of findings change a commit in the same way as `check --fix`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

CODE = "/* SPDX-License-Identifier: GPL-2.0 */\n\nint frob(int x)\n{\n\treturn x;\n}\n"
BAD = CODE.replace("return x;", "if(x)\n\t\treturn 1; \n\n\n\tx = x+1 ;\n\treturn x;")
LONG = "The value of the argument is returned as it is, and nobody looks at it, or cares about it."
MESSAGES = {
    "subject": f"lib: frob: check the argument.\n\nIt is 0.\n\n{SIGNED}",
    "wrapped": f"lib: frob: check the argument\n\n{LONG}\nIt is 0.\n\n{SIGNED}",
    "kept": f"lib: frob: check the argument.\n\nIt is 0.\n\nChange-Id: I0123\n{SIGNED}",
    "moved": f"lib: frob: check it\n\nIt is 0.\n\nAcked-by: Bo <b@example.org>\n\n{SIGNED}",
    "tag": f"lib: frob: check the argument\n\nIt is 0.\n\nAcked-by:Bo <b@example.org>\n{SIGNED}",
}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "r")
    repo.commit(f"lib: frob: start\n\nAdd it.\n\n{SIGNED}", {"lib/frob.c": CODE})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    return repo


def apply_edits(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    lines = text.splitlines(keepends=True)
    for start, end, new in sorted(set(edits), reverse=True):
        lines[start - 1 : end] = new.splitlines(keepends=True)
    return "".join(lines)


def select_edits(findings: list[dict[str, Any]], path: str | None) -> list[tuple[int, int, str]]:
    return [
        (edit["start"], edit["end"], edit["text"])
        for finding in findings
        for edit in finding.get("edits", ())
        if edit["path"] == path
    ]


@pytest.mark.parametrize("message", MESSAGES.values(), ids=list(MESSAGES))
def test_edits_are_what_fix_writes(repo: Repo, message: str) -> None:
    repo.commit(message, {"lib/frob.c": BAD})
    before = repo.git("log -1 --format=%B") + "\n"
    findings = repo.patchpilot("check --strict --json").json["patches"][0]["findings"]
    edited = (
        apply_edits(before, select_edits(findings, None)),
        apply_edits(BAD, select_edits(findings, "lib/frob.c")),
    )
    answer = repo.patchpilot("check --strict --fix --json").json
    assert edited == (repo.git("log -1 --format=%B") + "\n", (repo.path / "lib/frob.c").read_text())
    assert edited[0] != before
    assert list(answer["fix"]["ids"].values()) == [repo.git("rev-parse HEAD")]
    fixed = {each["name"] for each in answer["patches"][0]["fixed"]}
    assert {finding["name"] for finding in findings if finding.get("edits")} == fixed
    assert all(finding.get("left") for finding in findings if not finding.get("edits"))


def test_fix_that_inserts_a_line_has_its_edit(repo: Repo) -> None:
    code = CODE.replace("\treturn x;", "\tint y = x;\n\tfrob(y);\n\treturn y;")
    repo.commit(MESSAGES["subject"], {"lib/frob.c": code})
    (finding,) = repo.patchpilot("check --json --select no-blank-line-after-declarations").json[
        "patches"
    ][0]["findings"]
    edited = apply_edits(code, select_edits([finding], "lib/frob.c"))
    assert edited == code.replace("int y = x;\n", "int y = x;\n\n")


def test_finding_in_a_message_has_its_line(repo: Repo) -> None:
    repo.commit(MESSAGES["wrapped"], {"lib/frob.c": CODE.replace("x;", "x + 1;")})
    findings = repo.patchpilot("check --strict --json").json["patches"][0]["findings"]
    lines = {finding["name"]: finding.get("message_line") for finding in findings}
    assert lines["long-message-line"] == 3


def test_only_a_person_settles_a_sign_off(repo: Repo) -> None:
    repo.commit("lib: frob: check\n\nIt is 0.", {"lib/frob.c": BAD})
    findings = repo.patchpilot("check --strict --json").json["patches"][0]["findings"]
    who = {finding["name"]: finding["who"] for finding in findings}
    assert (who["no-sign-off"], who["trailing-space"]) == ("person", "program")
    decides = {finding["name"]: finding.get("decides", "") for finding in findings}
    assert "certif" in decides["no-sign-off"]
    assert not decides["trailing-space"]
    assert decides["no-sign-off"] in repo.patchpilot("check").out
    assert decides["no-sign-off"] in repo.patchpilot("explain no-sign-off").out


def test_whole_files_have_edits(repo: Repo) -> None:
    repo.put("lib/frob.c", BAD)
    answer = call("check -f --json", repo.path / "lib/frob.c", "-C", repo.path).json
    findings = answer["patches"][0]["findings"]
    edited = apply_edits(BAD, select_edits(findings, "lib/frob.c"))
    assert "if (x)\n\t\treturn 1;\n" in edited


def test_long_file_has_the_edits_of_each_part(repo: Repo) -> None:
    start, bad = BAD.split("\n\n", 1)
    functions = [bad.replace("frob", f"frob_{number:03}") for number in range(130)]
    texts = []
    for count in (1, len(functions)):
        text = "\n".join((f"{start}\n", *functions[:count]))
        repo.put("lib/frob.c", text)
        answer = call("check -f --json --strict", repo.path / "lib/frob.c", "-C", repo.path).json
        findings = answer["patches"][0]["findings"]
        texts.append(apply_edits(text, select_edits(findings, "lib/frob.c")))
        assert all(bool(finding.get("edits")) != bool(finding.get("left")) for finding in findings)
    one = texts[0].split("\n\n", 1)[1]
    assert "if (x)\n\t\treturn 1;\n" in one
    assert texts[1].count("\n") > 1000
    fixed = (one.replace("frob_000", f"frob_{number:03}") for number in range(130))
    assert texts[1] == "\n".join((f"{start}\n", *fixed))
