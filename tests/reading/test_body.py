# SPDX-License-Identifier: GPL-2.0-or-later
"""A reply taken apart."""

from patchpilot.reading.reply_body import parse_body


def own(text: str) -> str:
    return parse_body(text).text


def test_quotes_and_their_attribution_are_not_the_senders() -> None:
    body = parse_body(
        "On Mon, Mar 4, 2024, Ada Fixer wrote:\n> a\n> b\n\nMine.\n\n> c\n\nAlso mine.\n"
    )
    assert body.text.split("\n") == ["Mine.", "", "", "Also mine."]
    assert body.attributions == ("On Mon, Mar 4, 2024, Ada Fixer wrote:",)
    assert body.quoted == (" a", " b", " c")


def test_an_attribution_over_two_lines_is_taken_out() -> None:
    assert (
        own(
            "On Mon, Mar 4, 2024 at 9:00 AM Ada Fixer\n<ada@example.org> wrote:\n>\n> a\n\nMine.\n"
        )
        == "Mine."
    )


def test_an_attribution_before_a_cut_quote_is_taken_out() -> None:
    assert (
        own(
            "On Mon, 4 Mar 2024 at 09:00, Ada Fixer <ada@example.org> wrote:\n[...]\n> a\n\nMine.\n"
        )
        .replace("[...]", "")
        .strip()
        == "Mine."
    )


def test_other_languages_attribute_too() -> None:
    for line in (
        "Am 04.03.24 um 09:00 schrieb Ada Fixer:",
        "Mon, Mar 04, 2024 at 09:00:00AM +0000, Ada Fixer kirjoitti:",
        "Quoting Ada Fixer (2024-03-04)",
    ):
        assert own(f"{line}\n> a\n\nMine.\n") == "Mine."


def test_a_tag_before_a_quote_is_no_attribution() -> None:
    assert (
        own("Reviewed-by: Rita <rita@example.net>\n> ---\n")
        == "Reviewed-by: Rita <rita@example.net>"
    )


def test_the_signature_ends_the_senders_words() -> None:
    assert own("Mine.\n\n-- \nRita\nhttps://example.org\n") == "Mine."


def test_a_list_footer_is_not_the_senders() -> None:
    assert (
        own(
            "Mine.\n\n_______________________________________________\nDemo mailing list\n"
        )
        == "Mine."
    )
    assert (
        own(
            "Mine.\n\nYou received this message because you are subscribed to the Google Groups.\n"
        )
        == "Mine."
    )


def test_a_mail_quoted_without_marks_is_not_the_senders() -> None:
    assert (
        own(
            "Mine.\n"
            "\n-----Original Message-----\n"
            "From: Ada <ada@example.org>\n"
            "Sent: Monday\n"
            "Subject: x\n"
            "\nTheirs.\n"
        )
        == "Mine."
    )
    assert (
        own(
            "Mine.\n"
            "\nFrom: Ada <ada@example.org>\n"
            "Sent: Monday, March 4, 2024\n"
            "To: Rita\n"
            "Subject: x\n"
            "\nTheirs.\n"
        )
        == "Mine."
    )


def test_a_patch_after_scissors_is_kept_apart() -> None:
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
    assert "Signed-off-by: Ada <a@example.org>" in body.patch


def test_remarks_on_code_are_reported_from_remarks_on_text() -> None:
    body = parse_body("> +\tint x;\n\nUnused.\n\n> Some text.\n\nAnd this.\n")
    assert [(line.text, line.on_code) for line in body.own if line.text] == [
        ("Unused.", True),
        ("And this.", False),
    ]


def test_a_body_of_a_million_lines_does_not_take_long() -> None:
    assert parse_body("> a\nb\n" * 500_000).own
