# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the detail of a finding: the changed lines of its fix, and what can be edited."""

import pytest

from patchpilot.checking.result import FindingRow
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.rule import Finding, Severity
from patchpilot.tui.screens.checks_rows import finding_detail, format_changed_lines


def test_fix_shows_its_changed_lines() -> None:
    diff = ["--- a", "+++ b", "-\tif(rc)", "+\tif (rc)", " ", *["+more"] * 12]
    assert format_changed_lines(diff).plain.split("\n")[1:] == [
        "-       if(rc)",
        "+       if (rc)",
        *["+more"] * 10,
        "… 2 more lines",
    ]


@pytest.mark.parametrize(
    ("name", "path", "line", "edited"),
    [
        ("build-not-built", "a.c", None, ""),
        ("build-not-built", None, None, ""),
        ("build-error", "a.c", 7, "line"),
        ("no-description", None, None, "commit message"),
        ("unsquashed-commit", None, None, "commit message"),
        ("series-without-cover", None, None, ""),
        ("version-in-old-thread", None, None, ""),
    ],
)
def test_detail_names_the_text_that_can_be_edited(
    name: str, path: str | None, line: int | None, edited: str
) -> None:
    rule = next(rule for rule in load_rules() if rule.name == name)
    patch = parse_patch(b"Subject: [PATCH] a: fix it\n\nText.\n", "a.patch", "1" * 40)
    finding = Finding(rule.id, name, Severity.ERROR, "a problem", path=path, line=line)
    row = FindingRow(finding, patch, 1, rule, is_whole=path is None)
    text = finding_detail(row, None).plain
    assert text.partition("press e to edit the ")[2].partition("\n")[0] == edited


def test_option_of_a_command_is_not_shown_without_the_command() -> None:
    (rule,) = (rule for rule in load_rules() if rule.name == "build-not-built")
    reason = "no configuration enables CONFIG_A; help: run `patchpilot build --config FILE`"
    finding = Finding(rule.id, rule.name, Severity.NOTE, reason, path="a.c")
    text = finding_detail(FindingRow(finding, None, 1, rule), None).plain
    assert text.startswith("no configuration enables CONFIG_A\n")
    assert "in a shell: patchpilot build --config FILE" in text
