# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check --checkers` runs existing checkers, and reports only what a commit adds."""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from patchpilot.building.field_checkers import CHECKERS, CheckedFile, reports
from patchpilot.commits.confinement import find_confinement
from patchpilot.commits.repository import Repository
from tests.kit.cli import call
from tests.kit.confinement import use_confinement
from tests.kit.packs import load_shipped_packs
from tests.kit.repos import Repo

RST = "Documentation/frob.rst"
BINDING = "Documentation/devicetree/bindings/frob/frob.yaml"
CODE = "drivers/frob/frob.c"
ABI = "Documentation/ABI/testing/sysfs-frob"
CHECKER_RULES = [
    rule.name for pack in load_shipped_packs() if pack.name == "checkers" for rule in pack.rules
]
PAGE = "Frob\n====\n\nOld ``text.\n\n:c:func:`frob`\n\n.. kernel-doc:: drivers/frob/frob.c\n"
SCRIPT = """#!/usr/bin/env python3
import contextlib, sys
with contextlib.suppress(OSError):
    open({canary!r}, "w").close()
for number, line in enumerate(open(sys.argv[-1]), 1):
    if "@" in line:
        print(f"{{sys.argv[-1]}}:{{number}}: warning: Excess {{line.strip()}}", file=sys.stderr)
"""
YAMLLINT = """#!/bin/sh
grep -n ':  ' | sed 's/:.*/:9: [error] too many spaces after colon (colons)/; s/^/stdin:/'
"""
DTSCHEMA = """#!/bin/sh
for file; do :; done
ls "$(dirname "$file")" | grep -q common.yaml || echo "$file: Unresolvable reference"
grep -n number "$file" | sed "s|:.*|:5: type: 'number' is not one of|; s|^|$file:|"
"""
BOARD = "arch/arm/boot/dts/frob.dts"
NODE = """    frob@1 {
        compatible = "acme,frob";
        acme,gain;
        reg = <1>;
    };"""
