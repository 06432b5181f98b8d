# SPDX-License-Identifier: GPL-2.0-or-later
"""Test cases in which no tag is required.

Examples are a link to a colleague's report, and the sign-off of a relay address.
"""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import HUNK, PATH, PROSE, build_file_diff, mail


def _list_finding_names(message_text: str, *rules: str) -> list[str]:
    patch = parse_patch(message_text.encode(), "example.patch")
    return [
        finding.name
        for finding in find_findings(
            Context(patch, options=Options(strict=True)),
            [rule for rule in load_rules() if rule.name in rules],
        )
    ]


@pytest.mark.parametrize(
    ("sender", "asked"),
    [
        ("adafixer@relay.example", False),
        ("ada@relay.example", True),
        ("Ben Reader <ben@relay.example>", True),
        ("grace@relay.example", True),
    ],
)
def test_relay_address_needs_no_sign_off(sender: str, asked: bool) -> None:
    body = (
        f"From: Ada Fixer <ada@example.org>\n\n{PROSE}\n\nSigned-off-by: Ada Fixer"
        " <ada@example.org>"
    )
    patch_text = mail("frob: wait for the link", body, build_file_diff(PATH, HUNK)).replace(
        "From: Ada Fixer", f"From: {sender}\nX-Was: Ada Fixer", 1
    )
    assert bool(_list_finding_names(patch_text, "missing-sender-sign-off")) is asked


def test_revert_refers_to_the_reverted_commit() -> None:
    text = (
        f"This commit is not needed, as old boards wait by themselves.\n\n{PROSE}\n\nSigned-off-by:"
        " Ada Fixer <ada@example.org>"
    )
    assert not _list_finding_names(
        mail('Revert "frob: wait for the link"', text, build_file_diff(PATH, HUNK)),
        "this-patch",
    )
    assert _list_finding_names(
        mail("frob: wait for the link", text, build_file_diff(PATH, HUNK)), "this-patch"
    )
