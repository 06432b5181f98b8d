# SPDX-License-Identifier: GPL-2.0-or-later
"""Test splitting a reply into its parts."""

import pytest

from patchpilot.reading.reply_body import parse_body


def test_quotes_are_removed() -> None:
    body = parse_body(
        "On Mon, Mar 4, 2024, Ada Fixer wrote:\n> a\n> b\n\nMine.\n\n> c\n\nAlso mine.\n"
    )
    assert body.text.split("\n") == ["Mine.", "", "", "Also mine."]
    assert body.attributions == ("On Mon, Mar 4, 2024, Ada Fixer wrote:",)
    assert body.quoted == (" a", " b", " c")


@pytest.mark.parametrize(
    "text",
    [
        "On Mon, Mar 4, 2024 at 9:00 AM Ada\n<ada@example.org> wrote:\n>\n> a\n\nMine.\n",
        "Am 04.03.24 um 09:00 schrieb Ada Fixer:\n> a\n\nMine.\n",
        "Mon, Mar 04, 2024 at 09:00:00AM +0000, Ada kirjoitti:\n> a\n\nMine.\n",
        "Quoting Ada Fixer (2024-03-04)\n> a\n\nMine.\n",
        "Mine.\nOn Mon, 4 Mar 2024 at 09:00, Ada <ada@example.org> wrote:\n",
        "Mine.\n\n-- \nRita\nhttps://example.org\n",
        f"Mine.\n\n{'_' * 47}\nDemo mailing list\n",
        "Mine.\n\nYou received this message because you are subscribed to the Google Groups.\n",
        "Mine.\n\n-----Original Message-----\nFrom: A\nSent: Monday\nSubject: x\n\nTheirs.\n",
        "Mine.\n\nFrom: A\nSent: Monday\nTo: Rita\nSubject: x\n\nTheirs.\n",
        "> a\nMine.\n",
    ],
)
def test_quoted_text_is_not_attributed_to_the_sender(text: str) -> None:
    assert parse_body(text).text == "Mine."


def test_tag_before_a_quote_is_not_an_attribution() -> None:
    tag = "Reviewed-by: Rita <rita@example.net>"
    assert parse_body(f"{tag}\n> ---\n").text == tag


def test_patch_after_scissors_is_separate() -> None:
    body = parse_body(
        "Try this:\n"
        "\n--- >8 ---\n"
        "Subject: [PATCH] x\n"
        "\nSigned-off-by: Ada <a@example.org>\n"
        "---\n"
        "diff --git a/x b/x\n"
        "--- a/x\n"
        "+++ b/x\n"
    )
    assert body.text == "Try this:"
    assert body.has_diff
    assert "Signed-off-by: Ada <a@example.org>" in body.patch_lines


def test_code_and_message_comments_are_distinguished() -> None:
    body = parse_body("> +\tint x;\n\nUnused.\n\n> Some text.\n\nAnd this.\n")
    assert [(line.text, line.on_code) for line in body.own if line.text] == [
        ("Unused.", True),
        ("And this.", False),
    ]


def test_million_line_body_is_fast() -> None:
    assert parse_body("> a\nb\n" * 500_000).own