SCHEMA = f"""%YAML 1.2
---
$id: http://devicetree.org/schemas/frob/frob.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#
title: Frob
maintainers:
  - A <a@example.org>
properties:
  compatible:
    const: acme,frob
  reg:
    maxItems: 1
required: [compatible, reg]
additionalProperties: false
examples:
  - |
{NODE}
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Create a kernel tree, with yamllint and dtschema in PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("yamllint", YAMLLINT), ("dt-doc-validate", DTSCHEMA)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    repo = Repo(tmp_path / "r")
    script = SCRIPT.format(canary=str(tmp_path / "ran"))
    repo.commit(
        "start",
        {
            "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
            "MAINTAINERS": "",
            "Kconfig": "",
            "Kbuild": "",
            "scripts/kernel-doc": script,
            RST: PAGE,
            BINDING: "a:  1\n$ref: common.yaml#\n",
            f"{BINDING.rpartition('/')[0]}/common.yaml": "b: 2\n",
            CODE: "/** @old */\nint a;\n",
        },
    )
    return repo


def find_checker_findings(repo: Repo, *arguments: str) -> list[tuple[Any, ...]]:
    """Return the rule, path and line of each finding by a checker in the latest commit."""
    result = repo.patchpilot("check --checkers --profile linux --format json", *arguments, "HEAD")
    (patch,) = json.loads(result.out)["patches"]
    return [
        (finding["name"], finding["path"], finding["line"])
        for finding in patch["findings"]
        if finding["name"] in CHECKER_RULES
    ]


def test_only_new_checker_warnings_are_reported(repo: Repo) -> None:
    page = PAGE + "\nNew *text.\n\n.. include:: /etc/passwd\n"
    binding = "a:  1\nx: 3\ny:  2\ntype: number\n$ref: common.yaml#\n"
    repo.commit("frob: change it", {RST: page, BINDING: binding})
    assert sorted(find_checker_findings(repo)) == [
        ("docutils-markup", RST, 10),
        ("dtschema-binding", BINDING, 4),
        ("yamllint-binding", BINDING, 3),
    ]


def test_untrusted_tree_script_is_not_run(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("frob: change it", {CODE: "/** @old */\nint a;\n/** @new */\nint b;\n"})
    assert find_checker_findings(repo) == []
    output = repo.patchpilot("check --checkers HEAD").err
    assert "not run before `patchpilot trust --build`: scripts/kernel-doc" in output
    assert not (tmp_path / "ran").exists()
    assert call("trust --build", repo.path).code == 0
    assert find_checker_findings(repo) == [("kernel-doc-comment", CODE, 3)]
    # the script runs confined
    assert not (tmp_path / "ran").exists()
    use_confinement(monkeypatch)
    assert find_checker_findings(repo) == []
    assert call("trust --build-changes HEAD~..HEAD", repo.path).code == 0
    assert find_checker_findings(repo) == [("kernel-doc-comment", CODE, 3)]
    assert (tmp_path / "ran").exists()


def test_missing_checker_is_reported(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(bare))
    repo.commit("frob: change it", {BINDING: "a: 1\n"})
    outcome = repo.patchpilot("check --checkers HEAD")
    assert "not installed: dtschema (errors in bindings), dtc (" in outcome.err
    doctor = call("doctor --offline").out
    assert "pipx install dtschema" in doctor
    assert "pipx install yamllint" in doctor


@pytest.mark.skipif(not CHECKERS[1].is_there(), reason="needs dtc, dtschema and gcc")
def test_examples_and_boards_are_validated(repo: Repo, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "tools")
    board = f'#include "frob.dtsi"\n/ {{\n{NODE}\n}};\n'
    cells = "/dts-v1/;\n/ { #address-cells = <1>; #size-cells = <0>; };\n"
    files = {BINDING: SCHEMA, BOARD: board, f"{BOARD}i": cells}
    good = {name: content.replace("acme,gain;", "") for name, content in files.items()}
    repo.commit("frob: start", good)
    repo.commit("frob: misspell", files)
    assert not find_checker_findings(repo)
    assert call("trust --build", repo.path).code == 0
    assert {row[1:] for row in find_checker_findings(repo)} == {
        (BINDING, 19),
        (BOARD, 5),
    }


VALIDATE = """#!/bin/sh
tr -c a-z ' ' <board.dtb | sed 's/^/board.dtb: \\/: /'
"""


@pytest.mark.skipif(
    not all(map(shutil.which, ("dtc", "gcc", "prlimit"))), reason="needs dtc and gcc"
)
@pytest.mark.parametrize(
    "code", ['/ { a = /incbin/("FILE"); };', '/include/ "FILE"', '#include "FILE"']
)
def test_board_includes_no_private_file(repo: Repo, tmp_path: Path, code: str) -> None:
    if not find_confinement().is_complete:
        pytest.skip("this machine cannot confine programs")
    private, tool = Path.home() / ".netrc", tmp_path / "tools/dt-validate"
    private.write_text("privateword\n")
    tool.write_text(VALIDATE)
    tool.chmod(0o755)
    (checker,) = (checker for checker in CHECKERS if checker.name == "dtc")
    plain = '/ { model = "publicword"; };'
    with Repository.open(repo.path) as opened:
        for text, is_public in ((plain, True), (code.replace("FILE", str(private)), False)):
            head = repo.commit("frob: add a board", {BOARD: f"/dts-v1/;\n{text}\n"})
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            reported = checker.report(CheckedFile(opened, head, BOARD, folder))
            printed = " ".join(report.text for report in reported)
            assert ("publicword" in printed) is is_public
            assert "privateword" not in printed


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'RecursionError: too deep' >&2; exit 1", "too large for yamllint"),
        ("kill -SEGV $$", "yamllint ended with exit code"),
        ("sleep 60", "yamllint"),
        (YAMLLINT, "bytes, and the maximum is"),
    ],
)
def test_unchecked_file_is_named(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    (tmp_path / "tools/yamllint").write_text(f"#!/bin/sh\n{script}\n")
    monkeypatch.setattr("patchpilot.building.field_checkers._TIMEOUT", 2.0)
    if script == YAMLLINT:
        monkeypatch.setattr("patchpilot.building.field_checkers._MAX_BYTES", 4)
    head = repo.commit("frob: change it", {BINDING: "a: 1\n"})
    (checker,) = (checker for checker in CHECKERS if checker.name == "yamllint")
    with Repository.open(repo.path) as opened:
        (report,) = reports(checker, opened, head, BINDING)
    assert report.text.startswith("not checked by yamllint: ")
    assert reason in report.text


def test_file_that_was_not_checked_before_is_named(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("frob: change it", {BINDING: "a:  1\nb: 2\n$ref: common.yaml#\n"})
    monkeypatch.setattr("patchpilot.building.field_checkers._MAX_BYTES", 10)
    findings = find_checker_findings(repo)
    assert {row[:2] for row in findings} == {
        ("dtschema-binding", BINDING),
        ("yamllint-binding", BINDING),
    }


def test_checkers_are_optional(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.building.field_checkers.reports", None)
    repo.commit("frob: change it", {RST: PAGE + "\nNew *text.\n"})
    assert "docutils-markup" not in repo.patchpilot("check HEAD").out


def test_path_is_not_an_option() -> None:
    for checker in CHECKERS:
        for path in ("e.c", RST, BINDING, CODE, ABI):
            assert not re.fullmatch(checker.pattern, f"-{path}"), checker.name
