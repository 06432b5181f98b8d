# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an excluded recipient stays at the same place."""

from patchpilot.model.address import Address
from patchpilot.model.recipient import Recipient, RecipientPlan, SectionInfo
from patchpilot.tui.screens.recipients_rows import (
    BY_YOU,
    INTRODUCED,
    OUT,
    SETTINGS,
    TAGS,
    display_role,
    group_recipients,
)


def make_recipient(
    name: str, role: str, header: str, section: str | None = None, reason: str = ""
) -> Recipient:
    return Recipient(Address(name, f"{name}@example.org"), role, section, header, (reason,))


def test_excluded_recipient_keeps_its_place() -> None:
    rows = [
        ("Cc", make_recipient("list", "list", "cc", "WIDGETS")),
        ("To", make_recipient("ada", "maintainer", "to", "WIDGETS")),
        ("To", make_recipient("rest", "maintainer", "to", "THE REST")),
        ("Cc", make_recipient("cul", "culprit author", "cc")),
        (
            "Cc",
            make_recipient("rep", "reporter", "cc", reason="Reported-by: in the message"),
        ),
        ("Cc", make_recipient("me", "by hand", "cc")),
        ("Cc", make_recipient("conf", "sendemail.cc", "cc", reason="sendemail.cc")),
        (OUT, make_recipient("bo", "maintainer", "to", "WIDGETS")),
    ]
    plan = RecipientPlan((), (SectionInfo("WIDGETS", "Supported"), SectionInfo("THE REST", None)))
    found = {
        title: [(header, one.address.name) for header, one in members]
        for title, members in group_recipients(rows, plan).items()
    }
    assert list(found) == [
        "WIDGETS (Supported)",
        "THE REST",
        INTRODUCED,
        TAGS,
        SETTINGS,
        BY_YOU,
    ]
    assert found["WIDGETS (Supported)"] == [("To", "ada"), (OUT, "bo"), ("Cc", "list")]
    assert [display_role(one) for _, one in rows[3:6]] == [
        "author",
        "reporter",
        "added",
    ]
