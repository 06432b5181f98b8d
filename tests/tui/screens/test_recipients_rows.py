# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that an excluded recipient stays at the same place."""

from patchpilot.model.address import Address
from patchpilot.model.recipient import Recipient, RecipientPlan, SectionInfo
from patchpilot.recipients.groups import (
    ANSWERS,
    BY_YOU,
    INTRODUCED,
    PROJECT,
    SETTINGS,
    TAGS,
    THREADS,
    group_recipients,
)
from patchpilot.tui.screens.recipients_rows import OUT, display_role


def make_recipient(
    name: str, role: str, header: str, section: str | None = None, reason: str = ""
) -> Recipient:
    return Recipient(Address(name, f"{name}@example.org"), role, section, header, (reason,))


def test_only_configured_recipients_are_in_the_group_of_the_settings() -> None:
    reasons = ("received v1", "answered: this fixes a regression")
    rows = [
        ("Cc", make_recipient("conf", "configured", "cc", reason="sendemail.cc")),
        ("Cc", make_recipient("regressions", "list", "cc")._replace(reasons=reasons)),
        ("Cc", make_recipient("list", "list", "cc", reason="received v1")),
        ("Cc", make_recipient("rita", "commented earlier", "cc", reason="gave Acked-by to v1")),
        ("Cc", make_recipient("lkml", "list", "cc", reason="Linux's list")),
    ]
    groups = group_recipients(rows, RecipientPlan(()))
    assert {
        title: [recipient.address.name for _, recipient in members]
        for title, members in groups.items()
    } == {
        ANSWERS: ["regressions"],
        THREADS: ["rita", "list"],
        PROJECT: ["lkml"],
        SETTINGS: ["conf"],
    }


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
