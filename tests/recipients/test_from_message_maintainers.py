# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a change of MAINTAINERS reaches those whom it adds and removes."""

import pytest

from patchpilot.model.mail import parse_patch
from patchpilot.recipients.from_message import add_changed_maintainers
from patchpilot.recipients.get_maintainer.address_format import Mailmap
from patchpilot.recipients.merge import MergedRecipients
from tests.kit.snippets import PROSE, SIGN_OFF, mail

CASES = [
    ("-M:\tBen <ben@example.org>\n+M:\tNina <nina@example.org>\n", {"ben", "nina"}),
    ("-M:\tBen <ben@example.org>\n+R:\tBen <ben@example.org>\n", set()),
    ("-M:\tBen <ben@example.org>\n", {"ben"}),
    ("+R:\tNina <nina@example.org>\n", {"nina"}),
    ('+M:\t"Nina, Dr." <nina@example.org>\n', {"nina"}),
    ("-M:\tBen <ben@old.example.org>\n+M:\tBen <ben@example.org>\n", {"ben"}),
    ("-S:\tMaintained\n+S:\tOrphan\n", set()),
    ("-L:\tlist@example.org\n+L:\tlist2@example.org\n", set()),
    ("+M:\tno address\n", set()),
]


def plan_change(lines: str, path: str = "MAINTAINERS") -> dict[str, tuple[str, str]]:
    added, removed = lines.count("\n+"), lines.count("\n-")
    added += lines.startswith("+")
    removed += lines.startswith("-")
    diff = (
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -10,{3 + removed} +10,{3 + added} @@ ALPHA\n \n BETA\n{lines} F:\tdrivers/beta/\n"
    )
    patch = parse_patch(mail("MAINTAINERS: x", f"{PROSE}\n\n{SIGN_OFF}", diff).encode(), "a.patch")
    collector = MergedRecipients(Mailmap(""))
    add_changed_maintainers(collector, patch, (1,))
    return {
        recipient.address.email: (recipient.role, recipient.reasons[0])
        for recipient in collector.recipients()
    }


@pytest.mark.parametrize(("lines", "names"), CASES)
def test_added_and_removed_maintainers_get_the_patch(lines: str, names: set[str]) -> None:
    assert {email.partition("@")[0] for email in plan_change(lines)} == names


def test_reason_names_the_section() -> None:
    assert plan_change(CASES[0][0]) == {
        "ben@example.org": ("former maintainer", "removed from M: of BETA by the patch"),
        "nina@example.org": ("new maintainer", "added to M: of BETA by the patch"),
    }


def test_other_file_adds_nobody() -> None:
    assert not plan_change(CASES[0][0], "Documentation/people.txt")
