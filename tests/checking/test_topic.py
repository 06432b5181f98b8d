# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check` on a topic checks the same patches that `send` would send."""

from pathlib import Path

from patchpilot.outgoing.preflight import format_hidden_findings_note
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
