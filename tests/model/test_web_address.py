# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that only web addresses become links.

Text that starts a program or ends an escape sequence does not.
"""

import io

import pytest
from rich.console import Console

from patchpilot.checking.list_rules import all_rules
from patchpilot.checking.result import FindingRow
from patchpilot.model.rule import Finding, Severity
from patchpilot.model.web_address import valid_web_address
from patchpilot.tui.screens.checks_rows import finding_detail

HOSTILE = (
    "javascript:alert(1)",
    "command:workbench.action.terminal.new",
    "vscode://file/etc/passwd",
    "file:///etc/passwd",
    "//evil.example/a",
    "https://a.example/\x1b]0;b\x07",
    "https://a.example/ bold red",
    "https://a.example/\u202egpj.exe",
    "HTTPS\n://a.example",
    "Documentation/process/x.rst",
)


@pytest.mark.parametrize(
    "text",
    [
        "https://docs.kernel.org/process/submitting-patches.html#x",
        "http://a.example/?b=[c]&d=%20",
    ],
)
def test_page_address_is_a_link(text: str) -> None:
    assert valid_web_address(text) == text


@pytest.mark.parametrize("text", [*HOSTILE, "", None])
def test_other_text_is_not_a_link(text: str | None) -> None:
    assert valid_web_address(text) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_other_references_are_not_links(text: str) -> None:
    rule = all_rules()[0]._replace(reference=text)
    finding = Finding(rule=rule.id, name=rule.name, severity=Severity.WARNING, message="x")
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=80)
    console.print(finding_detail(FindingRow(finding, None, 0, rule), None))
    output = file.getvalue()
    assert "\x1b]8;" not in output
    assert "\x1b]0;" not in output


def test_rule_references_are_links() -> None:
    assert [rule.name for rule in all_rules() if not valid_web_address(rule.reference)] == []
