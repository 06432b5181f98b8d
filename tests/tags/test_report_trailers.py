# SPDX-License-Identifier: GPL-2.0-or-later
"""Test trailers made from contacts, links and pasted text."""

import pytest

from patchpilot.commits.message_edit import MessageEdits, apply_message_edits
from patchpilot.errors import InputError
from patchpilot.tags.report_trailers import (
    find_untagged_reports,
    format_link,
    format_person,
    format_regzbot_introduced,
    parse_typed_trailers,
)

LORE = "https://lore.kernel.org/r/"


SYZBOT = "https://syzkaller.appspot.com/bug?extid=0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "trailers"),
    [
        (
            "https://bugzilla.kernel.org/show_bug.cgi?id=1, Reported-by: Eve R <eve@example.org>",
            [
                ("Closes", "https://bugzilla.kernel.org/show_bug.cgi?id=1"),
                ("Reported-by", "Eve R <eve@example.org>"),
            ],
        ),
        (
            "Reported-by: Eve R <eve@example.org> https://bugs.example.org/7",
            [
                ("Reported-by", "Eve R <eve@example.org>"),
                ("Closes", "https://bugs.example.org/7"),
            ],
        ),
        (
            "https://bugs.example.org/7 https://a.example.org/x; <a.b@example.org>",
            [
                ("Closes", "https://bugs.example.org/7"),
                ("Link", "https://a.example.org/x"),
                ("Link", "https://lore.kernel.org/r/a.b@example.org"),
            ],
        ),
        (
            "Closes: https://bugs.example.org/7 # [1], Cc: stable@vger.kernel.org # 6.1, 6.6",
            [
                ("Closes", "https://bugs.example.org/7 # [1]"),
                ("Cc", "stable@vger.kernel.org # 6.1, 6.6"),
            ],
        ),
        (
            SYZBOT,
            [
                ("Reported-by", "syzbot+0123456789abcdef@syzkaller.appspotmail.com"),
                ("Closes", SYZBOT),
            ],
        ),
        (
            "https://bugzilla.kernel.org/show_bug.cgi?id=1",
            [("Closes", "https://bugzilla.kernel.org/show_bug.cgi?id=1")],
        ),
        ("https://lore.kernel.org/r/x@y", [("Link", "https://lore.kernel.org/r/x@y")]),
        ("<a.b@example.org>", [("Link", "https://lore.kernel.org/r/a.b@example.org")]),
        ("Tested-by: Tom <tom@example.org>", [("Tested-by", "Tom <tom@example.org>")]),
        ("Link: <a@b.org> [1]", [("Link", "https://lore.kernel.org/r/a@b.org [1]")]),
        ("Cc: stable@vger.kernel.org # 6.1", [("Cc", "stable@vger.kernel.org # 6.1")]),
    ],
)
def test_pasted_text_becomes_trailers(text: str, trailers: list[tuple[str, str]]) -> None:
    assert list(parse_typed_trailers(text, LORE)) == trailers


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "https://bugs.example.org/7 as seen there",
        "Note: nobody tested it",
        "Fixes: 0123456789ab",
        "Reported-by: nobody",
        "Cc: nobody",
        "Closes: nothing",
    ],
)
def test_incomplete_trailer_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_typed_trailers(text, LORE)


def test_name_without_a_tag_asks_for_the_tag() -> None:
    with pytest.raises(InputError, match="no tag before") as caught:
        parse_typed_trailers("Eve R <eve@example.org>", LORE)
    assert "Tested-by:" in str(caught.value.hint)


def test_reports_in_a_message_are_found_unless_tagged() -> None:
    message = (
        "x: y\n\nSee https://bugs.example.org/7, https://docs.example.org/a and\n"
        "(https://bugzilla.kernel.org/show_bug.cgi?id=1).\n\n"
        "Closes: https://bugs.example.org/7\n"
    )
    assert find_untagged_reports(message) == ["https://bugzilla.kernel.org/show_bug.cgi?id=1"]


def test_contacts_and_links_are_validated() -> None:
    assert format_person('"Eve, R" <eve@example.org>', "Cc") == "Eve, R <eve@example.org>"
    assert format_link("a@b.example", LORE) == "https://lore.kernel.org/r/a@b.example"
    assert (
        format_regzbot_introduced("0" * 12, "net: x")
        == '#regzbot ^introduced: 000000000000 ("net: x")'
    )
    for bad in ("nobody", "A <a b@example.org>"):
        with pytest.raises(InputError):
            format_person(bad, "Cc")
    with pytest.raises(InputError):
        format_link("not a link", LORE)


def test_developer_precedes_the_sender() -> None:
    developer = format_person("Cy <cy@example.org>", "Co-developed-by")
    text = apply_message_edits(
        "x: y\n\nText.\n\nSigned-off-by: Ada <ada@example.org>\n",
        MessageEdits(developers=(developer,)),
    )
    assert text.split("\n")[4:7] == [
        f"Co-developed-by: {developer}",
        f"Signed-off-by: {developer}",
        "Signed-off-by: Ada <ada@example.org>",
    ]
    assert apply_message_edits(text, MessageEdits(developers=(developer,))) == text
    assert apply_message_edits("x: y\n", MessageEdits(developers=(developer,))).split("\n") == [
        "x: y",
        "",
        f"Co-developed-by: {developer}",
        f"Signed-off-by: {developer}",
        "",
    ]
