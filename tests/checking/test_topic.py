# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check` on a topic checks the same patches that `send` would send."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.outgoing.preflight import format_hidden_findings_note
from tests.kit.repos import Repo
from tests.kit.topics import topic

SEND = (
    "send --to widgets@lists.example.org --force 'a test' --dry-run --format json --profile netdev"
)


def test_check_respects_the_draft_prefix(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.patchpilot("draft --subject-prefix 'PATCH net'")
    checked = repo.patchpilot("check --profile netdev --format json").json
    places = [
        finding["patch_line"]
        for patch in checked["patches"]
        for finding in patch["findings"]
        if finding["name"] == "missing-fixes"
    ]
    assert places == [4, 4]
    warned = {warning["name"]: warning for warning in repo.patchpilot(SEND).json["warnings"]}
    reported_problems = warned["check-warnings"]["message"]
    assert "[PATCH net] is for fixes, but there is no Fixes: tag" in reported_problems
    assert reported_problems.endswith(format_hidden_findings_note(checked["summary"]["hidden"]))


def _run_hint(repo: Repo, document: dict[str, Any]) -> str:
    """Run the commands of the hint about check's warnings, and return the output of the last."""
    warned = {warning["name"]: warning for warning in document["warnings"]}
    output = ""
    for command in warned["check-warnings"]["hint"].split(": ", 1)[1].split("; then "):
        output = repo.patchpilot(command.removeprefix("patchpilot ")).out
    return output


@pytest.mark.parametrize(
    "options",
    ["", "--subject-prefix 'PATCH net'", "HEAD --subject-prefix 'PATCH net'", "--base HEAD~1"],
)
def test_hint_about_warnings_shows_them(tmp_path: Path, options: str) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config patchpilot.profile netdev")
    if "prefix" not in options:
        repo.patchpilot("draft --subject-prefix 'PATCH net'")
    document = repo.patchpilot(f"{SEND} {options}").json
    output = _run_hint(repo, document)
    assert "[PATCH net] is for fixes, but there is no Fixes: tag" in output
    count = 1 if "HEAD" in options else 2
    assert f"{count} patch" in output.splitlines()[0]


def test_hint_about_warnings_names_the_files(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config patchpilot.profile netdev")
    out = tmp_path / "out"
    repo.git("format-patch", "-q", "--subject-prefix=PATCH net", "-o", str(out), "master..topic")
    (file,) = out.iterdir()
    assert "[PATCH net] is for fixes" in _run_hint(repo, repo.patchpilot(f"{SEND} {file}").json)
    file.write_text(file.read_text().replace("[PATCH net]", "[PATCH]"))
    document = repo.patchpilot(f"{SEND} {file} --subject-prefix 'PATCH net'").json
    hints = [it.get("hint") for it in document["warnings"] if it["name"] == "check-warnings"]
    assert hints in ([""], [None])
