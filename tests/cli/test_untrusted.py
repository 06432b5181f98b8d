# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that untrusted text cannot control a terminal or add lines to the output."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.cli.output.json_document import format_json
from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.snippets import PROSE, SIGN_OFF, mail

_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@given(st.text(st.characters()))
def test_json_is_safe_on_a_terminal(text: str) -> None:
    whole = format_json("x", {"text": text})
    assert not _ACTIVE.search(whole)
    assert json.loads(whole)["text"] == re.sub("[\ud800-\udfff]", "\ufffd", text)


@pytest.mark.parametrize("sign", ["\x9b31m", "\x7f", "\u202e", "\u2066"])
def test_json_keeps_controls_as_escapes(sign: str) -> None:
    assert json.loads(format_json("x", {"text": sign}))["text"] == sign
    assert sign not in format_json("x", {"text": sign})


def test_line_break_in_a_file_name_is_escaped(workdir: Path) -> None:
    name = '"{}/n\\nother.patch:1: error: forged"'
    hunk = "@@ -1,1 +1,2 @@\n int a;\n+int b;   \n"
    diff = (
        f"diff --git {name.format('a')} {name.format('b')}\n--- {name.format('a')}\n+++"
        f" {name.format('b')}\n{hunk}"
    )
    file = workdir / "x.patch"
    file.write_text(
        mail("frob: wait for the link before it is used", f"{PROSE}\n\n{SIGN_OFF}", diff)
    )
    for form in ("text", "checkpatch", "github"):
        outcome = call("check", "--strict", "--format", form, file)
        assert outcome.code == ExitCode.FINDINGS
        assert not [line for line in outcome.out.splitlines() if line.startswith("other.patch")]


def test_missing_git_shows_an_install_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("frob: wait", {"a.c": "int a;\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    outcome = call("backport", "-C", repo.path, "HEAD")
    assert outcome.code == ExitCode.MISSING
    assert "install git" in outcome.err
